"""Finds pictures that stay the same: by identity, and by the noise of the device."""

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from edge.analysis.running_clock import Grey, LineRegion, changed_region, difference, middle_difference


@dataclass(frozen=True, slots=True)
class Freeze:
    """`diffs` are the mean grey differences [(-2, -1), (-2, 0), (-1, 0)] of the last three frames, which count as the
    same up to `threshold`. `frozen` is `None` as long as it is unknown. `clock` is what they were compared beside.
    """

    frozen: bool | None
    diffs: tuple[float, ...]
    seconds: float
    threshold: float
    clock: LineRegion | None = None


class FreezeDetector:
    """A picture is frozen if it stays the same for longer than this device has repeated pictures by itself. After the
    first picture of a size the state is `None` until a picture differs, or has been the same for long enough.

    The same means identical, or closer than a quarter of the least difference that the device's own noise makes: the
    stream of a frozen camera may be encoded anew. A still scene is not frozen as long as it has noise; nor is a picture
    that drifts, for which the older monitor compared each of three pictures with both others.

    A recorder writes its time into a picture that it repeats. Where a line of text differs and all beside it is the
    same, though this device has noise of its own, the picture stands. It has to for longer, for an encoder may skip
    what is still.

    Nothing is learned from a fault: a picture that is black or broken, or that was the same for too long.
    """

    LEARNED: Final = 30
    WINDOW: Final = 150
    LONGEST_S: Final = 10.0
    LONGEST_WITH_CLOCK_S: Final = 20.0

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
        self._is_known = self._is_frozen = False
        self._usual_run = 0.0
        self._clock: LineRegion | None = None
        """The lines in which the picture differed while the rest of it stood still, such as a clock drawn into it."""
        self._usual_run_with_clock = 0.0

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
        threshold = self.threshold
        same = self._is_same(grey, latest, threshold)
        clock = self._clock if same else None
        if latest and clock is not None:
            latest = difference(self._frames[-1], grey, clock)
        diffs = self._diffs(grey, latest, clock)
        self._is_fault = self._is_fault or not learns
        seconds = self._run(time, same=same)
        if latest and not same and learns and middle_difference(self._frames[-1], grey):
            # A clock alone is no noise of the device.
            self._learn(latest)
        self._neighbours = latest
        self._frames.append(grey)
        self._previous = time
        # What counts as frozen does so until a picture differs, also where a clock is found later.
        frozen = same and len(diffs) == 3 and (self._is_frozen or seconds >= self._needed_seconds())
        self._is_frozen = frozen
        self._is_known = self._is_known or frozen or (latest is not None and not same)
        return Freeze(frozen if self._is_known else None, diffs, round(seconds, 3), threshold, clock)

    def _is_same(self, grey: Grey, latest: float | None, threshold: float) -> bool:
        """Whether it equals the picture before, and the first one that was the same: slow drift is not frozen."""
        if latest is None:
            return False
        if latest > threshold and not self._finds_clock(self._frames[-1], grey, threshold):
            return False
        if self._first_same is None:
            self._first_same = self._frames[-1]
        if not latest or difference(self._first_same, grey, self._clock) <= threshold:
            return True
        return self._finds_clock(self._first_same, grey, threshold)

    def _finds_clock(self, earlier: Grey, grey: Grey, threshold: float) -> bool:
        """Whether what differs since the picture has been the same is a line of text, and nothing beside it does.

        Of a device of unknown noise nobody can tell whether it shows something still.
        """
        if not threshold or middle_difference(earlier, grey) > threshold:
            return False
        region = changed_region(earlier, grey)
        if region is None:
            return False
        region = region.with_other(self._clock)
        if not region.is_line(grey) or difference(earlier, grey, region) > threshold:
            return False
        self._clock = region
        return True

    def _needed_seconds(self) -> float:
        """How long the picture must be the same to be frozen."""
        if self._clock is None:
            return max(self._least_seconds, min(self.LONGEST_S, 2 * self._usual_run))
        usual = min(self.LONGEST_WITH_CLOCK_S, 2 * self._usual_run_with_clock)
        return max(self._least_seconds, self.LONGEST_S, usual)

    def _restart(self) -> None:
        """A picture of another size is not compared with earlier ones."""
        self._frames.clear()
        self._same_since = self._neighbours = self._first_same = self._clock = None
        self._is_known = False

    def _diffs(self, grey: Grey, latest: float | None, clock: LineRegion | None) -> tuple[float, ...]:
        if latest is None or self._neighbours is None or len(self._frames) < 2:
            return ()
        over_two = difference(self._frames[0], grey, clock)
        return round(self._neighbours, 2), round(over_two, 2), round(latest, 2)

    def _run(self, time: datetime, *, same: bool) -> float:
        """Seconds for which the picture has been the same. A run that ends without a freeze is learned as usual."""
        if same:
            since = self._same_since or self._previous or time
            # The clock may have been set back since.
            self._same_since = min(since, time)
            return (time - self._same_since).total_seconds()
        if self._same_since and self._previous:
            self._learn_run((self._previous - self._same_since).total_seconds())
        self._same_since = self._first_same = self._clock = None
        self._is_fault = False
        return 0.0

    def _learn_run(self, seconds: float) -> None:
        if self._is_fault:
            return
        if seconds <= self.LONGEST_S / 2:
            self._usual_run = max(0.98 * self._usual_run, seconds)
        if self._clock is not None and seconds <= self.LONGEST_WITH_CLOCK_S / 2:
            self._usual_run_with_clock = max(0.98 * self._usual_run_with_clock, seconds)

    def _learn(self, latest: float) -> None:
        if len(self._order) == self.WINDOW:
            del self._sorted[bisect_left(self._sorted, self._order.popleft())]
        self._order.append(latest)
        insort(self._sorted, latest)


def differences(pictures: Sequence[Grey], clock: LineRegion | None = None) -> tuple[float, ...]:
    """Differences beside a clock of the last three pictures (H x W uint8), [(-2, -1), (-2, 0), (-1, 0)]; empty for
    fewer.
    """
    if len(pictures) < 3:
        return ()
    oldest, middle, newest = (pictures[place] for place in (-3, -2, -1))
    pairs = ((oldest, middle), (oldest, newest), (middle, newest))
    return tuple(round(difference(*pair, clock), 2) for pair in pairs)
