"""Decodes messages from the bus into events with their bytes, media, and rejections with their reason.

An event takes up to four steps, each in a module of its own: its bytes are taken out of the message; what is decoded
fast and is beyond doubt comes in; of anything else the exact step says what it is, and the acceptance whether it comes
in. So whatever is refused is refused with the same words and the same place in its stream.
"""

from collections.abc import Callable, Sequence
from itertools import groupby

from consumers.ingest.acceptance import accept
from consumers.ingest.envelope import OpenedMessages, open_all
from consumers.ingest.exact_decode import exact_decode
from consumers.ingest.fast_decode import fast_decode
from consumers.ingest.items import Item
from consumers.ingest.packets import Published
from consumers.store.journal.envelope import Envelope
from consumers.store.journal.writing import Accepted

FastDecode = Callable[[Sequence[bytes]], Sequence[Envelope | None]]


def read(messages: Sequence[Published], received: int, fast: FastDecode = fast_decode) -> list[Item]:
    """Everything in a group of messages that arrived at one moment, in their order."""
    opened = open_all(messages, received)
    items: list[Item | None] = [
        Accepted(header, body, received) if header is not None and rule.fits(header, body) else None
        for header, body, rule in zip(fast(opened.bodies), opened.bodies, opened.rules, strict=True)
    ]
    if not all(items):
        _read_exactly(opened, received, items)
    return opened.merge([item for item in items if item is not None])


def _read_exactly(opened: OpenedMessages, received: int, items: list[Item | None]) -> None:
    """Those that are missing; what is missing of one message together."""
    missing = (index for index, item in enumerate(items) if item is None)
    for _, same in groupby(missing, key=lambda index: id(opened.messages[index])):
        indices = list(same)
        events = exact_decode([opened.bodies[index] for index in indices])
        for index, event in zip(indices, events, strict=True):
            items[index] = accept(event, opened.bodies[index], opened.messages[index], opened.rules[index], received)
