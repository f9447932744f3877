"""Announces each minute of the mosaics as it is drawn, to everyone who follows the live events."""

import asyncio
from contextlib import suppress
from typing import Final

from consumers.views.mosaics.drawings import Drawing, drawings_after, last_number, newest_drawings
from gateway.context import Gateway
from gateway.http.problems import Problem
from gateway.reading.stores import Stores

VIEW: Final = "mosaics"
POLL_S: Final = 1.0
DRAWINGS_PER_POLL: Final = 200


async def run(gateway: Gateway) -> None:
    """Until cancelled: look what was drawn, while anybody follows. A view that is away is asked again."""
    feed = gateway.feed
    while True:
        if not feed.wanted.is_set():
            feed.minutes.forget()
            await feed.wanted.wait()
        with suppress(Problem):
            drawings = await gateway.ask(lambda stores: _drawn(stores, feed.minutes.number))
            if drawings is None:
                feed.minutes.forget()
                continue
            if drawings:
                feed.minutes.take(drawings)
                feed.announce()
        await asyncio.sleep(POLL_S)


def _drawn(stores: Stores, after: int | None) -> list[Drawing] | None:
    """The new minutes, or the last of each site at first; `None` where too many are new, or the file is another."""
    view = stores.view(VIEW)
    if after is None:
        return newest_drawings(view)
    found = drawings_after(view, after, DRAWINGS_PER_POLL)
    is_chain = len(found) < DRAWINGS_PER_POLL and last_number(view) >= after
    return found if is_chain else None
