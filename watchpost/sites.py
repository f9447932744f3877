"""Sites, their devices, and what is looked for in their pictures."""

from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, PositiveFloat, PositiveInt, field_validator, model_validator

from watchpost.sources import Part, SceneSource, ThermalSource, VisualSource

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Share = Annotated[float, Field(ge=0, le=1)]
Column = Annotated[int, Field(ge=0, le=32)]
Row = Annotated[int, Field(ge=0, le=24)]
HUB_DEVICE = "_hub"


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


class OnnxDetector(Part):
    """A YOLO-shaped model run by onnxruntime."""

    kind: Literal["onnx"]
    model: Path = Field(description="The model file; none is delivered with the product.")
    min_score: Share = Field(default=0.5, description="Objects below it are not reported.")
    every_s: PositiveFloat = Field(default=1.0, description="Seconds between two looks, while there is motion.")


class SceneDetector(Part):
    """What a drawn scene knows to be in its picture: detections without a model."""

    kind: Literal["scene"]
    every_s: PositiveFloat = Field(default=1.0, description="Seconds between two looks.")


Detector = Annotated[OnnxDetector | SceneDetector, Field(discriminator="kind")]


class Device(Part):
    """A camera, a thermal sensor, or both looking at one place."""

    device: Id = Field(description="Its id, for ever: it is part of every key and topic.")
    name: str | None = Field(default=None, description="What people read; default the id.")
    visual: VisualSource | None = Field(default=None, description="Its camera.")
    thermal: ThermalSource | None = Field(default=None, description="Its 24x32 sensor.")
    rois: tuple[Roi, ...] = Field(default=(), description="Thermal regions; none means the full frame.")
    zones: tuple[Zone, ...] = Field(default=(), description="Polygons in the visual picture.")
    motion: Motion = Field(default_factory=Motion, description="Motion detection at the start; people change it later.")
    detector: Detector | None = Field(default=None, description="Who looks for objects; none means nobody.")
    node: Id | None = Field(default=None, description="The agent process that runs it; default one for the whole site.")

    @field_validator("device")
    @classmethod
    def _not_the_hub(cls, device: str) -> str:
        if device == HUB_DEVICE:
            raise ValueError(f"'{HUB_DEVICE}' is the hub's own name")
        return device

    @model_validator(mode="after")
    def _fits_together(self) -> "Device":
        if self.visual is None and self.thermal is None:
            raise ValueError(f"device '{self.device}' needs a visual or a thermal source")
        for which, source in (("visual", self.visual), ("thermal", self.thermal)):
            if isinstance(source, SceneSource) and source.scene != which:
                raise ValueError(f"device '{self.device}': the {which} source is a {source.scene} scene")
        if isinstance(self.detector, SceneDetector) and not isinstance(self.visual, SceneSource):
            raise ValueError(f"device '{self.device}': the scene detector knows only drawn scenes")
        refuse_doubled("ROI", [roi.name for roi in self.rois], f"in device '{self.device}'")
        refuse_doubled("zone", [zone.name for zone in self.zones], f"in device '{self.device}'")
        return self

    @property
    def title(self) -> str:
        return self.name or self.device


class Site(Part):
    """A place with a wall clock of its own."""

    site: Id = Field(description="Its id, for ever: it is part of every key and topic.")
    name: str | None = Field(default=None, description="What people read; default the id.")
    time_zone: str = Field(
        default="UTC", description="IANA zone, as Europe/Berlin: the days and hours that people see."
    )
    devices: tuple[Device, ...] = Field(default=(), description="What watches it.")

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"'{name}' is no IANA time zone; write it as Europe/Berlin") from error
        return name

    @field_validator("devices")
    @classmethod
    def _once_each(cls, devices: tuple[Device, ...]) -> tuple[Device, ...]:
        refuse_doubled("device", [device.device for device in devices], "in one site")
        return devices

    @property
    def title(self) -> str:
        return self.name or self.site


def refuse_doubled(what: str, names: list[str], where: str) -> None:
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise ValueError(f"{what} '{doubled[0]}' stands twice {where}")
