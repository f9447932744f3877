"""Simulates the people, cars and temperatures of a location; both scenes of a device draw the same simulation."""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from math import cos, exp, pi, sin
from random import Random
from typing import Final

from edge.simulation.locations import LOCATIONS, Location, LocationName, Route
from edge.simulation.schedule import Schedule
from edge.simulation.view import ASPECT, View
from edge.simulation.walks import Walk

Box = tuple[float, float, float, float]
Rgb = tuple[int, int, int]

CAR_METRES: Final = (1.85, 1.5)
_DAY: Final = 86_400.0
_HOT_RISE_S: Final = 4.0
_STRIDE_METRES: Final = 1.45
_CAR_SPEED: Final = 6.0
_BARRIER_S: Final = 1.5
_PERSON_WIDTH: Final = 0.42
_TURNED: Final = 0.35
"""Somebody who stops turns towards the camera."""
_COATS: Final[tuple[Rgb, ...]] = (
    (62, 84, 112),
    (128, 58, 52),
    (84, 96, 70),
    (196, 188, 170),
    (52, 54, 60),
    (222, 148, 42),
    (106, 92, 122),
    (70, 122, 128),
)
_TROUSERS: Final[tuple[Rgb, ...]] = ((44, 50, 66), (58, 56, 54), (96, 86, 70), (36, 38, 42))
_HAIR: Final[tuple[Rgb, ...]] = ((40, 32, 28), (92, 68, 46), (150, 126, 92), (120, 118, 116))
_SKIN: Final[tuple[Rgb, ...]] = ((222, 180, 152), (196, 148, 118), (138, 98, 74))
_PAINT: Final[tuple[Rgb, ...]] = ((150, 42, 40), (200, 202, 204), (52, 78, 118), (58, 62, 66))


@dataclass(frozen=True, slots=True)
class Appearance:
    coat: Rgb
    trousers: Rgb
    hair: Rgb
    skin: Rgb
    metres: float
    build: float


@dataclass(frozen=True, slots=True)
class Person:
    """`x`, `y` of the feet and `height` in 0..1 of the picture, `away` in metres.

    `stride` is the phase of the gait in radians, or `None` of somebody who stands; `heading` -1 left .. 1 right.
    """

    x: float
    y: float
    height: float
    away: float
    stride: float | None
    heading: float
    appearance: Appearance

    @property
    def box(self) -> Box:
        width = self.height * _PERSON_WIDTH / ASPECT
        return _visible(self.x - width / 2, self.y - self.height, self.x + width / 2, self.y)


@dataclass(frozen=True, slots=True)
class Car:
    """Seen from its front; `x`, `y` of the middle of its wheels and `width` in 0..1 of the picture."""

    x: float
    y: float
    width: float
    away: float
    paint: Rgb

    @property
    def height(self) -> float:
        return self.width * ASPECT * CAR_METRES[1] / CAR_METRES[0]

    @property
    def box(self) -> Box:
        return _visible(self.x - self.width / 2, self.y - self.height, self.x + self.width / 2, self.y)


@dataclass(frozen=True, slots=True)
class SceneState:
    """`daylight` and opening of the `barrier` 0..1; °C, `parts` in the order of the location's warm parts."""

    people: tuple[Person, ...]
    cars: tuple[Car, ...]
    barrier: float
    daylight: float
    ambient: float
    parts: tuple[float, ...]

    @property
    def figures(self) -> list[Person | Car]:
        """From far to near, so that nearer figures hide farther ones."""
        both: list[Person | Car] = [*self.people, *self.cars]
        return sorted(both, key=lambda one: -one.away)


class Scene:
    """A pure function of time, so that a visual and a thermal scene agree without knowing each other.

    Without people there are no cars either. `zone` is the time zone of the location: it decides when it is night.
    """

    def __init__(
        self,
        schedule: Schedule,
        seed: int = 1,
        people: int | None = None,
        place: LocationName = "yard",
        zone: tzinfo = UTC,
    ) -> None:
        self.schedule = schedule
        self.location_name: LocationName = place
        self.location = LOCATIONS[place]
        self.zone = zone
        random = Random(seed)
        count = self.location.people if people is None else people
        coats = random.sample(_COATS, len(_COATS))
        self._walkers = [_walker(self.location, number, coats[number % len(coats)], random) for number in range(count)]
        self._driver = _Driver(self.location.view, self.location.road, random) if self.location.road and count else None

    def at(self, time: datetime) -> SceneState:
        seconds = time.timestamp()
        noon = cos(2 * pi * (self._local_seconds(time) / _DAY - 0.5))
        daylight = 1.0 if self.location.indoors else min(1.0, max(0.0, 0.5 + 1.2 * noon))
        ambient = 19 + noon if self.location.indoors else 14 + 8 * noon
        people = [person for walker in self._walkers if (person := walker.at(seconds)) is not None]
        car, barrier = self._driver.at(seconds) if self._driver else (None, 0.0)
        parts = self._temperatures(time, ambient)
        return SceneState(tuple(people), (car,) if car else (), barrier, daylight, ambient, parts)

    def _local_seconds(self, time: datetime) -> float:
        local = time.astimezone(self.zone)
        return local.hour * 3600 + local.minute * 60 + local.second

    def _temperatures(self, time: datetime, ambient: float) -> tuple[float, ...]:
        seconds = time.timestamp()
        load = 0.55 + 0.25 * sin(2 * pi * seconds / 900) + 0.1 * sin(2 * pi * seconds / 173)
        hot = self.schedule.age("hot_spot", time)
        excess = 0.0 if hot is None else 70 * (1 - exp(-hot / _HOT_RISE_S))
        return tuple(
            ambient + part.rise + part.per_load * load + (excess if part.hot else 0.0) for part in self.location.warm
        )


class _Walker:
    def __init__(self, view: View, route: Walk, phase: float, appearance: Appearance) -> None:
        self._view = view
        self._route = route
        self._phase = phase
        self._appearance = appearance

    def at(self, seconds: float) -> Person | None:
        step = self._route.at((seconds + self._phase) % self._route.period)
        if step is None:
            return None
        across, away = step.at
        x, y = self._view.point(across, 0.0, away)
        stride = 2 * pi * step.walked / _STRIDE_METRES if step.moving else None
        heading = step.heading if step.moving else step.heading * _TURNED
        person = Person(x, y, self._appearance.metres / away, away, stride, heading, self._appearance)
        return person if person.box[2] > 0 and person.box[3] > 0 else None


class _Driver:
    """Comes, waits until the barrier is open, and goes on."""

    def __init__(self, view: View, road: Route, random: Random) -> None:
        self._view = view
        self._round = Walk(road.points, road.stop_s, random.uniform(*road.absent_s), _CAR_SPEED)
        self._phase = random.uniform(0, self._round.period)
        self._opens = self._round.arrival(1) + road.stop_s - _BARRIER_S
        self._closes = self._round.arrival(2)

    def at(self, seconds: float) -> tuple[Car | None, float]:
        number, since = divmod(seconds + self._phase, self._round.period)
        barrier = min((since - self._opens) / _BARRIER_S, (self._closes - since) / _BARRIER_S + 1)
        step = self._round.at(since)
        barrier = min(1.0, max(0.0, barrier))
        if step is None:
            return None, barrier
        across, away = step.at
        x, y = self._view.point(across, 0.0, away)
        car = Car(x, y, CAR_METRES[0] / away / ASPECT, away, _PAINT[int(number) % len(_PAINT)])
        return (car if car.box[3] > 0 else None), barrier


def _walker(location: Location, number: int, coat: Rgb, random: Random) -> _Walker:
    """Every walk differs slightly from all others."""
    route = location.routes[number % len(location.routes)]
    aside = random.uniform(-0.3, 0.3)
    points = tuple((across + aside, away + aside) for across, away in route.points)
    if random.random() < 0.5 and not route.one_way:
        points = points[::-1]
    taken = Walk(points, route.stop_s, random.uniform(*route.absent_s), random.uniform(1.15, 1.5))
    appearance = Appearance(
        coat=coat,
        trousers=random.choice(_TROUSERS),
        hair=random.choice(_HAIR),
        skin=random.choice(_SKIN),
        metres=random.uniform(1.6, 1.92),
        build=random.uniform(0.88, 1.12),
    )
    return _Walker(location.view, taken, random.uniform(0, taken.period), appearance)


def _visible(left: float, top: float, right: float, bottom: float) -> Box:
    left, right = max(0.0, left), min(1.0, right)
    top, bottom = max(0.0, top), min(1.0, bottom)
    return left, top, max(0.0, right - left), max(0.0, bottom - top)
