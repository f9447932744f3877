"""Compares two series of minute means: how closely one follows the other, at once and some time later."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from consumers.views.temperatures import Point

LONGEST_LAG: Final = 180
"""Minutes: the oil of a large transformer follows its load within hours."""
FEWEST_PAIRS: Final = 10
"""Minutes in which both were measured: fewer correlate by chance."""

Minutes = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Correlation:
    """Pearson's coefficient of the pairs of minutes in which both were measured, the second `lag_minutes` later."""

    coefficient: float
    pairs: int
    lag_minutes: int = 0


@dataclass(frozen=True, slots=True)
class FoundCorrelation:
    """At the same moment, and with the delay at which the second follows the first most closely. Nothing where there
    are too few pairs, or one of both does not change.
    """

    at_once: Correlation | None
    closest: Correlation | None


def correlate(first: Sequence[Point], second: Sequence[Point]) -> FoundCorrelation:
    """Both by the minute. With a delay that leaves less than half of the pairs nothing is compared."""
    if not first or not second:
        return FoundCorrelation(None, None)
    begin = min(first[0].start, second[0].start) // 60
    length = max(first[-1].start, second[-1].start) // 60 - begin + 1
    one, other = _by_minute(first, begin, length), _by_minute(second, begin, length)
    at_once = _pearson(one, other, 0)
    fewest = max(FEWEST_PAIRS, 0 if at_once is None else at_once.pairs // 2)
    later = [_pearson(one, other, lag) for lag in range(1, min(LONGEST_LAG, length - 1) + 1)]
    found = [each for each in (at_once, *later) if each is not None and each.pairs >= fewest]
    return FoundCorrelation(at_once, max(found, key=lambda each: each.coefficient, default=None))


def _by_minute(points: Sequence[Point], begin: int, length: int) -> Minutes:
    """NaN where nothing was measured."""
    values = np.full(length, np.nan)
    values[[point.start // 60 - begin for point in points]] = [point.mean for point in points]
    return values


def _pearson(first: Minutes, second: Minutes, lag: int) -> Correlation | None:
    one, other = first[: first.size - lag], second[lag:]
    both = np.isfinite(one) & np.isfinite(other)
    pairs = int(np.count_nonzero(both))
    if pairs < FEWEST_PAIRS:
        return None
    one, other = one[both] - one[both].mean(), other[both] - other[both].mean()
    spread = float(np.sqrt((one @ one) * (other @ other)))
    if spread <= 1e-9 * pairs:
        return None
    return Correlation(round(float(one @ other) / spread, 3), pairs, lag)
