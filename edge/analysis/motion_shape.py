"""Follows the largest moving part of a motion: how large it is, how upright, and how often it turns. No I/O."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from bus_schemas.event import Box
from bus_schemas.motion_settings import MotionShape

_SMALLEST_STEP: Final = 0.01
"""A step below this share of the picture is a tremble, and no turn."""
_LARGEST_RATIO: Final = 1000.0


class ShapeTracker:
    """The shape of one motion. `picture_ratio` is width by height of the picture, whose shares the boxes are in."""

    def __init__(self, picture_ratio: float) -> None:
        self._picture_ratio = picture_ratio
        self._first: datetime | None = None
        self._last: datetime | None = None
        self._largest: Box = (0.0, 0.0, 0.0, 0.0)
        self._at: tuple[float, float] | None = None
        self._headings: list[float] = [0.0, 0.0]
        """The direction of the last step along each axis, 0 before the first."""
        self._turns = 0

    def add(self, boxes: Sequence[Box], time: datetime) -> None:
        if not boxes:
            return
        self._first, self._last = self._first or time, time
        box = max(boxes, key=_area)
        if _area(box) >= _area(self._largest):
            self._largest = box
        self._move_to((box[0] + box[2] / 2, box[1] + box[3] / 2))

    def _move_to(self, centre: tuple[float, float]) -> None:
        before = self._at
        if before is None:
            self._at = centre
            return
        steps = [now - then for now, then in zip(centre, before, strict=True)]
        if max(abs(step) for step in steps) < _SMALLEST_STEP:
            return
        self._at = centre
        turned = False
        for axis, step in enumerate(steps):
            if abs(step) >= _SMALLEST_STEP:
                heading = 1.0 if step > 0 else -1.0
                turned = turned or self._headings[axis] == -heading
                self._headings[axis] = heading
        self._turns += turned

    def shape(self) -> MotionShape:
        _, _, width, height = self._largest
        seconds = (self._last - self._first).total_seconds() if self._first and self._last else 0.0
        ratio = self._picture_ratio * width / height if height else 0.0
        return MotionShape(
            size=100 * width * height,
            ratio=min(ratio, _LARGEST_RATIO),
            duration_s=max(0.0, seconds),
            turns=self._turns / seconds if seconds > 0 else 0.0,
        )


def _area(box: Box) -> float:
    return box[2] * box[3]
