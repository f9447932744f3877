"""A transformer in a yard and the people who pass it: what the drawn scenes of one device both look at."""

from dataclasses import dataclass
from datetime import datetime
from math import cos, exp, pi, sin
from random import Random
from typing import Final

from edge.analysis.roi import Roi, Thresholds
from edge.sources.schedule import Schedule

Rectangle = tuple[float, float, float, float]

TANK: Final[Rectangle] = (0.5625, 0.375, 0.25, 0.375)
BUSHINGS: Final[tuple[Rectangle, ...]] = (
    (0.5625, 0.208, 0.0625, 0.167),
    (0.65625, 0.208, 0.0625, 0.167),
    (0.75, 0.208, 0.0625, 0.167),
)
FINS: Final[Rectangle] = (0.8125, 0.458, 0.0625, 0.25)
HOT_BUSHING: Final = 1
ROIS: Final = (
    Roi("full_frame", thresholds=Thresholds(75, 85, 95)),
    Roi("bushings", ((18, 4), (26, 9)), weight=1.8, thresholds=Thresholds(70, 80, 90)),
    Roi("tank", ((18, 9), (26, 18)), weight=1.5, thresholds=Thresholds(75, 85, 95)),
    Roi("cooling", ((26, 11), (28, 17)), thresholds=Thresholds(65, 75, 85)),
)
"""Regions that fit this yard."""

_DAY: Final = 86_400.0
_HOT_RISE_SECONDS: Final = 4.0


@dataclass(frozen=True, slots=True)
class Person:
    """`x`, `y` of the feet and `height` in 0..1 of the picture, `stride` in radians, `shade` 0..1 of the clothes."""

    x: float
    y: float
    height: float
    stride: float
    shade: float


@dataclass(frozen=True, slots=True)
class State:
    """`daylight` 0..1; temperatures in Celsius, those of the bushings from left to right."""

    people: tuple[Person, ...]
    daylight: float
    ambient: float
    tank: float
    bushings: tuple[float, ...]
    fins: float


@dataclass(frozen=True, slots=True)
class _Walker:
    period: float
    phase: float
    lane: float
    shade: float
    leftwards: bool


class Yard:
    """A pure function of time, so that a visual and a thermal scene agree without knowing of each other.

    `day_seconds` shortens the day for a demonstration.
    """

    def __init__(self, schedule: Schedule, seed: int = 1, people: int = 4, day_seconds: float = _DAY) -> None:
        self.schedule = schedule
        self._day_seconds = day_seconds
        random = Random(seed)
        self._walkers = [
            _Walker(
                period=random.uniform(18, 45),
                phase=random.random(),
                lane=random.uniform(0.72, 0.95),
                shade=random.random(),
                leftwards=random.random() < 0.5,
            )
            for _ in range(people)
        ]

    def at(self, time: datetime) -> State:
        seconds = time.timestamp()
        noon = cos(2 * pi * (seconds / self._day_seconds - 0.5))
        daylight = min(1.0, max(0.0, 0.5 + noon))
        ambient = 14 + 8 * noon
        load = 0.55 + 0.25 * sin(2 * pi * seconds / 900) + 0.1 * sin(2 * pi * seconds / 173)
        tank = ambient + 30 * load
        hot = self.schedule.age("hot_spot", time)
        excess = 0.0 if hot is None else 70 * (1 - exp(-hot / _HOT_RISE_SECONDS))
        bushings = [tank + 4, tank + 6, tank + 5]
        bushings[HOT_BUSHING] += excess
        people = sorted(filter(None, (_person(walker, seconds) for walker in self._walkers)), key=lambda one: one.y)
        return State(tuple(people), daylight, ambient, tank, tuple(bushings), ambient + 18 * load)


def _person(walker: _Walker, seconds: float) -> Person | None:
    """Out of sight for a third of each round."""
    share = (seconds / walker.period + walker.phase) % 1.0
    if share > 2 / 3:
        return None
    x = -0.1 + share * 1.8
    height = 0.18 + 0.5 * (walker.lane - 0.7)
    return Person(1 - x if walker.leftwards else x, walker.lane, height, share * walker.period * 6, walker.shade)
