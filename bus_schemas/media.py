"""Events of media and of what is made of them: captures, thumbnails, thermal frames, segments and recordings."""

from typing import Annotated, Final, Literal

from pydantic import Field

from bus_schemas.event import Event, Fact, MediaKey, Moment, PlaceName
from bus_schemas.limits import SHA256, AddressId, Count, Finite, Items, Limit, Pixels, Rate, Word

MediaKind = Literal["capture", "thumbnail", "segment", "thermal"]
MAX_PIXELS = 70_000_000
"""The largest picture that is decoded: a larger one is damaged, or an attempt to use up the memory."""
Seconds = Annotated[float, Field(ge=0, le=86_400), Finite]
ContentType = Annotated[
    str,
    Field(min_length=1, max_length=128),
    Limit(pattern=r"^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+( *; *[ -~]*)?$", words="As in RFC 9110."),
]


class Media(Fact):
    """Bytes that are kept under a key. The journal holds this; the archive holds the bytes."""

    key: MediaKey
    kind: MediaKind
    content_type: ContentType
    size: Count
    sha256: Annotated[str, Field(pattern=SHA256)]
    width: Pixels | None = None
    height: Pixels | None = None
    duration_s: Seconds | None = None


class MediaEvent(Event):
    type: Literal["watchpost.media.v1"] = "watchpost.media.v1"
    data: Media


MJPEG: Final = "mjpeg"
"""The codec of segments that no transport stream takes: they are fragmented MP4."""
MP4_HEAD_BYTES: Final = 2048
"""The first bytes of such a segment, its initialisation (`ftyp`, `moov` and padding)."""


class Segment(Fact):
    """A recorded span of video with its real duration; `discontinuity` where it does not continue the one before.

    Its medium is an MPEG transport stream, or with the codec `mjpeg` fragmented MP4 behind a head of 2048 bytes.
    """

    start: Moment
    duration_s: Annotated[float, Field(gt=0, le=3600), Finite]
    codec: Word = "h264"
    width: Pixels | None = None
    height: Pixels | None = None
    fps: Rate | None = None
    size: Count = 0
    discontinuity: bool = False
    media: Annotated[tuple[MediaKey, ...], Items]


class SegmentEvent(Event):
    type: Literal["watchpost.segment.v1"] = "watchpost.segment.v1"
    data: Segment


class Snapshot(Fact):
    """A full picture that was taken because its time had come (`schedule`) or somebody asked (`command`).

    Its picture is kept as long as those of incidents.
    """

    trigger: Word
    width: Pixels | None = None
    height: Pixels | None = None
    media: Annotated[tuple[MediaKey, ...], Items]


class SnapshotEvent(Event):
    type: Literal["watchpost.snapshot.v1"] = "watchpost.snapshot.v1"
    data: Snapshot


class RecorderState(Fact):
    """Whether a device records its video from this moment on, said where that changes.

    `reason` says why it does not: `off`, `schedule` (outside its hours), or `no_motion`.
    """

    recording: bool
    mode: Word
    reason: Word | None = None


class RecorderEvent(Event):
    type: Literal["watchpost.recorder.v1"] = "watchpost.recorder.v1"
    data: RecorderState


class Recording(Fact):
    """A clip around something that happened, with pre- and post-roll, made of archived segments."""

    recording_id: AddressId
    site: PlaceName
    device: PlaceName
    trigger: Word
    start: Moment
    end: Moment
    pre_roll_s: Seconds
    post_roll_s: Seconds
    media: Annotated[tuple[MediaKey, ...], Limit(max_length=10_000)] = ()


class RecordingEvent(Event):
    type: Literal["watchpost.recording.v1"] = "watchpost.recording.v1"
    data: Recording
