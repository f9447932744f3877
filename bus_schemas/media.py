"""Media and what is made of them: captures, thumbnails, thermal frames, segments and recordings."""

from typing import Annotated, Literal

from pydantic import Field

from bus_schemas.event import Event, Fact, MediaKey, Moment

MediaKind = Literal["capture", "thumbnail", "segment", "thermal"]
Seconds = Annotated[float, Field(ge=0, le=86_400)]


class Media(Fact):
    """Bytes that are kept under a key. The journal holds this; the archive holds the bytes."""

    key: MediaKey
    kind: MediaKind
    content_type: Annotated[str, Field(min_length=1, max_length=128)]
    size: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    width: int | None = None
    height: int | None = None
    duration_s: Seconds | None = None


class MediaEvent(Event):
    type: Literal["watchpost.media.v1"] = "watchpost.media.v1"
    data: Media


class Segment(Fact):
    """A recorded span of video with its real duration; `discontinuity` where it does not continue the one before."""

    start: Moment
    duration_s: Annotated[float, Field(gt=0, le=3600)]
    codec: str = "h264"
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    size: Annotated[int, Field(ge=0)] = 0
    discontinuity: bool = False
    media: tuple[MediaKey, ...]


class SegmentEvent(Event):
    type: Literal["watchpost.segment.v1"] = "watchpost.segment.v1"
    data: Segment


class Recording(Fact):
    """A clip around something that happened, with pre- and post-roll, made of archived segments."""

    recording_id: str
    site: str
    device: str
    trigger: str
    start: Moment
    end: Moment
    pre_roll_s: Seconds
    post_roll_s: Seconds
    media: tuple[MediaKey, ...] = ()


class RecordingEvent(Event):
    type: Literal["watchpost.recording.v1"] = "watchpost.recording.v1"
    data: Recording
