"""Route of the addresses under which the pictures of a minute are read from their bucket, without the hub."""

from asyncio import to_thread
from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from pydantic import Field

from consumers.store.archive.copies import OutOfReach
from consumers.store.cold.settings import ColdStorage
from consumers.views.mosaics.minute import time_key
from consumers.views.mosaics.questions import description, tile
from gateway.calls import Call, Operation
from gateway.http.answers import Answer, Time
from gateway.http.parameters import OfSite
from gateway.http.problems import Problem
from gateway.reading.stores import Stores
from gateway.routes.media.minute_tiles import LAST_MINUTE, VIEW, Which

if TYPE_CHECKING:
    from consumers.store.cold.bucket import Bucket

LINKS_LAST: Final = timedelta(hours=1)
KINDS: Final[tuple[Which, ...]] = ("all", "ok", "ko")


class OfMinute(OfSite):
    minute: int = Field(ge=0, le=LAST_MINUTE, description="Counted from 1970.")


class TileLinks(Answer):
    """Addresses in the bucket; they may be there a few seconds later."""

    minute: int
    revision: int
    all: str
    ok: str | None
    ko: str | None
    description: str
    until: Time | None = Field(description="How long they hold; null where everybody can read the bucket.")


async def links(call: Call[OfMinute]) -> TileLinks:
    """Where the pictures of a minute are in the bucket: public addresses, or links that are signed for an hour."""
    asked, gateway = call.parameters, call.gateway
    settings = gateway.hub.tile_bucket
    if settings is None:
        raise Problem(404, "no bucket holds the minutes: the configuration has no hub.tile_bucket")

    def question(stores: Stores) -> tuple[int, frozenset[str]] | None:
        view = stores.view(VIEW)
        found = description(view, asked.site, asked.minute)
        if found is None:
            return None
        return found.revision, frozenset(one for one in KINDS if tile(view, asked.site, asked.minute, one) is not None)

    known = await gateway.ask(question)
    if known is None:
        raise Problem(404, f"the minute {asked.minute} of {asked.site} is not among those that are kept")
    revision, kinds = known
    slot = f"heatmaps/{asked.site}/{time_key(asked.minute)}"
    names = {"all": f"{slot}.jpg", "ok": f"{slot}_ok.jpg", "ko": f"{slot}_ko.jpg", "description": f"{slot}.json"}
    if settings.public_base is not None:
        query = f"?v={asked.minute}.{revision}"
        found = {kind: f"{settings.public_base}/{name}{query}" for kind, name in names.items()}
        until = None
    else:
        found = await signed(settings.storage, names, LINKS_LAST)
        until = gateway.clock() + LINKS_LAST
    return TileLinks(
        minute=asked.minute,
        revision=revision,
        all=found["all"],
        ok=found["ok"] if "ok" in kinds else None,
        ko=found["ko"] if "ko" in kinds else None,
        description=found["description"],
        until=until,
    )


async def signed(storage: ColdStorage, names: Mapping[str, str], last: timedelta) -> dict[str, str]:
    """Links to these objects; a problem with a sentence where there are no keys to sign them with."""

    def links() -> dict[str, str]:
        bucket = _bucket(storage)
        return {kind: bucket.link(name, int(last.total_seconds())) for kind, name in names.items()}

    try:
        # In a thread: making a client takes a tenth of a second.
        return await to_thread(links)
    except OutOfReach as away:
        raise Problem(503, str(away.strerror)) from away


@lru_cache(maxsize=1)
def _bucket(storage: ColdStorage) -> "Bucket":
    from consumers.store.cold.bucket import Bucket  # boto3, where somebody asks for links

    return Bucket(storage)


OPERATIONS = [Operation("GET", "/api/v1/sites/{site}/minutes/{minute}/links", links, TileLinks, OfMinute)]
