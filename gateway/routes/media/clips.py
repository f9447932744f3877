"""Routes of clips around motion."""

from datetime import timedelta

from pydantic import Field

from bus_schemas.event import iso
from consumers.views.recordings.questions import Clip, ClipFilter, clips
from gateway.calls import Call, Operation
from gateway.http.answers import Answer, Time
from gateway.http.parameters import Name, Parameters, TimeRangeParameters
from gateway.reading.stores import Stores
from gateway.serving.media_links import media_url
from producer.times import moment_of_seconds

PICTURE_WITHIN = timedelta(seconds=10)
"""Around the begin of the motion: a thumbnail within it stands for a picture that is no longer kept."""


class ClipAnswer(Answer):
    id: str
    site: str
    device: str
    trigger: str
    start: Time
    end: Time
    duration_s: float
    ended: bool = Field(description="Whether no more can belong to it.")
    playable: bool = Field(description="Whether video of it is kept.")
    picture: str | None = Field(description="The address of a picture of its motion; null where none is kept.")
    url: str = Field(description="A playlist of it.")


class ClipsAnswer(Answer):
    clips: list[ClipAnswer]


class ClipSearch(TimeRangeParameters, Parameters):
    """`from` and `to` select clips that overlap the time between them."""

    site: Name | None = None
    device: Name | None = None
    trigger: str | None = Field(default=None, min_length=1, max_length=64, description="What they are about: `motion`.")
    limit: int = Field(default=100, ge=1, le=500)


async def search(call: Call[ClipSearch]) -> ClipsAnswer:
    """Clips, newest first."""
    asked = call.parameters
    start, end = asked.bounds(call.gateway.clock())
    wanted = ClipFilter(start, end, asked.site, asked.device, asked.trigger, asked.limit)

    def question(stores: Stores) -> list[ClipAnswer]:
        return [_answer(one, _picture(stores, one)) for one in clips(stores.view("recordings"), wanted)]

    return ClipsAnswer(clips=await call.gateway.ask(question))


def _picture(stores: Stores, clip: Clip) -> str | None:
    if clip.picture and stores.archive.find(clip.picture) is not None:
        return media_url(clip.picture)
    begin = moment_of_seconds(clip.pictured)
    small = stores.archive.between(clip.site, clip.device, "thumbnail", begin, begin + PICTURE_WITHIN, 1)
    return media_url(small[0].key) if small else None


def _answer(clip: Clip, picture: str | None) -> ClipAnswer:
    start, end = moment_of_seconds(clip.start), moment_of_seconds(clip.end)
    return ClipAnswer(
        id=clip.recording_id,
        site=clip.site,
        device=clip.device,
        trigger=clip.trigger,
        start=start,
        end=end,
        duration_s=round(clip.end - clip.start, 3),
        ended=clip.ended,
        playable=clip.is_playable,
        picture=picture,
        url=f"/hls/{clip.site}/{clip.device}/range.m3u8?from={iso(start)}&to={iso(end)}",
    )


OPERATIONS = [Operation("GET", "/api/v1/clips", search, ClipsAnswer, ClipSearch)]
