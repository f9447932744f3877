"""Finds whether the box of something that moved reaches into an area of the picture."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from bus_schemas.event import Box

Point = tuple[float, float]
_SMALLEST: Final = 1e-9
"""An overlap of less area than this is a shared edge."""


def reaches_into(boxes: Iterable[Box], corners: Sequence[Point]) -> bool:
    """Whether one of the boxes (x, y, width, height) shares more than an edge with the polygon."""
    return any(_area(_clipped(corners, box)) > _SMALLEST for box in boxes)


def _clipped(corners: Sequence[Point], box: Box) -> list[Point]:
    """The part of a polygon within a box, cut off at one side after the other."""
    x, y, wide, high = box
    left = list(corners)
    for axis, bound, sign in ((0, x, 1), (0, x + wide, -1), (1, y, 1), (1, y + high, -1)):
        left = _cut(left, axis, bound, sign)
    return left


def _cut(corners: Sequence[Point], axis: int, bound: float, sign: int) -> list[Point]:
    kept: list[Point] = []
    for one, other in pairwise([*corners, *corners[:1]]):
        here, there = sign * (one[axis] - bound), sign * (other[axis] - bound)
        if here >= 0:
            kept.append(one)
        if (here >= 0) is not (there >= 0):
            share = here / (here - there)
            kept.append((one[0] + share * (other[0] - one[0]), one[1] + share * (other[1] - one[1])))
    return kept


def _area(corners: Sequence[Point]) -> float:
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise([*corners, *corners[:1]]))) / 2
