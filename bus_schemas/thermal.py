"""Events of a thermal sensor: temperatures in °C over a frame of 24 rows by 32 columns."""

from typing import Annotated, Final, Literal

from pydantic import Field

from bus_schemas.event import Event, Fact, MediaKey
from bus_schemas.limits import MAX_COUNT, Count, Items, Limit, Pixels, Word

COLUMNS: Final = 32
ROWS: Final = 24
PIXELS: Final = ROWS * COLUMNS
AlertLevel = Literal["normal", "warning", "critical", "emergency"]
Celsius = Annotated[float, Field(ge=-273.15, le=2000, allow_inf_nan=False)]
Deviation = Annotated[float, Field(ge=0), Limit(le=2300)]
Area = Annotated[int, Field(ge=1), Limit(le=MAX_COUNT)]


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


class Transformer(Fact):
    """What was found by its warmth: the largest part that stands out from what is around it."""

    min_temp: Celsius
    max_temp: Celsius
    avg_temp: Celsius
    q1_temp: Celsius
    q3_temp: Celsius
    median_temp: Celsius
    std_dev: Deviation
    pixel_count: Area
    detection_confidence: Annotated[float, Limit(ge=0, le=1_000_000)]
    """(average - background) / average."""


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
    transformer: Transformer | None = None
    """Not said where nothing stands out."""
    media: Annotated[tuple[MediaKey, ...], Items] = ()


class ThermalEvent(Event):
    type: Literal["watchpost.thermal.v1"] = "watchpost.thermal.v1"
    data: Thermal
