"""The locations of drawn scenes: routes of people and cars, and warm parts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from bus_schemas.settings import FULL_FRAME, Corner, Roi, Thresholds
from bus_schemas.thermal import COLUMNS, ROWS
from edge.simulation.view import Point, View

LocationName = Literal["gate", "yard", "hall", "transformer"]
Rectangle = tuple[float, float, float, float]
"""x, y, width and height in 0..1 of the picture."""


@dataclass(frozen=True, slots=True)
class Route:
    """Points (metres right of the axis, metres away) of a walk, with `stop_s` at each in between.

    `absent_s` is the shortest and longest absence. A route is also walked back unless `one_way`.
    """

    points: tuple[Point, ...]
    stop_s: float = 0.0
    absent_s: Point = (4.0, 14.0)
    one_way: bool = False


@dataclass(frozen=True, slots=True)
class Warm:
    """A part that is warmer than the air by `rise` degrees, and by `per_load` more at full load.

    The fault `hot_spot` shows at a `hot` part.
    """

    part: Rectangle
    rise: float
    per_load: float
    hot: bool = False


@dataclass(frozen=True, slots=True)
class Location:
    """`road` is the route of cars, which stop at its middle point; `people` is the usual number of people."""

    view: View
    routes: tuple[Route, ...]
    people: int
    warm: tuple[Warm, ...]
    road: Route | None = None
    indoors: bool = False
    regions: tuple[Roi, ...] = field(default=(FULL_FRAME,))


def _of_sensor(x: float, y: float, wide: float, high: float) -> Rectangle:
    """Thermal pixels as shares of the picture, so that parts on them are measured without their surroundings."""
    return x / COLUMNS, y / ROWS, wide / COLUMNS, high / ROWS


def _region(name: str, coordinates: tuple[Corner, Corner], weight: float, warning: float) -> Roi:
    levels = Thresholds(warning=warning, critical=warning + 10, emergency=warning + 20)
    return Roi(name=name, coordinates=coordinates, weight=weight, thresholds=levels)


TANK: Final = _of_sensor(11, 10, 10, 8)
BUSHINGS: Final = tuple(_of_sensor(x, 4, 2, 6) for x in (12, 15, 18))
FINS: Final = (_of_sensor(7, 11, 4, 6), _of_sensor(21, 11, 4, 6))
CONSERVATOR: Final = _of_sensor(21, 7, 5, 2)
GATE_CABINET: Final = (0.13, 0.5, 0.04, 0.12)
YARD_CABINET: Final = (0.1, 0.4, 0.045, 0.12)
HALL_CABINET: Final = (0.47, 0.38, 0.035, 0.09)

_TRANSFORMER_WARM: Final = (
    *(Warm(part, 0, 18) for part in FINS),
    Warm(CONSERVATOR, 0, 14),
    Warm(TANK, 0, 30),
    Warm(BUSHINGS[0], 4, 30),
    Warm(BUSHINGS[1], 6, 30, hot=True),
    Warm(BUSHINGS[2], 5, 30),
)
_TRANSFORMER_REGIONS: Final = (
    FULL_FRAME,
    _region("bushings", ((12, 4), (20, 10)), 1.8, 70),
    _region("tank", ((11, 10), (21, 18)), 1.5, 75),
    _region("cooling", ((21, 11), (25, 17)), 1.0, 65),
)

GATE: Final = Location(
    view=View(horizon=0.3, eye=3.4),
    routes=(
        Route(((-9, 7.4), (9, 7.0))),
        Route(((-2.5, 11), (-1.2, 10), (-2.5, 11)), stop_s=5, absent_s=(8, 20)),
        Route(((8, 8.6), (-8, 8.8))),
        Route(((1.5, 34), (2.2, 9), (8, 7.5)), stop_s=2, absent_s=(150, 300), one_way=True),
    ),
    people=4,
    warm=(Warm(GATE_CABINET, 4, 10, hot=True),),
    road=Route(((1.6, 70), (1.6, 14.5), (1.6, 2)), stop_s=4, absent_s=(18, 34)),
)
YARD: Final = Location(
    view=View(horizon=0.32, eye=3.2),
    routes=(
        Route(((-8, 6.6), (8, 7.2))),
        Route(((8, 6), (1, 9), (0.75, 15)), stop_s=1, absent_s=(5, 12)),
        Route(((-9, 8.2), (-1.6, 7.6), (-0.4, 5.2), (-3.5, 3.6)), stop_s=3),
        Route(((9, 8.6), (-9, 8.4))),
        Route(((-7, 5.4), (1.6, 6.4), (7, 5)), stop_s=7),
    ),
    people=5,
    warm=(Warm(YARD_CABINET, 4, 10, hot=True),),
)
HALL: Final = Location(
    view=View(horizon=0.34, eye=3.4),
    routes=(
        Route(((-0.9, 24), (-1.6, 9), (-2.7, 8), (-1.4, 3.6)), stop_s=5),
        Route(((2.2, 21), (2.6, 8.2), (0.8, 7), (1.6, 20)), stop_s=7, absent_s=(4, 9)),
        Route(((5.5, 5.4), (1.0, 5.8), (0.4, 9), (0.4, 24)), stop_s=2),
        Route(((-7, 6), (7, 6.4)), absent_s=(20, 40)),
    ),
    people=3,
    warm=(Warm(HALL_CABINET, 4, 10, hot=True),),
    indoors=True,
)
TRANSFORMER: Final = Location(
    view=View(horizon=0.35, eye=3.0),
    routes=(
        Route(((-8, 5.6), (-3.1, 5.9), (-1.6, 5.4), (-7, 5.0)), stop_s=6, absent_s=(12, 30)),
        Route(((8, 5.3), (2.9, 5.6), (7, 5.2)), stop_s=8, absent_s=(15, 40)),
        Route(((-7, 5.1), (7, 5.2)), absent_s=(20, 40)),
    ),
    people=2,
    warm=_TRANSFORMER_WARM,
    regions=_TRANSFORMER_REGIONS,
)
LOCATIONS: Final[Mapping[LocationName, Location]] = {
    "gate": GATE,
    "yard": YARD,
    "hall": HALL,
    "transformer": TRANSFORMER,
}
