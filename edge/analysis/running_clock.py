"""Compares pictures beside a clock that runs in them: a line of text that differs while all else stays the same."""

from typing import Final, NamedTuple, Self

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]

VISIBLE: Final = 10
"""Grey levels beyond which a pixel differs visibly."""
_MOST_HIGH: Final = 1 / 8
"""The greatest height of a line of text, as a share of the height of the picture."""
_MOST_AREA: Final = 0.04
"""Its greatest area, as a share of the picture: what changes most is the seconds, not the whole line."""


class LineRegion(NamedTuple):
    """A rectangle in pixels; the right column and the lower row are beyond it."""

    left: int
    top: int
    right: int
    bottom: int

    def of(self, grey: Grey) -> Grey:
        return grey[self.top : self.bottom, self.left : self.right]

    def with_other(self, other: Self | None) -> "LineRegion":
        """The smallest rectangle around both."""
        if other is None:
            return self
        left, top = min(self.left, other.left), min(self.top, other.top)
        return LineRegion(left, top, max(self.right, other.right), max(self.bottom, other.bottom))

    def is_line(self, grey: Grey) -> bool:
        """Whether it is no larger than a line of text in this picture."""
        height, width = self.bottom - self.top, self.right - self.left
        return height <= _MOST_HIGH * grey.shape[0] and height * width <= _MOST_AREA * grey.size


def changed_region(one: Grey, other: Grey) -> LineRegion | None:
    """The smallest rectangle around all that differs visibly between two H x W uint8; `None` where nothing does."""
    changed = cv2.threshold(cv2.absdiff(one, other), VISIBLE, 255, cv2.THRESH_BINARY)[1]
    left, top, width, height = cv2.boundingRect(changed)
    return LineRegion(left, top, left + width, top + height) if width else None


def difference(one: Grey, other: Grey, beside: LineRegion | None = None) -> float:
    """Mean absolute difference in grey levels of two H x W uint8, without that of a region."""
    total, size = cv2.norm(one, other, cv2.NORM_L1), one.size
    if beside is not None:
        total -= cv2.norm(beside.of(one), beside.of(other), cv2.NORM_L1)
        size -= beside.of(one).size
    return float(total) / size


def middle_difference(one: Grey, other: Grey) -> float:
    """The difference of the middle third of the rows, where no clock is."""
    height = len(one)
    rows = slice(height // 3, max(height // 3 + 1, 2 * height // 3))
    return difference(one[rows], other[rows])


def visible_difference(one: Grey, other: Grey, beside: LineRegion | None = None) -> float:
    """The share of pixels of two H x W uint8 that differ by more than 10, in per cent; none of a region does.

    The measure of the monitor of television boxes that this system replaces, which took 0.8 per cent for a freeze; here
    it stands beside the verdict, which has one threshold.
    """
    differs = cv2.absdiff(one, other) > VISIBLE
    if beside is not None:
        differs[beside.top : beside.bottom, beside.left : beside.right] = False
    return round(100.0 * int(np.count_nonzero(differs)) / one.size, 2)
