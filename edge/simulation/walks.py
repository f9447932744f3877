"""Moves somebody along a route, repeatedly and at one speed."""

from dataclasses import dataclass
from itertools import pairwise
from math import hypot

from edge.simulation.view import Point


@dataclass(frozen=True, slots=True)
class WalkPoint:
    """Where somebody is on a route, after so many seconds of it."""

    at: Point
    heading: float
    walked: float
    moving: bool


class Walk:
    """A route that is taken again and again, at one speed."""

    def __init__(self, points: tuple[Point, ...], stop_s: float, absent_s: float, speed: float) -> None:
        self._points = points
        self._stop_s = stop_s
        self._speed = speed
        self._lengths = [hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points)]
        self.period = sum(self._lengths) / speed + stop_s * (len(points) - 2) + absent_s

    def arrival(self, point: int) -> float:
        return sum(self._lengths[:point]) / self._speed + self._stop_s * max(0, point - 1)

    def at(self, seconds: float) -> WalkPoint | None:
        walked = 0.0
        for number, length in enumerate(self._lengths):
            first, last = self._points[number], self._points[number + 1]
            heading = (last[0] - first[0]) / length
            if seconds <= length / self._speed:
                share = seconds * self._speed / length
                at = first[0] + (last[0] - first[0]) * share, first[1] + (last[1] - first[1]) * share
                return WalkPoint(at, heading, walked + length * share, moving=True)
            seconds -= length / self._speed
            walked += length
            if number + 1 < len(self._lengths):
                if seconds <= self._stop_s:
                    return WalkPoint(last, heading, walked, moving=False)
                seconds -= self._stop_s
        return None
