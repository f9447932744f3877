"""Settings that people change while a device runs: one model a section, with its bounds, units and defaults.

The configuration file, the agent, the API, the settings event and the page read them here, so that what one of them
accepts all accept, and what one refuses all refuse with the same sentence.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, ValidationError, model_validator

from bus_schemas.complaints import check_readable, refuse_duplicates, summary
from bus_schemas.fusion_settings import FusionSettings as FusionSettings
from bus_schemas.motion_settings import USUAL_CLASSES, EventClasses
from bus_schemas.motion_settings import MotionSettings as MotionSettings
from bus_schemas.night_settings import NightSettings as NightSettings
from bus_schemas.picture_settings import PictureSettings as PictureSettings
from bus_schemas.recording_settings import RecordingSettings as RecordingSettings
from bus_schemas.setting_types import Number, Section, Switch, Whole, unit
from bus_schemas.snapshot_settings import SnapshotSettings as SnapshotSettings
from bus_schemas.thermal import COLUMNS, ROWS, AlertLevel

MAX_AREAS: Final = 64
"""Regions or zones of one device."""
MAX_CORNERS: Final = 200
MAX_CORNERS_OF_DEVICE: Final = 2000
"""Of all zones together, so that all settings of a device fit into one event."""
_SMALLEST_AREA: Final = 1e-6


AreaName = Annotated[str, Field(strict=True, min_length=1, max_length=64), AfterValidator(check_readable)]
Share = Annotated[Number, Field(ge=0, le=1)]
Celsius = Annotated[Number, Field(ge=-273.15, le=2000, json_schema_extra=unit("°C"))]
Reflected = Annotated[Number, Field(ge=-90, le=500, json_schema_extra=unit("°C"))]
Pixel = Annotated[Number, Field(ge=-100_000, le=100_000)]
Column = Annotated[Whole, Field(ge=0, le=COLUMNS)]
Row = Annotated[Whole, Field(ge=0, le=ROWS)]
Corner = tuple[Column, Row]
SensorPixel = tuple[Annotated[Whole, Field(ge=0, le=65_535)], Annotated[Whole, Field(ge=0, le=65_535)]]


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
    """A named rectangle in the thermal frame, half open: columns x1..x2, rows y1..y2 of a grid of 32 by 24.

    A sensor of another size has the grid over its whole frame, so that regions fit every sensor.
    """

    name: AreaName = Field(description="Unique in its device.")
    enabled: Switch = Field(default=True, description="Whether it is measured.")
    coordinates: tuple[Corner, Corner] = Field(
        description="Two corners [[x1, y1], [x2, y2]] in cells of the grid; the second is just outside."
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
                f"'{self.name}' has no area: x1 < x2 and y1 < y2 are needed, not [[{x1}, {y1}], [{x2}, {y2}]]"
            )
        return self


class Zone(Section):
    """A named polygon in the visual picture."""

    name: AreaName = Field(description="Unique in its device.")
    points: tuple[tuple[Share, Share], ...] = Field(
        min_length=3, max_length=MAX_CORNERS, description="Corners [x, y], 0 to 1 of the picture."
    )
    restricted: Switch = Field(default=False, description="Whether anybody in it is a RESTRICTED_ACCESS trigger.")
    max_people: Annotated[Whole, Field(ge=1, le=10_000)] | None = Field(
        default=None, description="More people in it are a CROWD_VIOLATION trigger."
    )
    motion: Literal["normal", "only", "ignored"] = Field(
        default="normal",
        description="only: motion counts in such zones alone; ignored: it does not count in this one.",
    )

    @model_validator(mode="after")
    def _has_area(self) -> Self:
        if all(abs(area) < _SMALLEST_AREA for area in _triangles(self.points)):
            raise ValueError(f"'{self.name}' has no area: its corners are on one line")
        return self


class ThermographySettings(Section):
    """How temperatures are worked out of what the thermal sensor measures."""

    hot_spot_c: Celsius = Field(default=80.0, description="Pixels above it are hot spots.")
    composite: Literal["weighted_average", "max", "average", "none"] = Field(
        default="weighted_average", description="How one temperature is made of the regions' maxima."
    )
    hot_spot_connectivity: Literal["4", "8"] = Field(
        default="4", description="Pixels of one hot spot touch at an edge (4), or at an edge or a corner (8)."
    )
    hot_spot_min_area: Annotated[Whole, Field(ge=1, le=100_000, json_schema_extra=unit("px"))] = Field(
        default=1, description="A smaller hot spot is not reported."
    )
    filtered: Switch = Field(
        default=True, description="Whether frames are smoothed at all; false switches off both filters below."
    )
    temporal_filter: Switch = Field(default=True, description="Whether frames are averaged with those before them.")
    spatial_filter: Switch = Field(default=True, description="Whether frames are smoothed by a Gaussian of 3 x 3.")
    bad_pixel_filter: Switch = Field(
        default=True, description="Whether pixels that are found to be broken are replaced by their neighbours."
    )
    bad_pixel_offset_c: Annotated[Number, Field(ge=0.5, le=100, json_schema_extra=unit("°C"))] = Field(
        default=5.0, description="A pixel that is off from its neighbours by a constant amount above it is broken."
    )
    broken_pixels: tuple[SensorPixel, ...] = Field(
        default=(),
        max_length=1000,
        description="Pixels [x, y] that are known to be broken: an alert that such a pixel raised may end.",
    )
    max_bad_pixels: Annotated[Whole, Field(ge=0, le=100_000, json_schema_extra=unit("px"))] = Field(
        default=16, description="With more pixels that are replaced, the sensor has a fault."
    )
    chessboard_c: Annotated[Number, Field(ge=0.1, le=100, json_schema_extra=unit("°C"))] = Field(
        default=2.0, description="With a larger difference between both half frames, the sensor has a fault."
    )
    ambient_c: Annotated[Number, Field(ge=-90, le=90, json_schema_extra=unit("°C"))] | None = Field(
        default=None, description="Temperature of the air, which is corrected for; none means no correction."
    )
    reflected_c: Reflected = Field(
        default=25.0, description="Temperature of what is around the surfaces, which they reflect."
    )
    emissivity_formula: Literal["radiation", "legacy"] = Field(
        default="radiation", description="legacy reads as an older monitor did, for thresholds that were set by it."
    )


def _check_rois(rois: tuple[Roi, ...]) -> tuple[Roi, ...]:
    refuse_duplicates("ROI", [roi.name for roi in rois], "in one device")
    return rois


def _check_zones(zones: tuple[Zone, ...]) -> tuple[Zone, ...]:
    refuse_duplicates("zone", [zone.name for zone in zones], "in one device")
    corners = sum(len(zone.points) for zone in zones)
    if corners > MAX_CORNERS_OF_DEVICE:
        raise ValueError(f"the zones have {corners} corners together; at most {MAX_CORNERS_OF_DEVICE} are kept")
    return zones


Rois = Annotated[
    tuple[Roi, ...],
    Field(max_length=MAX_AREAS, description="Thermal regions; none means the full frame."),
    AfterValidator(_check_rois),
]
Zones = Annotated[
    tuple[Zone, ...],
    Field(max_length=MAX_AREAS, description="Polygons in the visual picture."),
    AfterValidator(_check_zones),
]
Motion = Annotated[MotionSettings, Field(description="When a change counts as motion.")]
Picture = Annotated[PictureSettings, Field(description="When a picture is black, frozen or broken.")]
Thermography = Annotated[ThermographySettings, Field(description="How temperatures are worked out.")]
Recording = Annotated[
    RecordingSettings, Field(description="When video is recorded, and what is kept of the time around motion.")
]
Snapshots = Annotated[SnapshotSettings, Field(description="Which snapshots are kept, and what stands in them.")]
Night = Annotated[NightSettings, Field(description="When it is night, and how pictures are judged then.")]
Fused = Annotated[FusionSettings, Field(description="How heat and picture are shown as one.")]

FULL_FRAME: Final = Roi(name="full_frame", coordinates=((0, 0), (COLUMNS, ROWS)))


class AdjustableSettings(Section):
    """All sections. Each is replaced as a whole; one that a change does not name stays as it is."""

    rois: Rois = ()
    zones: Zones = ()
    motion: Motion = MotionSettings()
    event_classes: EventClasses = USUAL_CLASSES
    picture: Picture = PictureSettings()
    thermography: Thermography = ThermographySettings()
    recording: Recording = RecordingSettings()
    night: Night = NightSettings()
    snapshots: Snapshots = SnapshotSettings()
    fusion: Fused = FusionSettings()

    @property
    def measured_rois(self) -> tuple[Roi, ...]:
        return self.rois or (FULL_FRAME,)

    def at(self, local: datetime) -> "AdjustableSettings":
        """What is in force at a moment in the zone of the site."""
        return self.by_night() if self.night.is_night(local) else self

    def by_night(self) -> "AdjustableSettings":
        """What is in force at night."""
        motion = self.motion.model_copy(update={"sensitivity": self.night.sensitivity})
        picture = self.picture.model_copy(update={"black_percentage": self.night.black_percentage})
        return self.model_copy(update={"motion": motion, "picture": picture})


SECTIONS: Final = tuple(AdjustableSettings.model_fields)


def _without_defaults(schema: dict[str, Any]) -> None:
    for section in schema["properties"].values():
        section.pop("default", None)


class SettingsChange(AdjustableSettings):
    """Sections to replace; those that are left out stay as they are."""

    model_config = ConfigDict(json_schema_extra=_without_defaults)

    @model_validator(mode="after")
    def _names_a_section(self) -> Self:
        if not self.model_fields_set:
            raise ValueError(f"name at least one section: {', '.join(SECTIONS)}")
        return self

    def sections(self) -> dict[str, Any]:
        """Those that it names, as JSON."""
        return self.model_dump(mode="json", include=self.model_fields_set)

    def applied_to(self, current: AdjustableSettings) -> AdjustableSettings:
        changed = {name: getattr(self, name) for name in self.model_fields_set}
        return AdjustableSettings(**{**dict(current), **changed})


@dataclass(frozen=True, slots=True)
class ReportedSections:
    """The sections of a settings event: those that fit, those of a foreign device, and why the others do not fit."""

    known: dict[str, Any] = field(default_factory=dict)
    other: dict[str, Any] = field(default_factory=dict)
    set_aside: dict[str, str] = field(default_factory=dict)

    def applied_to(self, current: AdjustableSettings) -> AdjustableSettings:
        return AdjustableSettings(**{**dict(current), **self.known})


def read_sections(reported: Mapping[str, Any]) -> ReportedSections:
    """Section by section: what does not fit costs itself."""
    found = ReportedSections()
    for name, value in reported.items():
        if name not in SECTIONS:
            found.other[name] = value
            continue
        try:
            found.known[name] = getattr(SettingsChange.model_validate({name: value}), name)
        except ValidationError as error:
            found.set_aside[name] = summary(error, {name: value})
    return found


def _triangles(points: Sequence[tuple[float, float]]) -> Iterator[float]:
    """Twice the areas of the triangles from the first corner: all are nothing where the corners are on one line."""
    x0, y0 = points[0]
    for (x1, y1), (x2, y2) in pairwise(points[1:]):
        yield (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
