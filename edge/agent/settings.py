"""Settings of one agent: its devices, their detectors and rates, and its link."""

from pathlib import Path
from typing import Annotated, Final, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, field_validator, model_validator

from bus_schemas.event import RESERVED, Name, device_source
from bus_schemas.fusion_settings import AlignmentSettings
from bus_schemas.motion_settings import USUAL_CLASSES, EventClasses
from bus_schemas.radiometric import COARSEST_STEP_C, FINEST_STEP_C
from bus_schemas.registry import DisplayName
from bus_schemas.roi_sets import ROI_SETS, RoiSet
from bus_schemas.settings import (
    AdjustableSettings,
    Fused,
    FusionSettings,
    Motion,
    MotionSettings,
    Night,
    NightSettings,
    Picture,
    PictureSettings,
    PlaceSettings,
    Recording,
    RecordingSettings,
    Rois,
    Share,
    Snapshots,
    SnapshotSettings,
    Thermography,
    ThermographySettings,
    Zones,
)
from edge.agent.defaults import THUMBNAIL
from edge.agent.source_settings import (
    SceneSourceSettings,
    SettingsModel,
    SubSourceSettings,
    ThermalSourceSettings,
    VisualSourceSettings,
)


def _not_the_hub(name: str) -> str:
    if name in RESERVED:
        raise ValueError(f"'{name}' is the hub's own name")
    return name


Id = Name
OwnId = Annotated[Id, AfterValidator(_not_the_hub)]
"""The name of a site or a device."""
SLOWEST: Final = 0.01
PerSecond = Annotated[float, Field(ge=SLOWEST, le=120)]
Seconds = Annotated[float, Field(ge=0.1, le=86_400)]


class OnnxDetectorSettings(SettingsModel):
    """A YOLO-shaped model run by onnxruntime."""

    kind: Literal["onnx"]
    model: Path = Field(description="The model file; none is delivered with the product.")
    labels: tuple[str, ...] = Field(default=("person",), min_length=1, description="Of its classes, in its order.")
    min_score: Share = Field(default=0.5, description="Objects below it are not reported.")
    every_s: Seconds = Field(default=1.0, description="Seconds between two looks, while there is motion.")


class SceneDetectorSettings(SettingsModel):
    """What a drawn scene knows to be in its picture: detections without a model."""

    kind: Literal["scene"]
    every_s: Seconds = Field(default=1.0, description="Seconds between two looks.")


class ShapeDetectorSettings(SettingsModel):
    """Guesses from the size and shape of what moves: no model needed, and no score above 0.5."""

    kind: Literal["shape"]
    every_s: Seconds = Field(default=1.0, description="Seconds between two looks.")


DetectorSettings = Annotated[
    OnnxDetectorSettings | SceneDetectorSettings | ShapeDetectorSettings, Field(discriminator="kind")
]


class RatesSettings(SettingsModel):
    """How often a device sends what. A segment begins with the first keyframe after `segment_s`."""

    analysis_fps: PerSecond = Field(default=5.0, description="Pictures that are looked at, a second.")
    capture_fps: PerSecond = Field(default=2.0, description="Full pictures that are kept, a second.")
    thumbnail_fps: PerSecond = Field(default=1.0, description=f"{THUMBNAIL[0]}x{THUMBNAIL[1]} pictures, a second.")
    live_fps: Annotated[float, Field(ge=0, le=10)] = Field(default=2.0, description="Previews a second; 0 for none.")
    thermal_fps: PerSecond = Field(default=1.0, le=8, description="Thermal events a second.")
    thermal_frame_s: Seconds = Field(default=60.0, description="Seconds between two raw thermal frames that are kept.")
    thermal_step_c: Annotated[float, Field(ge=FINEST_STEP_C, le=COARSEST_STEP_C)] = Field(
        default=0.15, description="Degrees to which those are kept; around an alert it is a hundredth."
    )
    thermal_before_s: Annotated[float, Field(ge=0, le=60)] = Field(
        default=10.0,
        description="Seconds before a change of the alert level, or a trend beyond its limit, of which every frame is"
        " kept.",
    )
    thermal_after_s: Annotated[float, Field(ge=0, le=600)] = Field(
        default=30.0, description="Seconds after such a change of which every frame is kept."
    )
    thermal_alert_frames: Annotated[int, Field(ge=0, le=36_000)] = Field(
        default=3600, description="Most frames that are kept for alerts, an hour."
    )
    segment_s: Annotated[float, Field(ge=1, le=60)] = Field(default=10.0, description="Seconds of a video segment.")
    record: bool = Field(default=True, description="Whether video is recorded.")
    record_as: Literal["sent", "sent_with_mjpeg", "h264", "encoded"] = Field(
        default="sent",
        description=(
            "sent keeps H.264 and H.265 as the camera sends them; sent_with_mjpeg MJPEG as well, which takes several "
            "times the room and which no browser plays; h264 keeps H.264 and encodes H.265, which not every browser "
            "plays; encoded encodes all of it. Encoding takes much of a processor."
        ),
    )
    record_fps: PerSecond | None = Field(
        default=None,
        description="Most pictures per second of video that is encoded here; default the camera's own.",
    )
    record_width: Annotated[int, Field(ge=16, le=16_384)] | None = Field(
        default=None, description="Widest picture of video that is encoded here; default the camera's own."
    )
    record_bits_per_s: Annotated[int, Field(ge=50_000, le=100_000_000)] | None = Field(
        default=None,
        description="Bit rate of video that is encoded here; default by the size and rate of its pictures.",
    )

    @field_validator("live_fps")
    @classmethod
    def _none_or_some(cls, rate: float) -> float:
        if 0 < rate < SLOWEST:
            raise ValueError(f"previews come {SLOWEST:g} times a second at least, or 0 for none")
        return rate


class DeviceParts(SettingsModel):
    """A camera, a thermal sensor, or both looking at one place."""

    device: OwnId = Field(description="Its id, for ever: it is part of every key and topic.")
    name: DisplayName | None = Field(default=None, description="What people read; default the id.")
    visual: VisualSourceSettings | None = Field(default=None, description="Its camera.")
    sub: SubSourceSettings | None = Field(
        default=None,
        description="A second, smaller stream of the camera: it is analysed and shown, and visual recorded.",
    )
    thermal: ThermalSourceSettings | None = Field(default=None, description="Its thermal sensor.")
    alignment: AlignmentSettings | None = Field(
        default=None, description="How the thermal frame lies over the picture, for fusion.alignment."
    )
    rois: Rois = ()
    roi_set: RoiSet | None = Field(default=None, description="Thermal regions of a type of transformer, for rois.")
    zones: Zones = ()
    motion: Motion = MotionSettings()
    event_classes: EventClasses = USUAL_CLASSES
    picture: Picture = PictureSettings()
    thermography: Thermography = ThermographySettings()
    recording: Recording = RecordingSettings()
    night: Night = NightSettings()
    snapshots: Snapshots = SnapshotSettings()
    fusion: Fused = FusionSettings()
    detector: DetectorSettings | None = Field(
        default=None, description="What detects objects; none means no detections."
    )
    rates: RatesSettings = Field(default_factory=RatesSettings, description="How often it sends what.")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.visual is None and self.thermal is None:
            raise ValueError(f"device '{self.device}' needs a visual or a thermal source")
        for which, source in (("visual", self.visual), ("thermal", self.thermal)):
            if isinstance(source, SceneSourceSettings) and source.scene != which:
                raise ValueError(f"device '{self.device}': the {which} source is a {source.scene} scene")
        if self.sub is not None and (self.visual is None or isinstance(self.visual, SceneSourceSettings)):
            raise ValueError(f"device '{self.device}': sub is a second stream of a camera; give its first as visual")
        if isinstance(self.detector, SceneDetectorSettings) and not isinstance(self.visual, SceneSourceSettings):
            raise ValueError(f"device '{self.device}': the scene detector knows only drawn scenes")
        if self.rois and self.roi_set is not None:
            raise ValueError(f"device '{self.device}': give either rois or roi_set")
        return self

    @model_validator(mode="after")
    def _aligns_two_sensors(self) -> Self:
        if self._alignment is not None and (self.visual is None or self.thermal is None):
            raise ValueError(f"device '{self.device}': alignment needs a visual and a thermal source")
        if self.alignment is not None and self.fusion.alignment is not None:
            raise ValueError(f"device '{self.device}': give either alignment or fusion.alignment")
        return self

    @property
    def _alignment(self) -> AlignmentSettings | None:
        return self.alignment or self.fusion.alignment

    @property
    def title(self) -> str:
        return self.name or self.device

    def adjustable(self) -> AdjustableSettings:
        """The settings that people may change later, as they are at the start."""
        rois = self.rois if self.roi_set is None else ROI_SETS[self.roi_set]
        sections = {name: getattr(self, name) for name in AdjustableSettings.model_fields if name != "place"}
        fusion = self.fusion.model_copy(update={"alignment": self._alignment})
        return AdjustableSettings(**{**sections, "rois": rois, "fusion": fusion})


class DeviceSettings(DeviceParts):
    """A device and the place where it is."""

    site: OwnId = Field(description="Where it is.")
    site_name: DisplayName | None = Field(
        default=None, description="What people read in its pictures; default the site's id."
    )
    time_zone: str = Field(default="UTC", description="IANA zone of its hours and captions, until the hub says it.")

    @property
    def source(self) -> str:
        return device_source(self.site, self.device)

    def zone(self, adjustable: AdjustableSettings) -> ZoneInfo:
        """By whose clock its hours and captions go: that of its site, as the hub says, or of its configuration."""
        return ZoneInfo(adjustable.place.time_zone or self.time_zone)

    def place(self, adjustable: AdjustableSettings) -> PlaceSettings:
        """What it goes by: as the hub says, or as its configuration."""
        said = adjustable.place
        return PlaceSettings(
            time_zone=self.zone(adjustable).key,
            site_name=said.site_name or self.site_name or self.site,
            device_name=said.device_name or self.title,
        )

    def in_force(self, adjustable: AdjustableSettings) -> AdjustableSettings:
        """With the place that it goes by, as it is reported."""
        return adjustable.model_copy(update={"place": self.place(adjustable)})


class LinkSettings(SettingsModel):
    """What an agent keeps while the hub is away, and how it sends."""

    bytes_per_s: Annotated[int, Field(ge=1000)] | None = Field(
        default=None, description="Limit of its link; 50000 suits a cellular one."
    )
    compress: bool | None = Field(
        default=None,
        description="Whether events of more than 256 bytes are sent as gzip where that is smaller; default yes, unless"
        " the broker is at the same machine.",
    )
    hardware_watchdog: Path | None = Field(
        default=None,
        description="A device such as /dev/watchdog: the machine starts again when the agent has stopped working for a"
        " minute.",
    )
    max_outbox_bytes: Annotated[int, Field(ge=1_000_000)] = Field(
        default=4_000_000_000, description="What it keeps while the hub is away, at most."
    )
    tail_bytes: Annotated[int, Field(ge=0)] = Field(
        default=1_000_000_000,
        description="Part of that for confirmed events, from which a lost journal is filled again; at most a twentieth"
        " of the disk.",
    )
    tail_hours: Annotated[float, Field(ge=0, le=876_000)] = Field(default=24.0, description="How long that is kept.")


class NodeSettings(LinkSettings):
    """One agent process. A device that is configured later begins a stream of its own in the same outbox."""

    node: Id = Field(description="Its id: the name of its outbox.")
    devices: tuple[DeviceSettings, ...] = Field(min_length=1, description="What it runs.")
