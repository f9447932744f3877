"""What is seen and heard by a camera: frames, motion and detections."""

from typing import Annotated, Literal

from pydantic import Field

from bus_schemas.event import Box, Event, Fact, MediaKey, Name, Share

Percent = Annotated[float, Field(ge=0, le=100)]
Trigger = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,63}$")]


class Frame(Fact):
    """The analysis of one captured frame. `None` means that nobody could tell.

    `freeze_diffs` are the mean absolute grey differences of the last three frames: (-2,-1), (-2,0), (-1,0).
    """

    blackscreen: bool | None = None
    blackscreen_percentage: Percent | None = None
    freeze: bool | None = None
    freeze_diffs: tuple[float, ...] = ()
    last_3_media: tuple[MediaKey, ...] = ()
    audio: bool | None = None
    volume_percentage: Annotated[int, Field(ge=0, le=100)] | None = None
    mean_volume_db: float | None = None
    quality_score: Annotated[float, Field(ge=0, le=5)] | None = None
    motion_boxes: tuple[Box, ...] = ()
    width: int | None = None
    height: int | None = None
    media: tuple[MediaKey, ...] = ()


class FrameEvent(Event):
    type: Literal["watchpost.frame.v1"] = "watchpost.frame.v1"
    data: Frame


class MotionV1(Fact):
    """Motion as the first recorders told it: when it was over, and without a place in the picture."""

    duration_seconds: Annotated[float, Field(ge=0)]
    frame_count: Annotated[int, Field(ge=0)]
    intensity: Share


class MotionV1Event(Event):
    type: Literal["watchpost.motion.v1"] = "watchpost.motion.v1"
    data: MotionV1


class Motion(Fact):
    """Motion begins, goes on or ends. `boxes` are those of this moment; of an end, those of the whole motion."""

    phase: Literal["start", "update", "end"]
    boxes: tuple[Box, ...] = ()
    duration_s: Annotated[float, Field(ge=0)] = 0.0
    frames: Annotated[int, Field(ge=0)] = 0
    intensity: Share = 0.0
    frame_width: int | None = None
    frame_height: int | None = None
    media: tuple[MediaKey, ...] = ()


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
    event_triggers: tuple[Trigger, ...] = ()
    objects: tuple[DetectedObject, ...] = ()
    detector: str | None = None
    media: tuple[MediaKey, ...] = ()


class DetectionEvent(Event):
    type: Literal["watchpost.detection.v1"] = "watchpost.detection.v1"
    data: Detection
