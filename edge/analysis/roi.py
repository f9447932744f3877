"""Regions of interest in a thermal frame: validated rectangles with emissivity and alert thresholds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, floor, isfinite
from typing import Any, Final, Literal

WIDTH: Final = 32
HEIGHT: Final = 24

AlertLevel = Literal["normal", "warning", "critical", "emergency"]
Corners = tuple[tuple[int, int], tuple[int, int]]


class InvalidRoi(ValueError):
    """What was given is no region; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Degrees Celsius; a temperature that reaches one has that level."""

    warning: float = 75.0
    critical: float = 85.0
    emergency: float = 95.0

    def __post_init__(self) -> None:
        if not self.warning < self.critical < self.emergency:
            raise InvalidRoi(
                f"thresholds must rise: warning {self.warning}, critical {self.critical}, emergency {self.emergency}"
            )

    def level(self, temperature: float) -> AlertLevel:
        if temperature >= self.emergency:
            return "emergency"
        if temperature >= self.critical:
            return "critical"
        return "warning" if temperature >= self.warning else "normal"


@dataclass(frozen=True, slots=True)
class Roi:
    """`coordinates` ((x1, y1), (x2, y2)) in thermal pixels, half open: x 0..32, y 0..24."""

    name: str
    coordinates: Corners = ((0, 0), (WIDTH, HEIGHT))
    weight: float = 1.0
    emissivity: float = 0.95
    thresholds: Thresholds = field(default_factory=Thresholds)
    enabled: bool = True

    def __post_init__(self) -> None:
        (x1, y1), (x2, y2) = self.coordinates
        if not self.name.strip():
            raise InvalidRoi("a region needs a name")
        if not (0 <= x1 < x2 <= WIDTH and 0 <= y1 < y2 <= HEIGHT):
            raise InvalidRoi(f"region {self.name!r}: {self.coordinates} is no rectangle within {WIDTH} x {HEIGHT}")
        if not 0.1 <= self.emissivity <= 1:
            raise InvalidRoi(f"region {self.name!r}: emissivity {self.emissivity} is not within 0.1..1")
        if not (self.weight > 0 and isfinite(self.weight)):
            raise InvalidRoi(f"region {self.name!r}: weight {self.weight} is not above 0")


FULL_FRAME: Final = Roi("full_frame")


def rois_from(given: Iterable[Mapping[str, Any]]) -> tuple[Roi, ...]:
    """All of them or `InvalidRoi`: half a set of regions would watch half a transformer."""
    rois = tuple(roi_from(entry) for entry in given)
    names = [roi.name for roi in rois]
    for name in names:
        if names.count(name) > 1:
            raise InvalidRoi(f"region {name!r} is given more than once")
    return rois


def roi_from(given: Mapping[str, Any]) -> Roi:
    name = str(given.get("name", ""))
    try:
        return Roi(
            name=name,
            coordinates=_corners(given["coordinates"]),
            weight=float(given.get("weight", 1.0)),
            emissivity=float(given.get("emissivity", 0.95)),
            thresholds=Thresholds(**{level: float(at) for level, at in dict(given.get("thresholds", {})).items()}),
            enabled=bool(given.get("enabled", True)),
        )
    except KeyError as missing:
        raise InvalidRoi(f"region {name!r}: {missing} is missing") from missing
    except (TypeError, ValueError) as wrong:
        if isinstance(wrong, InvalidRoi):
            raise
        raise InvalidRoi(f"region {name!r}: {wrong}") from wrong


def corners_from_visual(points: Sequence[Sequence[float]], size: tuple[int, int] = (1920, 1080)) -> Corners:
    """Two corners in any order in pixels of a picture of `size` to the thermal pixels that they touch."""
    (xa, ya), (xb, yb) = points
    x_scale, y_scale = WIDTH / size[0], HEIGHT / size[1]
    return (
        (floor(min(xa, xb) * x_scale), floor(min(ya, yb) * y_scale)),
        (ceil(max(xa, xb) * x_scale), ceil(max(ya, yb) * y_scale)),
    )


def _corners(given: Any) -> Corners:
    if isinstance(given, str):
        raise InvalidRoi(f"coordinates {given!r} are not [[x1, y1], [x2, y2]]")
    (x1, y1), (x2, y2) = given
    if any(isinstance(value, bool) or int(value) != value for value in (x1, y1, x2, y2)):
        raise InvalidRoi(f"coordinates {given!r} are not whole thermal pixels")
    return (int(x1), int(y1)), (int(x2), int(y2))


def _set(*rois: tuple[str, Corners, float, float, float]) -> tuple[Roi, ...]:
    """Name, corners, weight, emissivity, warning; critical and emergency are 10 and 20 degrees above."""
    return tuple(
        Roi(name, corners, weight, emissivity, Thresholds(warning, warning + 10, warning + 20))
        for name, corners, weight, emissivity, warning in rois
    )


ROI_SETS: Final[Mapping[str, tuple[Roi, ...]]] = {
    "distribution_pad_mount": _set(
        ("full_frame", ((0, 0), (32, 24)), 1.0, 0.95, 75),
        ("top_winding", ((8, 0), (24, 8)), 1.5, 0.95, 80),
        ("middle_core", ((8, 8), (24, 16)), 1.2, 0.8, 75),
        ("bottom_oil", ((8, 16), (24, 24)), 1.0, 0.95, 70),
    ),
    "pole_mounted": _set(
        ("full_frame", ((0, 0), (32, 24)), 1.0, 0.95, 70),
        ("upper_section", ((10, 0), (22, 12)), 1.3, 0.95, 75),
        ("lower_section", ((10, 12), (22, 24)), 1.0, 0.95, 70),
    ),
    "substation": _set(
        ("full_frame", ((0, 0), (32, 24)), 1.0, 0.95, 80),
        ("hv_bushing", ((4, 0), (14, 8)), 1.8, 0.2, 85),
        ("core_area", ((8, 8), (24, 16)), 1.5, 0.8, 85),
        ("lv_bushing", ((18, 0), (28, 8)), 1.8, 0.2, 85),
        ("cooling_system", ((0, 16), (32, 24)), 1.0, 0.9, 75),
    ),
}
