"""Finds broken pixels of a thermal sensor without taking hot spots for such."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from bus_schemas.thermal import COLUMNS, ROWS, PixelFault

Celsius = NDArray[np.float32]
Mask = NDArray[np.bool_]

STUCK_FRAMES: Final = 64
_LEARN_EVERY: Final = timedelta(seconds=10)
_OFFSET_AFTER: Final = 360  # samples, one every ten seconds: an hour
_REMEMBERED: Final = 8640  # samples of a day: what a pixel did last year does not outweigh what it does now
_STEADY: Final = 0.5
"""°C of standard deviation."""


class BadPixels:
    """A pixel is bad if its error does not depend on the scene: it is listed in the sensor's EEPROM or by people, is
    stuck at one number while its neighbours have noise, or is off by the same amount for an hour in which its
    neighbourhood changed by more than that. A hot spot does none of these: it has noise, and its
    excess follows the load.
    """

    def __init__(self, shape: tuple[int, int] = (ROWS, COLUMNS), listed: Iterable[int] = ()) -> None:
        self._listed = np.zeros(shape, bool)
        self._listed_as: tuple[int, ...] = ()
        self._declared = np.zeros(shape, bool)
        self._previous: Celsius | None = None
        self._changes = 0
        self._changed_last = np.zeros(shape, np.int64)
        self._offsets = _Offsets(shape)
        self._due: datetime | None = None
        self._bad = self._listed
        self.count = 0
        self.at_highest = 0
        """Pixels that repeat one number together, the highest of the frame: they may be hotter than it says."""
        self.knows_stuck = False
        """Whether there were frames enough to tell which pixels are stuck."""
        self.revision = 0
        """Counts the changes of which pixels are bad, and why."""
        self.know_listed(tuple(listed))

    def know_listed(self, pixels: tuple[int, ...]) -> None:
        """Take the sensor's own list, from the next frame on. Another sensor in its place lists others."""
        if pixels == self._listed_as:
            return
        self._listed_as = pixels
        self._listed = np.zeros(self._listed.shape, bool)
        self._listed.ravel()[[pixel for pixel in pixels if 0 <= pixel < self._listed.size]] = True
        self._judge()
        self.revision += 1

    def know_declared(self, pixels: Iterable[tuple[int, int]]) -> None:
        """Take pixels that people named, as (x, y), from the next frame on. Those outside of the frame are ignored."""
        declared = np.zeros(self._listed.shape, bool)
        rows, columns = declared.shape
        for x, y in pixels:
            if x < columns and y < rows:
                declared[y, x] = True
        if not np.array_equal(declared, self._declared):
            self._declared = declared
            self._judge()
            self.revision += 1

    @property
    def offset_limit(self) -> float:
        """°C by which a pixel may be off from its neighbours for ever."""
        return self._offsets.limit

    @offset_limit.setter
    def offset_limit(self, limit: float) -> None:
        self._offsets.limit = limit

    def find(self, frame: Celsius, time: datetime) -> Mask | None:
        """`frame` is H x W float32 in °C. Returns a mask of the same shape; `None` where no pixel is bad, as in most
        sensors.
        """
        if self._previous is not None:
            self._note_changes(frame, self._previous)
        self._previous = frame
        if self._due is None or not self._due - _LEARN_EVERY <= time < self._due:
            self._due = time + _LEARN_EVERY
            self._learn(frame)
            self._judge()
            self.knows_stuck = self.knows_stuck or self._changes >= STUCK_FRAMES
        return self._bad if self.count else None

    def causes(self) -> dict[tuple[int, int], PixelFault]:
        """(x, y) of each bad pixel with the cause."""
        why: dict[tuple[int, int], PixelFault] = {}
        stuck = self._stuck()
        for y, x in np.argwhere(self._bad).tolist():
            if self._declared[y, x]:
                why[x, y] = "declared"
            elif self._listed[y, x]:
                why[x, y] = "listed"
            else:
                why[x, y] = "stuck" if stuck[y, x] else "offset"
        return why

    def _judge(self) -> None:
        stuck = self._stuck()
        self.at_highest = int(np.count_nonzero(self._repeating()) - np.count_nonzero(stuck))
        bad = self._listed | self._declared | stuck | self._offsets.bad
        if not np.array_equal(bad, self._bad):
            self.revision += 1
        self._bad = bad
        self.count = int(np.count_nonzero(bad))

    def _learn(self, frame: Celsius) -> None:
        """Learn from a frame, with invalid pixels replaced: they would stay in every mean for ever."""
        invalid = ~np.isfinite(frame)
        if not invalid.any():
            self._offsets.learn(frame)
        elif not invalid.all():
            self._offsets.learn(replaced(frame, invalid))

    def _note_changes(self, frame: Celsius, previous: Celsius) -> None:
        """A frame that repeats as a whole says nothing about single pixels."""
        changed = frame != previous
        if np.count_nonzero(changed):
            self._changes += 1
            np.copyto(self._changed_last, self._changes, where=changed)

    def _stuck(self) -> Mask:
        """Those that repeat one number, but for several at the highest number of the frame."""
        return self._repeating() & ~self._at_highest()

    def _repeating(self) -> Mask:
        return self._changes - self._changed_last >= STUCK_FRAMES

    def _at_highest(self) -> Mask | np.bool_:
        """Several pixels at the highest number of the frame are not stuck: there the sensor measures no further."""
        if self._previous is None:
            return np.False_
        highest = self._previous == np.fmax.reduce(self._previous, None)
        return highest if np.count_nonzero(highest) > 1 else np.False_


class _Offsets:
    """Mean and variance of each pixel's difference to its neighbours, and the range of the neighbours, for as long as
    the difference is steady. A pixel that is not steady begins again: it may have broken after weeks in which it was
    not, and what was measured before would say for weeks that it is fine.
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self.limit = 5.0
        self._count = np.zeros(shape, np.int64)
        self._mean = np.zeros(shape)
        self._variance = np.zeros(shape)
        self._lowest = np.full(shape, np.inf, np.float32)
        self._highest = np.full(shape, -np.inf, np.float32)
        self.bad: Mask = np.zeros(shape, bool)

    def learn(self, frame: Celsius) -> None:
        around = neighbours(frame)
        deviation = frame - around
        self._count = np.minimum(self._count + 1, _REMEMBERED)
        before = deviation - self._mean
        self._mean += before / self._count
        self._variance += (before * (deviation - self._mean) - self._variance) / self._count
        np.minimum(self._lowest, around, out=self._lowest)
        np.maximum(self._highest, around, out=self._highest)
        is_known = self._count >= _OFFSET_AFTER
        is_steady = self._variance < _STEADY**2
        offset = np.abs(self._mean)
        independent = self._highest - self._lowest > offset
        self.bad = np.where(is_known, (offset > self.limit) & is_steady & independent, self.bad)
        self._begin_again(is_known & ~is_steady)

    def _begin_again(self, unsteady: Mask) -> None:
        for one, value in (
            (self._count, 0),
            (self._mean, 0),
            (self._variance, 0),
            (self._lowest, np.inf),
            (self._highest, -np.inf),
        ):
            np.copyto(one, value, where=unsteady)


def neighbours(frame: Celsius) -> Celsius:
    """Median of the 3 x 3 window at each pixel, edges repeated, so that one odd pixel does not change it. H x W float32
    in °C.
    """
    return np.asarray(cv2.medianBlur(frame, 3), np.float32)


def replaced(frame: Celsius, bad: Mask) -> Celsius:
    """A copy of H x W float32 in °C with the mean of the nearest good pixels in place of each bad one (H x W bool)."""
    good = ~bad
    if not good.any():
        raise ValueError("no pixel of the frame is good")
    whole = np.where(good, frame, np.float32(0))
    missing = bad
    known = good.astype(np.float32)
    while missing.any():
        weight = cv2.boxFilter(known, -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
        total = cv2.boxFilter(whole * known, -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
        reached = missing & (weight > 0.5)
        whole[reached] = total[reached] / weight[reached]
        known[reached] = 1.0
        missing = missing & ~reached
    return np.asarray(whole, np.float32)
