"""Finds moving regions in reduced grey pictures, and when motion starts and ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from bus_schemas.settings import MotionSettings, Zone

Grey = NDArray[np.uint8]
Box = tuple[float, float, float, float]

_LEAST_SENSITIVE: Final = 24.0
_MOST_SENSITIVE: Final = 3.0
_NOISE_FACTOR: Final = 4.0
_FIRST_NOISE: Final = 2.0
_MOST_NOISE: Final = 12
_WARM_UP_FRAMES: Final = 5
_SCENE_CHANGE_SHARE: Final = 0.6
_BACKGROUND_S: Final = 4.0
"""Time constant of the background for pixels that do not move."""
_ABSORB_S: Final = 8.0
"""Time constant for moving pixels, until they are background."""
_OPENING: Final = np.ones((3, 3), np.uint8)
_JOINING: Final = np.ones((7, 5), np.uint8)


@dataclass(frozen=True, slots=True)
class MotionMeasurement:
    """`boxes` are (x, y, width, height) in 0..1 of the picture; `area` is the moving share of the picture."""

    boxes: tuple[Box, ...]
    area: float
    settled: bool


@dataclass(frozen=True, slots=True)
class MotionView:
    """What the detector saw of the last picture, H x W uint8: 255 in `moving` where it moves, `None` where it looks at
    nothing; 255 in `mask` where motion counts, `None` where it counts everywhere.
    """

    moving: Grey | None = None
    mask: Grey | None = None


NONE: Final = MotionMeasurement(boxes=(), area=0.0, settled=False)


def threshold(sensitivity: int) -> float:
    """The difference in grey levels, above the learned noise, that counts: 24 at 0, 14 at 25, 3 at 100."""
    share = min(100, max(0, sensitivity)) / 100
    return float(_LEAST_SENSITIVE * (_MOST_SENSITIVE / _LEAST_SENSITIVE) ** share)


class MotionDetector:
    """Learns background and noise of each pixel. A pixel moves if it differs by more than both explain.

    Give it every frame of one device in order, as reduced grey (H x W uint8). A frame of another size restarts it.
    """

    def __init__(
        self, source_size: tuple[int, int], settings: MotionSettings | None = None, zones: Sequence[Zone] = ()
    ) -> None:
        self._source_pixels = source_size[0] * source_size[1]
        self.settings = settings or MotionSettings()
        self._zones = tuple(zones)
        self._mask: Grey | None = None
        self._last: datetime | None = None
        self._seen = 0
        self._background: NDArray[np.float32] = np.zeros((0, 0), np.float32)
        self._noise: NDArray[np.float32] = np.zeros((0, 0), np.float32)
        self._most_noise: Grey = np.zeros((0, 0), np.uint8)
        self._moving: Grey | None = None

    @property
    def view(self) -> MotionView:
        return MotionView(self._moving if self.settings.sensitivity else None, self._mask)

    def use_zones(self, zones: Sequence[Zone]) -> None:
        """Count motion by these zones from the next frame on. What was learned of the scene stays."""
        if self._zones != tuple(zones):
            self._zones = tuple(zones)
            self._mask = motion_mask(self._zones, self._background.shape)

    def analyse(self, grey: Grey, time: datetime) -> MotionMeasurement:
        smooth = cv2.blur(grey, (3, 3))
        if self._background.shape != grey.shape:
            self._start(smooth)
        elapsed = (time - self._last).total_seconds() if self._last else 0.0
        self._last = time
        difference = cv2.absdiff(smooth, cv2.convertScaleAbs(self._background))
        limit = cv2.convertScaleAbs(self._noise, alpha=_NOISE_FACTOR, beta=threshold(self.settings.sensitivity))
        moving = cv2.compare(difference, limit, cv2.CMP_GT)
        share = cv2.countNonZero(moving) / grey.size
        self._moving = np.asarray(moving, np.uint8)
        if share > _SCENE_CHANGE_SHARE:
            self._start(smooth)
            return NONE
        self._learn(smooth, difference, moving, max(0.0, elapsed))
        if self._seen <= _WARM_UP_FRAMES:
            return NONE
        return self._counted(moving, share)

    def _counted(self, moving: MatLike, share: float) -> MotionMeasurement:
        """The moving pixels that count: those in the zones, and none at sensitivity 0."""
        if not self.settings.sensitivity:
            return MotionMeasurement(boxes=(), area=0.0, settled=True)
        if self._mask is not None and share:
            moving = cv2.bitwise_and(moving, self._mask)
            share = cv2.countNonZero(moving) / moving.size
        return MotionMeasurement(boxes=self._boxes(moving) if share else (), area=share, settled=True)

    def _start(self, smooth: MatLike) -> None:
        """A new scene, because a light was switched or the camera moved. The noise is unknown too."""
        self._background = smooth.astype(np.float32)
        self._noise = np.full(smooth.shape, _FIRST_NOISE, np.float32)
        self._most_noise = np.full(smooth.shape, _MOST_NOISE, np.uint8)
        self._seen = 0
        self._mask = motion_mask(self._zones, smooth.shape)

    def _learn(self, smooth: MatLike, difference: MatLike, moving: MatLike, elapsed: float) -> None:
        """Learn still pixels at once and moving ones slowly: what stays becomes background, what passes leaves no
        trail.
        """
        self._seen += 1
        first = 1.0 / (self._seen + 1)
        still = cv2.bitwise_not(moving)
        rate = max(first, _rate(elapsed, _BACKGROUND_S))
        cv2.accumulateWeighted(smooth, self._background, rate, still)
        cv2.accumulateWeighted(difference, self._noise, rate, still)
        absorbing = _rate(elapsed, _ABSORB_S)
        cv2.accumulateWeighted(smooth, self._background, absorbing, moving)
        # Leaves move for ever and so raise their own limit; people who stop to talk are gone before it is raised.
        cv2.accumulateWeighted(cv2.min(difference, self._most_noise), self._noise, absorbing / 8, moving)

    def _boxes(self, moving: MatLike) -> tuple[Box, ...]:
        cleaned = cv2.morphologyEx(moving, cv2.MORPH_OPEN, _OPENING)
        if not cv2.countNonZero(cleaned):
            return ()
        height, width = moving.shape
        least = max(4.0, self.settings.min_area * moving.size / self._source_pixels)
        joined = cv2.dilate(cleaned, _JOINING)
        boxes: list[Box] = []
        for contour in cv2.findContours(joined, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]:
            left, top, wide, high = cv2.boundingRect(contour)
            if cv2.countNonZero(cleaned[top : top + high, left : left + wide]) >= least:
                boxes.append(_normalised(left, top, wide, high, (width, height)))
        return tuple(boxes)


def motion_mask(zones: Sequence[Zone], shape: tuple[int, ...]) -> Grey | None:
    """H x W uint8, 255 where motion counts; `None` where it counts everywhere."""
    only = [zone for zone in zones if zone.motion == "only"]
    ignored = [zone for zone in zones if zone.motion == "ignored"]
    if not (only or ignored):
        return None
    mask = np.full(shape[:2], 0 if only else 255, np.uint8)
    for chosen, value in ((only, 255), (ignored, 0)):
        for zone in chosen:
            corners = np.array(zone.points) * (shape[1] - 1, shape[0] - 1)
            cv2.fillPoly(mask, [np.round(corners).astype(np.int32)], (value,))
    return mask


def _normalised(left: int, top: int, wide: int, high: int, size: tuple[int, int]) -> Box:
    """The box without the rim that joining has added on every side."""
    width, height = size
    rim_x, rim_y = _JOINING.shape[1] // 2, _JOINING.shape[0] // 2
    x0 = left + rim_x if left else 0
    y0 = top + rim_y if top else 0
    x1 = left + wide - (rim_x if left + wide < width else 0)
    y1 = top + high - (rim_y if top + high < height else 0)
    return x0 / width, y0 / height, max(1, x1 - x0) / width, max(1, y1 - y0) / height


def _rate(elapsed: float, time_constant: float) -> float:
    """The weight of a frame that came `elapsed` seconds after the one before, in an exponential average."""
    return float(1.0 - np.exp(-elapsed / time_constant))


@dataclass(frozen=True, slots=True)
class MotionStarted:
    time: datetime
    boxes: tuple[Box, ...]
    area: float


@dataclass(frozen=True, slots=True)
class MotionEnded:
    """`time` is that of the last frame with motion; `boxes` are those of the frame with the largest area."""

    time: datetime
    started: datetime
    duration_s: float
    frames: int
    boxes: tuple[Box, ...]
    area: float


class MotionTracker:
    """Finds start and end of motion by time instead of frames, so that a slow loop changes nothing."""

    def __init__(self, settings: MotionSettings | None = None) -> None:
        self.apply(settings or MotionSettings())
        self._ended: datetime | None = None
        self._first: datetime | None = None
        self._last: datetime | None = None
        self._frames = 0
        self._peak = NONE
        self.active = False

    def apply(self, settings: MotionSettings) -> None:
        """A motion that goes on stays one."""
        self._confirm = timedelta(seconds=settings.confirm_s)
        self._quiet = timedelta(seconds=settings.quiet_s)
        self._cool_down = timedelta(seconds=settings.cool_down_s)

    @property
    def moved_at(self) -> datetime | None:
        """When something moved last in the motion that goes on."""
        return self._last if self.active else None

    def progress(self, time: datetime) -> tuple[float, int]:
        """How many seconds the motion has lasted, and how many frames it has."""
        return ((time - self._first).total_seconds() if self._first else 0.0), self._frames

    def advance(self, motion: MotionMeasurement, time: datetime) -> MotionStarted | MotionEnded | None:
        self._follow(time)
        if motion.boxes and not self._is_cooling_down(time):
            return self._moved(motion, time)
        if self._first and self._last and time - self._last >= (self._quiet if self.active else self._confirm):
            return self._stopped(self._first, self._last)
        return None

    def _follow(self, time: datetime) -> None:
        """Where the clock was set back, what goes on has lasted as long as before."""
        if self._first and self._last and time < self._last:
            self._first, self._last = self._first - (self._last - time), time

    def _is_cooling_down(self, time: datetime) -> bool:
        """The clock may have been set back since."""
        return self._ended is not None and timedelta(0) <= time - self._ended < self._cool_down

    def _moved(self, motion: MotionMeasurement, time: datetime) -> MotionStarted | None:
        self._first = self._first or time
        self._last = time
        self._frames += 1
        if motion.area >= self._peak.area:
            self._peak = motion
        if self.active or time - self._first < self._confirm:
            return None
        self.active = True
        return MotionStarted(time=self._first, boxes=motion.boxes, area=motion.area)

    def _stopped(self, first: datetime, last: datetime) -> MotionEnded | None:
        ended = MotionEnded(
            time=last,
            started=first,
            duration_s=(last - first).total_seconds(),
            frames=self._frames,
            boxes=self._peak.boxes,
            area=self._peak.area,
        )
        confirmed = self.active
        self._ended = last if confirmed else self._ended
        self._first = self._last = None
        self._frames = 0
        self._peak = NONE
        self.active = False
        return ended if confirmed else None
