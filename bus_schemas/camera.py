"""Events of a camera: frames, motion and detections."""

from typing import Annotated, Literal

from pydantic import Field

from bus_schemas.event import Box, Event, Fact, MediaKey, Name, Share
from bus_schemas.limits import Count, Duration, Finite, Items, Limit, Pixels, Word

Percent = Annotated[float, Field(ge=0, le=100), Finite]
Grey = Annotated[float, Limit(ge=0, le=255)]
Decibel = Annotated[float, Limit(ge=-1000, le=1000)]
_Few = Limit(max_length=64)
Trigger = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,63}$")]


class Frame(Fact):
    """The analysis of one captured frame. `None` means that nobody could tell.

    `freeze_diffs` are the mean absolute grey differences (-2,-1), (-2,0), (-1,0) of the pictures of `last_3_media`,
    where there are three, else of the last three frames.
    """

    blackscreen: bool | None = None
    blackscreen_percentage: Percent | None = None
    freeze: bool | None = None
    freeze_diffs: Annotated[tuple[Grey, ...], _Few] = ()
    last_3_media: Annotated[tuple[MediaKey, ...], _Few] = ()
    audio: bool | None = None
    volume_percentage: Annotated[int, Field(ge=0, le=100)] | None = None
    mean_volume_db: Decibel | None = None
    quality_score: Annotated[float, Field(ge=0, le=5), Finite] | None = None
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

    `duration_s` and `frames` count from its begin; an update of an older agent says neither.
    """

    phase: Literal["start", "update", "end"]
    boxes: Annotated[tuple[Box, ...], Items] = ()
    duration_s: Duration = 0.0
    frames: Count = 0
    intensity: Share = 0.0
    frame_width: Pixels | None = None
    frame_height: Pixels | None = None
    media: Annotated[tuple[MediaKey, ...], Items] = ()


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
