"""Route of the bucket of minute tiles: what somebody keeps to look through the day while the hub is away."""

from pydantic import Field

from consumers.upkeep.tile_bucket.page_names import INDEX, LINKS_LAST, RENEWED_AFTER, SIGNED_PAGE
from gateway.calls import Call, Operation
from gateway.http.answers import Answer, Time
from gateway.http.parameters import Parameters
from gateway.routes.media.tile_links import signed

HELD = LINKS_LAST - RENEWED_AFTER
"""The links within the page may have been signed so much earlier."""


class TileBucketAnswer(Answer):
    """The bucket of minute tiles and its page; all of it null where the configuration has no `hub.tile_bucket`."""

    bucket: str | None
    page: str | None = Field(description="Its page, which needs no hub; null where it is not put there.")
    until: Time | None = Field(
        description="Of a private bucket: how long the link holds, for whoever has it. It was made for this answer."
    )


async def tile_bucket(call: Call[Parameters]) -> TileBucketAnswer:
    """Where the last 24 hours are read while the hub is away: a public address, or a link that is signed for days."""
    settings = call.gateway.hub.tile_bucket
    if settings is None:
        return TileBucketAnswer(bucket=None, page=None, until=None)
    name = settings.storage.name
    if settings.page is None:
        return TileBucketAnswer(bucket=name, page=None, until=None)
    if settings.public_base is not None:
        return TileBucketAnswer(bucket=name, page=f"{settings.public_base}/{INDEX}", until=None)
    until = call.gateway.clock() + HELD
    found = await signed(settings.storage, {"page": SIGNED_PAGE}, HELD)
    return TileBucketAnswer(bucket=name, page=found["page"], until=until)


OPERATIONS = [Operation("GET", "/api/v1/tile-bucket", tile_bucket, TileBucketAnswer, needs_journal=False)]
