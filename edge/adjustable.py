"""What people change while a device runs: regions, zones, and when motion, black and frozen count."""

from typing import Annotated, Self

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from edge.source_settings import Part

Share = Annotated[float, Field(ge=0, le=1)]
Column = Annotated[int, Field(ge=0, le=32)]
Row = Annotated[int, Field(ge=0, le=24)]


class Thresholds(Part):
    """Degrees Celsius at which a region is in the next level of alert."""

    warning: float = Field(default=75.0, description="°C")
    critical: float = Field(default=85.0, description="°C")
    emergency: float = Field(default=95.0, description="°C")

    @model_validator(mode="after")
    def _rising(self) -> "Thresholds":
        if not self.warning < self.critical < self.emergency:
            raise ValueError(f"must rise: warning {self.warning}, critical {self.critical}, emergency {self.emergency}")
        return self


class Roi(Part):
    """A named rectangle in the 24x32 thermal frame."""

    name: str = Field(min_length=1, description="Unique in its device.")
    enabled: bool = Field(default=True, description="Whether it is measured.")
    coordinates: tuple[tuple[Column, Row], tuple[Column, Row]] = Field(
        description="Two corners [[x1, y1], [x2, y2]] in sensor pixels; the second is just outside."
    )
    visual_coordinates: tuple[tuple[float, float], tuple[float, float]] | None = Field(
        default=None, description="The same corners in the visual picture, as it was drawn there."
    )
    weight: PositiveFloat = Field(default=1.0, description="Its share in the composite temperature.")
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

    name: str = Field(min_length=1, description="Unique in its device.")
    points: tuple[tuple[Share, Share], ...] = Field(min_length=3, description="Corners [x, y], 0 to 1 of the picture.")
    restricted: bool = Field(default=False, description="Whether anybody in it is a RESTRICTED_ACCESS trigger.")
    max_people: PositiveInt | None = Field(default=None, description="More people in it are a CROWD_VIOLATION trigger.")


class Motion(Part):
    """When a change of the picture counts as motion."""

    sensitivity: Annotated[int, Field(ge=0, le=100)] = Field(
        default=25, description="0 sees nothing, 100 the slightest change."
    )
    min_area: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        default=500, description="Pixels; smaller changes are ignored."
    )


class Picture(Part):
    """When a picture is called black or frozen."""

    black_percentage: Annotated[float, Field(gt=0, le=100)] = Field(
        default=95.0, description="Share of dark pixels; a camera that shows menus over black needs a lower one."
    )
    freeze_seconds: PositiveFloat = Field(default=2.0, description="How long it must be the same.")


class Adjustable(Part):
    """Sections that are replaced as a whole; a section that a command does not name stays as it is."""

    rois: tuple[Roi, ...] = Field(default=(), description="Thermal regions; none means the full frame.")
    zones: tuple[Zone, ...] = Field(default=(), description="Polygons in the visual picture.")
    motion: Motion = Field(default_factory=Motion, description="When a change counts as motion.")
    picture: Picture = Field(default_factory=Picture, description="When a picture is black or frozen.")

    @model_validator(mode="after")
    def _no_name_twice(self) -> Self:
        refuse_doubled("ROI", [roi.name for roi in self.rois])
        refuse_doubled("zone", [zone.name for zone in self.zones])
        return self


def refuse_doubled(what: str, names: list[str]) -> None:
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise ValueError(f"{what} '{doubled[0]}' stands twice in one device")
