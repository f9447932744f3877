"""Events of a thermal sensor: temperatures in °C over a frame of 24 rows by 32 columns."""

from typing import Annotated, Final, Literal, get_args

from pydantic import Field

from bus_schemas.event import Event, Fact, MediaKey, Moment
from bus_schemas.limits import MAX_COUNT, Count, Items, Limit, Pixels, Word

COLUMNS: Final = 32
ROWS: Final = 24
PIXELS: Final = ROWS * COLUMNS
AlertLevel = Literal["normal", "warning", "critical", "emergency"]
Celsius = Annotated[float, Field(ge=-273.15, le=2000, allow_inf_nan=False)]
SensorFault = Literal["sensor_frozen", "sensor_out_of_range", "sensor_chessboard", "sensor_bad_pixels"]
"""Conditions in which a sensor sends frames and does not see."""
SENSOR_FAULTS: Final[tuple[SensorFault, ...]] = get_args(SensorFault)
PixelFault = Literal["listed", "declared", "stuck", "offset"]
"""By the sensor itself, by a person, and by the analysis: it repeats one number, or is off by a constant amount."""
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


Difference = Annotated[float, Field(gt=0), Limit(le=2300)]


class RegionThresholds(Fact):
    """By what a region is judged: °C of its levels, and the limits of its trend as far as they are set."""

    warning: Celsius
    critical: Celsius
    emergency: Celsius
    rise_c_per_minute: Difference | None = None
    above_group_c: Difference | None = None
    """Above the median of the other regions of its group."""
    above_ambient_c: Difference | None = None


class Region(Fact):
    """The statistics of one ROI, of the filtered frame. Its level is that of the unfiltered `peak_temp`."""

    name: Word
    max_temp: Celsius
    min_temp: Celsius
    avg_temp: Celsius
    median_temp: Celsius
    std_dev: Deviation
    pixel_count: Area
    alert_level: AlertLevel = "normal"
    confirmed_level: AlertLevel | None = None
    """The level of what more than one pixel or more than one frame has measured; absent where nobody looked."""
    peak_temp: Celsius | None = None
    """The hottest pixel before filtering, not rounded: `alert_level` is its level by `thresholds`."""
    confirmed_temp: Celsius | None = None
    """The same without spikes of one pixel in one frame: `confirmed_level` is its level."""
    thresholds: RegionThresholds | None = None
    group: Word | None = None
    """Regions of one group are compared with each other."""
    revision: Word | None = None
    """Another one where its pixels, its emissivity or another correction are others than before: its temperatures
    before and after that are not compared. Absent where its sensor does not say.
    """


class HotSpot(Fact):
    """A group of connected pixels over the threshold; `center` is (x, y), `area` in pixels."""

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
    peak_temp: Celsius | None = None
    """The hottest pixel before filtering."""
    ambient_temp: Celsius | None = None
    """As it is set; absent where it is not known."""
    columns: Annotated[int, Field(ge=1), Limit(le=65_535)] = COLUMNS
    rows: Annotated[int, Field(ge=1), Limit(le=65_535)] = ROWS
    transformer: Transformer | None = None
    """Not said where nothing stands out."""
    media: Annotated[tuple[MediaKey, ...], Items] = ()


class ThermalEvent(Event):
    type: Literal["watchpost.thermal.v1"] = "watchpost.thermal.v1"
    data: Thermal


Measured = Annotated[float, Limit(ge=0, le=MAX_COUNT)]


class SensorTrouble(Fact):
    """A condition that holds, what was measured of it, and the limit of that."""

    fault: SensorFault
    since: Moment
    value: Measured
    limit: Measured


class MaskedPixel(Fact):
    """A pixel in whose place stands the mean of its neighbours; `pixel` is (x, y)."""

    pixel: tuple[Pixels, Pixels]
    fault: PixelFault
    temp: Celsius | None = None
    """Its reading when it was masked; absent for pixels that were never measured."""
    alert_level: AlertLevel = "normal"
    """The level that it had then, of the regions that it lies in."""


class ThermalSensor(Fact):
    """The state of a sensor, whenever it changes, and again and again while it has a fault."""

    faults: Annotated[tuple[SensorTrouble, ...], Items] = ()
    masked: Annotated[tuple[MaskedPixel, ...], Items] = ()
    masked_count: Count = 0
    """All of them, of which `masked` holds the first 1,000."""


class SensorEvent(Event):
    type: Literal["watchpost.sensor.v1"] = "watchpost.sensor.v1"
    data: ThermalSensor
