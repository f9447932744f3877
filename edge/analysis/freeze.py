"""Finds pictures that stay the same: by identity, and by the noise of the device."""

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]

VISIBLE: Final = 10
"""Grey levels beyond which a pixel differs visibly."""


@dataclass(frozen=True, slots=True)
class Freeze:
    """`diffs` are the mean grey differences [(-2, -1), (-2, 0), (-1, 0)] of the last three frames, which count as the
    same up to `threshold`. `frozen` is `None` as long as it is unknown.
    """

    frozen: bool | None
    diffs: tuple[float, ...]
    seconds: float
    threshold: float


class FreezeDetector:
    """A picture is frozen if it stays the same for longer than this device has repeated pictures by itself. After the
    first picture of a size the state is `None` until a picture differs, or has been the same for long enough.

    The same means identical, or closer than a quarter of the least difference that the device's own noise makes: the
    stream of a frozen camera may be encoded anew. A still scene is not frozen as long as it has noise; nor is a picture
    that drifts, for which the older monitor compared each of three pictures with both others.

    Nothing is learned from a fault: a picture that is black or broken, or that was the same for too long.
    """

    LEARNED: Final = 30
    WINDOW: Final = 150
    LONGEST_S: Final = 10.0

    def __init__(self, seconds: float = 2.0) -> None:
        self._least_seconds = seconds
        self._frames: deque[Grey] = deque(maxlen=2)
        self._neighbours: float | None = None
        self._order: deque[float] = deque()
        self._sorted: list[float] = []
        self._same_since: datetime | None = None
        self._first_same: Grey | None = None
        self._previous: datetime | None = None
        self._is_fault = False
        self._is_known = False
        self._usual_run = 0.0

    @property
    def noise_floor(self) -> float | None:
        """The 10th percentile of the differences between frames; `None` until enough frames were seen."""
        return self._sorted[len(self._sorted) // 10] if len(self._sorted) >= self.LEARNED else None

    @property
    def threshold(self) -> float:
        """The mean grey difference up to which two pictures are the same; 0 is identity."""
        return (self.noise_floor or 0.0) / 4

    def analyse(self, grey: Grey, time: datetime, *, learns: bool = True) -> Freeze:
        """`grey` is H x W uint8. `learns` is false while the picture shows a fault."""
        if self._frames and self._frames[-1].shape != grey.shape:
            self._restart()
        latest = difference(self._frames[-1], grey) if self._frames else None
        diffs = self._diffs(grey, latest)
        threshold = self.threshold
        same = self._is_same(grey, latest, threshold)
        self._is_fault = self._is_fault or not learns
        seconds = self._run(time, same=same)
        if latest and not same and learns:
            self._learn(latest)
        self._neighbours = latest
        self._frames.append(grey)
        self._previous = time
        needed = max(self._least_seconds, min(self.LONGEST_S, 2 * self._usual_run))
        frozen = same and len(diffs) == 3 and seconds >= needed
        self._is_known = self._is_known or frozen or (latest is not None and not same)
        return Freeze(frozen if self._is_known else None, diffs, round(seconds, 3), threshold)

    def _is_same(self, grey: Grey, latest: float | None, threshold: float) -> bool:
        """Whether it equals the picture before, and the first one that was the same: slow drift is not frozen."""
        if latest is None or latest > threshold:
            return False
        if self._first_same is None:
            self._first_same = self._frames[-1]
        return not latest or difference(self._first_same, grey) <= threshold

    def _restart(self) -> None:
        """A picture of another size is not compared with earlier ones."""
        self._frames.clear()
        self._same_since = self._neighbours = self._first_same = None
        self._is_known = False

    def _diffs(self, grey: Grey, latest: float | None) -> tuple[float, ...]:
        if latest is None or self._neighbours is None or len(self._frames) < 2:
            return ()
        return round(self._neighbours, 2), round(difference(self._frames[0], grey), 2), round(latest, 2)

    def _run(self, time: datetime, *, same: bool) -> float:
        """Seconds for which the picture has been the same. A run that ends without a freeze is learned as usual."""
        if same:
            since = self._same_since or self._previous or time
            # The clock may have been set back since.
            self._same_since = min(since, time)
            return (time - self._same_since).total_seconds()
        if self._same_since and self._previous:
            run = (self._previous - self._same_since).total_seconds()
            if run <= self.LONGEST_S / 2 and not self._is_fault:
                self._usual_run = max(0.98 * self._usual_run, run)
        self._same_since = self._first_same = None
        self._is_fault = False
        return 0.0

    def _learn(self, latest: float) -> None:
        if len(self._order) == self.WINDOW:
            del self._sorted[bisect_left(self._sorted, self._order.popleft())]
        self._order.append(latest)
        insort(self._sorted, latest)


def difference(one: Grey, other: Grey) -> float:
    """Mean absolute difference in grey levels of two H x W uint8."""
    return float(cv2.norm(one, other, cv2.NORM_L1)) / one.size


def differences(pictures: Sequence[Grey]) -> tuple[float, ...]:
    """Differences of the last three pictures (H x W uint8), [(-2, -1), (-2, 0), (-1, 0)]; empty for fewer."""
    if len(pictures) < 3:
        return ()
    oldest, middle, newest = (pictures[place] for place in (-3, -2, -1))
    return tuple(round(difference(*pair), 2) for pair in ((oldest, middle), (oldest, newest), (middle, newest)))


def visible_difference(one: Grey, other: Grey) -> float:
    """The share of pixels of two H x W uint8 that differ by more than 10, in per cent.

    The measure of the monitor of television boxes that this system replaces, which took 0.8 per cent for a freeze; here
    it stands beside the verdict, which has one threshold.
    """
    return round(100.0 * int(np.count_nonzero(cv2.absdiff(one, other) > VISIBLE)) / one.size, 2)
