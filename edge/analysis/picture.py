"""Finds what is wrong with a picture: black, frozen, corrupt or of low quality."""

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from bus_schemas.settings import PictureSettings

Grey = NDArray[np.uint8]

VERSION: Final = 1
"""Incremented by changes of the outcome for the same pictures, so that findings name their analysis."""
DARK_LEVEL: Final = 10
_CORRUPT_SHARE: Final = 0.18


@dataclass(frozen=True, slots=True)
class PictureState:
    """`freeze_diffs` are the mean grey differences [(-2, -1), (-2, 0), (-1, 0)] of the last three frames. `freeze` is
    `None` as long as it is unknown.
    """

    blackscreen: bool
    blackscreen_percentage: float
    freeze: bool | None
    freeze_diffs: tuple[float, ...]
    frozen_seconds: float
    noise_floor: float | None
    quality: "PictureQuality"


@dataclass(frozen=True, slots=True)
class PictureQuality:
    """`identical_rows` is the share of rows that repeat the row above, as a broken decoder smears them."""

    brightness: float
    contrast: float
    sharpness: float
    identical_rows: float
    corrupt: bool
    quality_score: int


class PictureAnalyser:
    """Give it every analysed frame of one device in order, as reduced grey (H x W uint8, 0 black)."""

    def __init__(self, settings: PictureSettings | None = None) -> None:
        self.settings = settings or PictureSettings()
        self._freeze = FreezeDetector(self.settings.freeze_seconds)

    def analyse(self, grey: Grey, time: datetime) -> PictureState:
        percentage = black_percentage(grey)
        blackscreen = percentage >= self.settings.black_percentage
        freeze = self._freeze.analyse(grey, time, learns=not blackscreen)
        return PictureState(
            blackscreen=blackscreen,
            blackscreen_percentage=percentage,
            freeze=freeze.frozen,
            freeze_diffs=freeze.diffs,
            frozen_seconds=freeze.seconds,
            noise_floor=freeze.noise_floor,
            quality=quality(grey),
        )


def black_percentage(grey: Grey) -> float:
    """Per cent with one decimal, for trials of other thresholds. `grey` is H x W uint8."""
    return round(100.0 * int(np.count_nonzero(grey <= DARK_LEVEL)) / grey.size, 1)


def quality(grey: Grey) -> PictureQuality:
    """One point each for: not dark, not blown out, contrast, detail, rows intact. `grey` is H x W uint8."""
    mean, deviation = cv2.meanStdDev(grey)
    brightness, contrast = float(mean[0, 0]), float(deviation[0, 0])
    sharpness = _variance(cv2.Laplacian(grey, cv2.CV_16S))
    identical = identical_rows(grey)
    corrupt = identical >= _CORRUPT_SHARE and contrast > 5
    points = (brightness > 20, brightness < 235, contrast > 10, sharpness > 15, not corrupt)
    return PictureQuality(
        brightness=round(brightness, 1),
        contrast=round(contrast, 1),
        sharpness=round(sharpness, 1),
        identical_rows=round(identical, 3),
        corrupt=corrupt,
        quality_score=sum(points),
    )


def _variance(values: MatLike) -> float:
    """By norm and mean: `meanStdDev` takes thirty times as long for 16 bits."""
    return float(cv2.norm(values, cv2.NORM_L2SQR)) / values.size - float(cv2.mean(values)[0]) ** 2


def identical_rows(grey: Grey) -> float:
    """The share of rows equal to the row above. Rows without contrast do not count: a flat sky repeats too."""
    repeated = np.max(cv2.absdiff(grey[1:], grey[:-1]), axis=1) == 0
    if not repeated.any():
        return 0.0
    busy = np.ptp(grey[1:][repeated], axis=1) > DARK_LEVEL
    return float(np.count_nonzero(busy)) / (len(grey) - 1)


@dataclass(frozen=True, slots=True)
class Freeze:
    frozen: bool | None
    diffs: tuple[float, ...]
    seconds: float
    noise_floor: float | None


class FreezeDetector:
    """A picture is frozen if it stays the same for longer than this device has repeated pictures by itself. After the
    first picture of a size the state is `None` until a picture differs, or has been the same for long enough.

    The same means identical, or closer than a quarter of the least difference that the device's own noise makes: the
    stream of a frozen camera may be encoded anew. A still scene is not frozen as long as it has noise.

    Nothing is learned from a fault: a black picture, or one that was the same for too long.
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
        self._previous: datetime | None = None
        self._is_fault = False
        self._is_known = False
        self._usual_run = 0.0

    @property
    def noise_floor(self) -> float | None:
        """The 10th percentile of the differences between frames; `None` until enough frames were seen."""
        return self._sorted[len(self._sorted) // 10] if len(self._sorted) >= self.LEARNED else None

    def analyse(self, grey: Grey, time: datetime, *, learns: bool = True) -> Freeze:
        """`grey` is H x W uint8. `learns` is false while the picture shows a fault."""
        if self._frames and self._frames[-1].shape != grey.shape:
            self._restart()
        latest = difference(self._frames[-1], grey) if self._frames else None
        diffs = self._diffs(grey, latest)
        same = latest is not None and latest <= (self.noise_floor or 0.0) / 4
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
        return Freeze(frozen if self._is_known else None, diffs, round(seconds, 3), self.noise_floor)

    def _restart(self) -> None:
        """A picture of another size is not compared with earlier ones."""
        self._frames.clear()
        self._same_since = self._neighbours = None
        self._is_known = False

    def _diffs(self, grey: Grey, latest: float | None) -> tuple[float, ...]:
        if latest is None or self._neighbours is None or len(self._frames) < 2:
            return ()
        return round(self._neighbours, 2), round(difference(self._frames[0], grey), 2), round(latest, 2)

    def _run(self, time: datetime, *, same: bool) -> float:
        """Seconds for which the picture has been the same. A run that ends without a freeze is learned as usual."""
        if same:
            self._same_since = self._same_since or self._previous or time
            return (time - self._same_since).total_seconds()
        if self._same_since and self._previous:
            run = (self._previous - self._same_since).total_seconds()
            if run <= self.LONGEST_S / 2 and not self._is_fault:
                self._usual_run = max(0.98 * self._usual_run, run)
        self._same_since = None
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
    """Of the last three pictures (H x W uint8), [(-2, -1), (-2, 0), (-1, 0)]; empty for fewer."""
    if len(pictures) < 3:
        return ()
    oldest, middle, newest = (pictures[place] for place in (-3, -2, -1))
    return tuple(round(difference(*pair), 2) for pair in ((oldest, middle), (oldest, newest), (middle, newest)))
