"""Sorts values only as far as they are asked for: of a large frame that takes a third of the time."""

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Celsius = NDArray[np.float32]
Bytes8 = NDArray[np.uint8]

SORTED_WHOLE: Final = 2400
"""Up to so many values, sorting all takes no longer."""
_BINS: Final = 256
_BIN: Final = itemgetter(0)
_LEAST_RANGE: Final = 1e-3
"""A share of the largest value. In a smaller range, rounding would put neighbours into bins in the wrong order."""


def sort_places(values: Celsius, places: Sequence[int]) -> None:
    """Put at these places (ascending) what is there when all values (n float32) are sorted: what is no number comes
    last.
    """
    ends = None if values.size <= SORTED_WHOLE else _ends(values)
    if ends is None:
        values.sort()
    else:
        _move(values, _found(values, ends, places), places)


def _ends(values: Celsius) -> tuple[int, int] | None:
    """Where a lowest and a highest value are; `None` where the range between them has no parts."""
    ends = int(values.argmin()), int(values.argmax())
    low, high = values.item(ends[0]), values.item(ends[1])
    return ends if _LEAST_RANGE * max(-low, high) < high - low < 1e6 else None


def _found(values: Celsius, ends: tuple[int, int], places: Sequence[int]) -> list[int]:
    """Where the values of these places are: only what lies in the same of equal parts of the range is sorted."""
    bins = _bins(values, ends)
    counts = cv2.calcHist([bins], [0], None, [_BINS], [0, _BINS]).ravel()
    after = counts.cumsum()
    found: list[int] = []
    for number, pairs in groupby(zip(after.searchsorted(places, side="right").tolist(), places, strict=True), _BIN):
        inside = [place for _, place in pairs]
        if inside in ([0], [values.size - 1]):
            found.append(ends[inside != [0]])
            continue
        members = np.flatnonzero(bins == number)
        first = int(after.item(number) - counts.item(number))
        found += members[_order(values[members], [place - first for place in inside])].tolist()
    return found


def _order(values: Celsius, places: Sequence[int]) -> Sequence[int]:
    """Where the values of these places are among those of one bin, which may be nearly all: then it has bins, too."""
    ends = None if values.size <= SORTED_WHOLE else _ends(values)
    if ends is not None:
        return _found(values, ends, places)
    are_alike = values.size > SORTED_WHOLE and values.min() == values.max()
    return places if are_alike else values.argsort()[places].tolist()


def _bins(values: Celsius, ends: tuple[int, int]) -> Bytes8:
    """In which of equal parts of the range each value is."""
    low, high = values.item(ends[0]), values.item(ends[1])
    scale = (_BINS - 1) / (high - low)
    return np.asarray(cv2.convertScaleAbs(values, alpha=scale, beta=-low * scale), np.uint8).ravel()


def _move(values: Celsius, found: Sequence[int], places: Sequence[int]) -> None:
    """Each by changing places with what is there, which may be one that was found as well."""
    moved: dict[int, int] = {}
    for origin, place in zip(found, places, strict=True):
        at = origin
        while at in moved:
            at = moved[at]
        values[at], values[place] = values.item(place), values.item(at)
        moved[place] = at
