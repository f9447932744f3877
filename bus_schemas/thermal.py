"""What a thermal sensor measures: temperatures in °C over a frame of 24 rows by 32 columns."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bus_schemas.event import Event, Fact, MediaKey
from bus_schemas.limits import MAX_COUNT, Count, Items, Limit, Pixels, Word

AlertLevel = Literal["normal", "warning", "critical", "emergency"]
Celsius = Annotated[float, Field(ge=-273.15, le=2000, allow_inf_nan=False)]
Deviation = Annotated[float, Field(ge=0), Limit(le=2300)]
Area = Annotated[int, Field(ge=1), Limit(le=MAX_COUNT)]
Column = Annotated[int, Field(ge=0, le=32)]
Row = Annotated[int, Field(ge=0, le=24)]


class Thresholds(Fact):
    warning: Celsius = 75.0
    critical: Celsius = 85.0
    emergency: Celsius = 95.0

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if not self.warning < self.critical < self.emergency:
            raise ValueError("thresholds must rise: warning < critical < emergency")
        return self


class Roi(Fact):
    """A named rectangle in a thermal frame, half open: columns x1..x2, rows y1..y2."""

    name: Annotated[str, Field(min_length=1, max_length=64, pattern=r"\S")]
    enabled: bool = True
    coordinates: tuple[tuple[Column, Row], tuple[Column, Row]]
    weight: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)] = 1.0
    emissivity: Annotated[float, Field(ge=0.1, le=1, allow_inf_nan=False)] = 0.95
    thresholds: Thresholds = Thresholds()

    @model_validator(mode="after")
    def _has_area(self) -> Self:
        (x1, y1), (x2, y2) = self.coordinates
        if not (x1 < x2 and y1 < y2):
            raise ValueError(f"ROI {self.name!r} has no area: x1 < x2 and y1 < y2 are needed")
        return self


class FrameStatistics(Fact):
    min_temp: Celsius
    max_temp: Celsius
    avg_temp: Celsius
    median_temp: Celsius
    std_dev: Deviation
    percentile_5: Celsius | None = None
    percentile_95: Celsius | None = None


class Region(Fact):
    """The statistics of one ROI."""

    name: Word
    max_temp: Celsius
    min_temp: Celsius
    avg_temp: Celsius
    median_temp: Celsius
    std_dev: Deviation
    pixel_count: Area
    alert_level: AlertLevel = "normal"
    confirmed_level: AlertLevel | None = None
    """That of what more than one pixel or more than one frame has measured; not said means that nobody looked."""


class HotSpot(Fact):
    """A group of 4-connected pixels over the threshold; `center` is (x, y), `area` in pixels."""

    center: tuple[Pixels, Pixels]
    max_temp: Celsius
    avg_temp: Celsius
    area: Area


class Thermal(Fact):
    frame_stats: FrameStatistics
    regions: Annotated[tuple[Region, ...], Items] = ()
    hot_spots: Annotated[tuple[HotSpot, ...], Items] = ()
    composite_temperature: Celsius | None = None
    sensor_temp: Celsius | None = None
    gradient_max: Annotated[float, Limit(ge=0, le=1_000_000)] | None = None
    clamped_pixels: Count = 0
    bad_pixels: Count = 0
    confirmed_max_temp: Celsius | None = None
    """The hottest that is no spike of one pixel in one frame; not said means that nobody looked."""
    media: Annotated[tuple[MediaKey, ...], Items] = ()


class ThermalEvent(Event):
    type: Literal["watchpost.thermal.v1"] = "watchpost.thermal.v1"
    data: Thermal
