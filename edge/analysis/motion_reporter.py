"""Makes the data of motion events: its start, what goes on about once a second, and its end with its class."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bus_schemas.camera import Motion
from bus_schemas.motion_settings import class_of
from bus_schemas.settings import AdjustableSettings
from edge.agent.defaults import MOTION_EVERY_S
from edge.analysis.motion import Box, MotionEnded, MotionMeasurement, MotionStarted, MotionTracker
from edge.analysis.motion_shape import ShapeTracker
from edge.capture.pacing import Every
from edge.capture.sources.source import CameraFrame


class MotionReporter:
    """Used by the thread that analyses the pictures of a device."""

    def __init__(self, adjustable: AdjustableSettings, zone: ZoneInfo) -> None:
        self._tracker = MotionTracker(adjustable.motion)
        self._classes = adjustable.event_classes
        self._zone = zone
        self._shape = ShapeTracker(1.0)
        self._update_due = Every(MOTION_EVERY_S)

    def apply(self, adjustable: AdjustableSettings, zone: ZoneInfo) -> None:
        self._tracker.apply(adjustable.motion)
        self._classes, self._zone = adjustable.event_classes, zone

    @property
    def moved_at(self) -> datetime | None:
        """When something moved last in the motion that goes on."""
        return self._tracker.moved_at

    def advance(self, motion: MotionMeasurement, frame: CameraFrame) -> MotionStarted | MotionEnded | None:
        changed = self._tracker.advance(motion, frame.time)
        if not (self._tracker.active or isinstance(changed, MotionEnded)):
            self._shape = ShapeTracker(frame.picture.width / frame.picture.height)
        self._shape.add(motion.boxes, frame.time)
        return changed

    def data(
        self,
        motion: MotionMeasurement,
        changed: MotionStarted | MotionEnded | None,
        frame: CameraFrame,
        media: tuple[str, ...],
    ) -> Motion | None:
        """`None` where nothing is to be said of this frame."""
        data = self._data(motion, changed, frame.time, media)
        if data is None:
            return None
        known = None if data.phase == "start" else self._event_class(frame.time)
        size = {"frame_width": frame.picture.width, "frame_height": frame.picture.height}
        return data.model_copy(update={**size, "event_class": known})

    def _event_class(self, time: datetime) -> str | None:
        return class_of(self._classes, self._shape.shape(), time.astimezone(self._zone))

    def _data(
        self,
        motion: MotionMeasurement,
        changed: MotionStarted | MotionEnded | None,
        time: datetime,
        media: tuple[str, ...],
    ) -> Motion | None:
        match changed:
            case MotionStarted(boxes=boxes, area=area):
                self._update_due = Every(MOTION_EVERY_S)
                self._update_due.due(time)
                return Motion(phase="start", boxes=rounded(boxes), intensity=min(1.0, area), media=media)
            case MotionEnded(boxes=boxes, area=area, duration_s=seconds, frames=frames):
                return Motion(
                    phase="end",
                    boxes=rounded(boxes),
                    intensity=min(1.0, area),
                    media=media,
                    duration_s=seconds,
                    frames=frames,
                )
        if self._tracker.active and motion.boxes and self._update_due.due(time):
            seconds, frames = self._tracker.progress(time)
            return Motion(
                phase="update",
                boxes=rounded(motion.boxes),
                intensity=min(1.0, motion.area),
                duration_s=seconds,
                frames=frames,
            )
        return None


def rounded(boxes: Sequence[Box]) -> tuple[Box, ...]:
    """Rounded to a ten-thousandth of the picture, and not beyond it."""
    return tuple(
        (round(x, 4), round(y, 4), min(round(width, 4), 1.0), min(round(height, 4), 1.0))
        for x, y, width, height in boxes
    )
