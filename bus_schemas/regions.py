"""Regions of a thermal frame as people set them: where they are, of what surface, and by what they are judged."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import ceil, floor
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, model_validator

from bus_schemas.complaints import check_readable
from bus_schemas.setting_types import Number, Section, Switch, Whole, unit
from bus_schemas.thermal import COLUMNS, ROWS, AlertLevel

MAX_POLYGON_CORNERS: Final = 32
_SMALLEST_AREA: Final = 1e-6

AreaName = Annotated[str, Field(strict=True, min_length=1, max_length=64), AfterValidator(check_readable)]
Celsius = Annotated[Number, Field(ge=-273.15, le=2000, json_schema_extra=unit("°C"))]
Reflected = Annotated[Number, Field(ge=-90, le=500, json_schema_extra=unit("°C"))]
Pixel = Annotated[Number, Field(ge=-100_000, le=100_000)]
Column = Annotated[Whole, Field(ge=0, le=COLUMNS)]
Row = Annotated[Whole, Field(ge=0, le=ROWS)]
Corner = tuple[Column, Row]
GridColumn = Annotated[Number, Field(ge=0, le=COLUMNS)]
GridRow = Annotated[Number, Field(ge=0, le=ROWS)]


class Thresholds(Section):
    """Degrees Celsius at which a region is in the next level of alert."""

    warning: Celsius = Field(default=75.0, description="°C")
    critical: Celsius = Field(default=85.0, description="°C")
    emergency: Celsius = Field(default=95.0, description="°C")

    @model_validator(mode="after")
    def _rise(self) -> Self:
        if not self.warning < self.critical < self.emergency:
            raise ValueError(
                "thresholds must rise: warning < critical < emergency, not"
                f" {self.warning:g}, {self.critical:g}, {self.emergency:g}"
            )
        return self

    def level(self, temperature: float) -> AlertLevel:
        """A temperature that reaches a threshold has its level."""
        if temperature >= self.emergency:
            return "emergency"
        if temperature >= self.critical:
            return "critical"
        return "warning" if temperature >= self.warning else "normal"


Rise = Annotated[Number, Field(gt=0, le=1000, json_schema_extra=unit("°C/min"))]
TrendExcess = Annotated[Number, Field(gt=0, le=1000, json_schema_extra=unit("°C"))]


class RegionLimits(Section):
    """Limits of the trend of a region, besides its thresholds. One that is not set is not looked at."""

    rise_c_per_minute: Rise | None = Field(default=None, description="Fastest rise.")
    above_group_c: TrendExcess | None = Field(
        default=None, description="Most above the median of the other regions of its group."
    )
    above_ambient_c: TrendExcess | None = Field(
        default=None, description="Most above ambient_c; where that is not set, above the coolest tenth of the frame."
    )


class Roi(Section):
    """A named rectangle in the thermal frame, half open: columns x1..x2, rows y1..y2 of a grid of 32 by 24; or a
    polygon within it.

    A sensor of another size has the grid over its whole frame, so that regions fit every sensor.
    """

    name: AreaName = Field(description="Unique in its device.")
    enabled: Switch = Field(default=True, description="Whether it is measured.")
    coordinates: tuple[Corner, Corner] = Field(
        description="Two corners [[x1, y1], [x2, y2]] in cells of the grid; the second is just outside."
    )
    polygon: (
        Annotated[tuple[tuple[GridColumn, GridRow], ...], Field(min_length=3, max_length=MAX_POLYGON_CORNERS)] | None
    ) = Field(
        default=None,
        description="Corners [x, y] in cells of the grid, also between them, of a polygon: the region is what of"
        " `coordinates` lies in it, pixels by their middle. `coordinates` are the smallest that hold it. None means the"
        " whole rectangle.",
    )
    visual_coordinates: tuple[tuple[Pixel, Pixel], tuple[Pixel, Pixel]] | None = Field(
        default=None, description="The same corners in the visual picture, as they were drawn there."
    )
    weight: Annotated[Number, Field(gt=0, le=1000)] = Field(
        default=1.0, description="Its share in the composite temperature."
    )
    emissivity: Annotated[Number, Field(ge=0.1, le=1)] = Field(default=0.95, description="Of the surface.")
    reflected_c: Reflected | None = Field(
        default=None, description="What its surface reflects; none means that of the device."
    )
    thresholds: Thresholds = Field(default=Thresholds(), description="Levels of alert.")
    group: AreaName | None = Field(
        default=None, description="Regions of one group, such as three phases, are compared with each other."
    )
    limits: RegionLimits = Field(default=RegionLimits(), description="Limits of its trend.")

    @model_validator(mode="after")
    def _has_area(self) -> Self:
        (x1, y1), (x2, y2) = self.coordinates
        if not (x1 < x2 and y1 < y2):
            raise ValueError(
                f"'{self.name}' has no area: x1 < x2 and y1 < y2 are needed, not {_written(self.coordinates)}"
            )
        return self

    @model_validator(mode="after")
    def _polygon_fits(self) -> Self:
        if self.polygon is None:
            return self
        if not has_area(self.polygon):
            raise ValueError(f"the polygon of '{self.name}' has no area: its corners are on one line")
        around = bounds_of(self.polygon)
        if self.coordinates != around:
            raise ValueError(
                f"the coordinates of '{self.name}' are not those around its polygon: write {_written(around)}, not"
                f" {_written(self.coordinates)}"
            )
        return self


def bounds_of(polygon: Sequence[tuple[float, float]]) -> tuple[Corner, Corner]:
    """The smallest rectangle of whole cells that holds a polygon."""
    xs, ys = zip(*polygon, strict=True)
    return (floor(min(xs)), floor(min(ys))), (ceil(max(xs)), ceil(max(ys)))


def _written(corners: tuple[Corner, Corner]) -> str:
    (x1, y1), (x2, y2) = corners
    return f"[[{x1}, {y1}], [{x2}, {y2}]]"


def has_area(points: Sequence[tuple[float, float]]) -> bool:
    """Whether the corners are not all on one line."""
    return any(abs(area) >= _SMALLEST_AREA for area in _triangles(points))


def _triangles(points: Sequence[tuple[float, float]]) -> Iterator[float]:
    """Twice the areas of the triangles from the first corner: all are nothing where the corners are on one line."""
    x0, y0 = points[0]
    for (x1, y1), (x2, y2) in pairwise(points[1:]):
        yield (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
