"""Settings that people change while a device runs: one model a section, with its bounds, units and defaults.

The configuration file, the agent, the API, the settings event and the page read them here, so that what one of them
accepts all accept, and what one refuses all refuse with the same sentence.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from bus_schemas.complaints import refuse_duplicates, summary
from bus_schemas.fusion_settings import FusionSettings as FusionSettings
from bus_schemas.motion_settings import USUAL_CLASSES, EventClasses
from bus_schemas.motion_settings import MotionSettings as MotionSettings
from bus_schemas.night_settings import NightSettings as NightSettings
from bus_schemas.picture_settings import PictureSettings as PictureSettings
from bus_schemas.place_settings import PlaceSettings as PlaceSettings
from bus_schemas.recording_settings import RecordingSettings as RecordingSettings
from bus_schemas.regions import AreaName, Celsius, Reflected, has_area
from bus_schemas.regions import Corner as Corner
from bus_schemas.regions import RegionLimits as RegionLimits
from bus_schemas.regions import Roi as Roi
from bus_schemas.regions import Thresholds as Thresholds
from bus_schemas.setting_types import Number, Section, Switch, Whole, unit
from bus_schemas.snapshot_settings import SnapshotSettings as SnapshotSettings
from bus_schemas.thermal import COLUMNS, ROWS

MAX_AREAS: Final = 64
"""Regions or zones of one device."""
MAX_CORNERS: Final = 200
MAX_CORNERS_OF_DEVICE: Final = 2000
"""Corners of all zones together, so that all settings of a device fit into one event."""
MAX_POLYGON_CORNERS_OF_DEVICE: Final = 512
"""Corners of all regions that are polygons, for the same reason."""


Share = Annotated[Number, Field(ge=0, le=1)]
SensorPixel = tuple[Annotated[Whole, Field(ge=0, le=65_535)], Annotated[Whole, Field(ge=0, le=65_535)]]


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
        if not has_area(self.points):
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
    corners = sum(len(roi.polygon or ()) for roi in rois)
    if corners > MAX_POLYGON_CORNERS_OF_DEVICE:
        raise ValueError(
            f"the polygons of the regions have {corners} corners together;"
            f" at most {MAX_POLYGON_CORNERS_OF_DEVICE} are kept"
        )
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
Place = Annotated[PlaceSettings, Field(description="Where it is: the hub says it, and no person.")]

FULL_FRAME: Final = Roi(name="full_frame", coordinates=((0, 0), (COLUMNS, ROWS)))


def region_words(name: str) -> str:
    """A region by the name that somebody gave it; the one that nobody made has its name of the contract."""
    return "whole picture" if name == FULL_FRAME.name else name


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
    place: Place = PlaceSettings()

    @property
    def measured_rois(self) -> tuple[Roi, ...]:
        return self.rois or (FULL_FRAME,)

    def at(self, local: datetime) -> "AdjustableSettings":
        """The settings in force at a moment in the time zone of the site."""
        return self.by_night() if self.night.is_night(local) else self

    def by_night(self) -> "AdjustableSettings":
        """The settings in force at night."""
        motion = self.motion.model_copy(update={"sensitivity": self.night.sensitivity})
        picture = self.picture.model_copy(update={"black_percentage": self.night.black_percentage})
        return self.model_copy(update={"motion": motion, "picture": picture})


SECTIONS: Final = tuple(AdjustableSettings.model_fields)


def _without_defaults(schema: dict[str, Any]) -> None:
    for section in schema["properties"].values():
        section.pop("default", None)


def _named_fields(value: Any, dumped: Any) -> Any:
    """The JSON of a value, without fields that are nothing by default."""
    if isinstance(value, tuple):
        return [_named_fields(*pair) for pair in zip(value, dumped, strict=True)]
    if not isinstance(value, BaseModel):
        return dumped
    fields, named = type(value).model_fields, {}
    for name, json in dumped.items():
        said, default = getattr(value, name), fields[name].get_default(call_default_factory=True)
        kept = _named_fields(said, json)
        if said != default or kept not in (None, {}):
            named[name] = kept
    return named


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

    def request(self) -> dict[str, Any]:
        """The same for a device, which may be of an older release and refuses what it does not know: fields that are
        nothing by default, and were left at that, are not named.
        """
        return {name: _named_fields(getattr(self, name), section) for name, section in self.sections().items()}

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
