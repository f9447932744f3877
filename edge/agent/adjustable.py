"""What people change while a device runs: regions, zones, and when motion, black and frozen count."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from edge.agent.source_settings import Part

MOST = 64
"""Regions or zones of one device."""
_LEAST_AREA = 1e-6


def _not_blank(name: str) -> str:
    if not name.strip() or not name.isprintable():
        raise ValueError("a name needs something to read, and nothing that cannot be printed")
    return name


AreaName = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_not_blank)]
Share = Annotated[float, Field(ge=0, le=1)]
Celsius = Annotated[float, Field(ge=-273.15, le=2000)]
Pixel = Annotated[float, Field(ge=-100_000, le=100_000)]
Column = Annotated[int, Field(ge=0, le=32)]
Row = Annotated[int, Field(ge=0, le=24)]


class Thresholds(Part):
    """Degrees Celsius at which a region is in the next level of alert."""

    warning: Celsius = Field(default=75.0, description="°C")
    critical: Celsius = Field(default=85.0, description="°C")
    emergency: Celsius = Field(default=95.0, description="°C")

    @model_validator(mode="after")
    def _rising(self) -> "Thresholds":
        if not self.warning < self.critical < self.emergency:
            raise ValueError(f"must rise: warning {self.warning}, critical {self.critical}, emergency {self.emergency}")
        return self


class Roi(Part):
    """A named rectangle in the 24x32 thermal frame."""

    name: AreaName = Field(description="Unique in its device.")
    enabled: bool = Field(default=True, description="Whether it is measured.")
    coordinates: tuple[tuple[Column, Row], tuple[Column, Row]] = Field(
        description="Two corners [[x1, y1], [x2, y2]] in sensor pixels; the second is just outside."
    )
    visual_coordinates: tuple[tuple[Pixel, Pixel], tuple[Pixel, Pixel]] | None = Field(
        default=None, description="The same corners in the visual picture, as it was drawn there."
    )
    weight: Annotated[float, Field(gt=0, le=1000)] = Field(
        default=1.0, description="Its share in the composite temperature."
    )
    emissivity: Annotated[float, Field(ge=0.1, le=1)] = Field(default=0.95, description="Of the surface.")
    thresholds: Thresholds = Field(default_factory=Thresholds, description="Levels of alert.")

    @model_validator(mode="after")
    def _has_an_inside(self) -> "Roi":
        (left, top), (right, bottom) = self.coordinates
        if not (left < right and top < bottom):
            raise ValueError(
                f"'{self.name}' is empty: [[{left}, {top}], [{right}, {bottom}]] needs x1 < x2 and y1 < y2"
            )
        return self


class Zone(Part):
    """A named polygon in the visual picture."""

    name: AreaName = Field(description="Unique in its device.")
    points: tuple[tuple[Share, Share], ...] = Field(
        min_length=3, max_length=200, description="Corners [x, y], 0 to 1 of the picture."
    )
    restricted: bool = Field(default=False, description="Whether anybody in it is a RESTRICTED_ACCESS trigger.")
    max_people: Annotated[int, Field(ge=1, le=10_000)] | None = Field(
        default=None, description="More people in it are a CROWD_VIOLATION trigger."
    )

    @model_validator(mode="after")
    def _has_an_inside(self) -> "Zone":
        if all(abs(area) < _LEAST_AREA for area in _triangles(self.points)):
            raise ValueError(f"'{self.name}' has no area: its corners are on one line")
        return self


class Motion(Part):
    """When a change of the picture counts as motion."""

    sensitivity: Annotated[int, Field(ge=0, le=100)] = Field(
        default=25, description="0 sees nothing, 100 the slightest change."
    )
    min_area: Annotated[int, Field(ge=100, le=10_000)] = Field(
        default=500, description="Pixels; smaller changes are ignored."
    )


class Picture(Part):
    """When a picture is called black or frozen."""

    black_percentage: Annotated[float, Field(gt=0, le=100)] = Field(
        default=95.0, description="Share of dark pixels; a camera that shows menus over black needs a lower one."
    )
    freeze_seconds: Annotated[float, Field(gt=0, le=3600)] = Field(
        default=2.0, description="How long it must be the same."
    )


class Adjustable(Part):
    """Sections that are replaced as a whole; a section that a command does not name stays as it is."""

    rois: tuple[Roi, ...] = Field(
        default=(), max_length=MOST, description="Thermal regions; none means the full frame."
    )
    zones: tuple[Zone, ...] = Field(default=(), max_length=MOST, description="Polygons in the visual picture.")
    motion: Motion = Field(default_factory=Motion, description="When a change counts as motion.")
    picture: Picture = Field(default_factory=Picture, description="When a picture is black or frozen.")

    @model_validator(mode="after")
    def _no_name_twice(self) -> Self:
        refuse_doubled("ROI", [roi.name for roi in self.rois])
        refuse_doubled("zone", [zone.name for zone in self.zones])
        return self


def _triangles(points: Sequence[tuple[float, float]]) -> Iterator[float]:
    """Twice the areas of the triangles from the first corner: all are nothing where the corners are on one line."""
    x0, y0 = points[0]
    for (x1, y1), (x2, y2) in pairwise(points[1:]):
        yield (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)


def refuse_doubled(what: str, names: list[str]) -> None:
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise ValueError(f"{what} '{doubled[0]}' stands twice in one device")
