"""Events of a camera: frames, motion and detections."""

from typing import Annotated, Literal, get_args

from pydantic import Field

from bus_schemas.event import Box, Event, Fact, MediaKey, Moment, Name, Share
from bus_schemas.limits import Count, Duration, Finite, Items, Limit, Pixels, Text, Word

Percent = Annotated[float, Field(ge=0, le=100), Finite]
Grey = Annotated[float, Limit(ge=0, le=255)]
Decibel = Annotated[float, Limit(ge=-1000, le=1000)]
_Few = Limit(max_length=64)
Trigger = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,63}$")]


FrameFault = Literal["blackscreen", "freeze", "corrupt_rows", "macroblocks", "audio_loss"]
"""The faults of a frame. Where its picture has several, the first counts, and the others are not judged."""
FRAME_FAULTS: tuple[FrameFault, ...] = get_args(FrameFault)
PICTURE_FAULTS: tuple[FrameFault, ...] = tuple(kind for kind in FRAME_FAULTS if kind != "audio_loss")
"""In the order in which they count: where one begins, those behind it are over."""


class FreezeComparison(Fact):
    """Two pictures that were compared: what share of their pixels differs visibly, and whether they count as one."""

    current_frame: MediaKey
    previous_frame: MediaKey
    difference_percentage: Percent
    frozen: bool


class ZapSequence(Fact):
    """A change of channel that is over: how long it was black, from its first frame to the first of a picture."""

    start: Moment
    duration_s: Duration
    frames: Count


class Frame(Fact):
    """The analysis of one captured frame. `None` means that it could not be judged.

    `freeze_diffs` are the mean absolute grey differences (-2,-1), (-2,0), (-1,0) of the pictures of `last_3_media`,
    where there are three, else of the last three frames. Pictures count as the same up to `freeze_threshold`.
    `freeze_comparisons` are said where any of them counts as the same.
    `blackscreen_region` is the top and the bottom of the rows that are judged, in per cent of the height.
    `identical_rows` is the share of rows that repeat the row above; `block_percentage` that of blocks that have come
    loose from their neighbours, `false_colour_percentage` that of pixels in the colours of a broken decoder.
    `audio_at` is when the sound ended whose level this is. A frame without an analysis says why in `skip_reason`.
    """

    blackscreen: bool | None = None
    blackscreen_percentage: Percent | None = None
    blackscreen_threshold: Percent | None = None
    blackscreen_region: tuple[Percent, Percent] | None = None
    zap: bool | None = None
    has_bottom_content: bool | None = None
    bottom_edge_density: Percent | None = None
    zap_sequence: ZapSequence | None = None
    freeze: bool | None = None
    freeze_diffs: Annotated[tuple[Grey, ...], _Few] = ()
    freeze_threshold: Grey | None = None
    freeze_comparisons: Annotated[tuple[FreezeComparison, ...], _Few] = ()
    last_3_media: Annotated[tuple[MediaKey, ...], _Few] = ()
    corrupt_rows: bool | None = None
    identical_rows: Percent | None = None
    identical_rows_threshold: Percent | None = None
    macroblocks: bool | None = None
    block_percentage: Percent | None = None
    block_threshold: Percent | None = None
    false_colour_percentage: Percent | None = None
    audio: bool | None = None
    audio_at: Moment | None = None
    volume_percentage: Annotated[int, Field(ge=0, le=100)] | None = None
    mean_volume_db: Decibel | None = None
    quality_score: Annotated[float, Field(ge=0, le=5), Finite] | None = None
    analyzed: bool | None = None
    skip_reason: Text | None = None
    performance_ms: Duration | None = None
    motion_boxes: Annotated[tuple[Box, ...], Items] = ()
    width: Pixels | None = None
    height: Pixels | None = None
    media: Annotated[tuple[MediaKey, ...], Items] = ()


class FrameEvent(Event):
    type: Literal["watchpost.frame.v1"] = "watchpost.frame.v1"
    data: Frame


class MotionV1(Fact):
    """Motion as the first recorders reported it: when it was over, and without a place in the picture."""

    duration_seconds: Duration
    frame_count: Count
    intensity: Share


class MotionV1Event(Event):
    type: Literal["watchpost.motion.v1"] = "watchpost.motion.v1"
    data: MotionV1


class Motion(Fact):
    """Motion begins, goes on or ends. `boxes` are those of this moment; of an end, those of its largest moment.

    `duration_s` and `frames` count from its begin; an update of an older agent says neither. `event_class` is that of
    the rules of the device, as far as the motion is known; the one at its end counts.
    """

    phase: Literal["start", "update", "end"]
    boxes: Annotated[tuple[Box, ...], Items] = ()
    duration_s: Duration = 0.0
    frames: Count = 0
    intensity: Share = 0.0
    frame_width: Pixels | None = None
    frame_height: Pixels | None = None
    media: Annotated[tuple[MediaKey, ...], Items] = ()
    event_class: Word | None = None


class MotionEvent(Event):
    type: Literal["watchpost.motion.v2"] = "watchpost.motion.v2"
    data: Motion


class DetectedObject(Fact):
    label: Annotated[str, Field(min_length=1, max_length=64)]
    score: Share
    box: Box
    zone: Name | None = None


class Detection(Fact):
    people_count: Annotated[int, Field(ge=0, le=65535)] = 0
    event_triggers: Annotated[tuple[Trigger, ...], _Few] = ()
    objects: Annotated[tuple[DetectedObject, ...], Items] = ()
    detector: Word | None = None
    media: Annotated[tuple[MediaKey, ...], Items] = ()


class DetectionEvent(Event):
    type: Literal["watchpost.detection.v1"] = "watchpost.detection.v1"
    data: Detection
