"""What folds ask of most events: parts that a record tells at a fraction of the cost of the whole event.

Attributes are named and mean as those of the models in `bus_schemas`. A part has only what is finite and plain there.
"""

from typing import Generic, TypeVar

from msgspec import Struct
from msgspec.json import Decoder

Data = TypeVar("Data")


class Told(Struct, Generic[Data]):
    data: Data


class Verdicts(Struct):
    """Of the analysis of a frame."""

    blackscreen: bool | None = None
    freeze: bool | None = None
    audio: bool | None = None


class Volume(Struct):
    """Of the analysis of a frame. A level that is not finite is none."""

    mean_volume_db: float | None = None
    volume_percentage: int | None = None


class Medium(Struct):
    kind: str
    key: str


class Detected(Struct):
    people_count: int = 0
    event_triggers: tuple[str, ...] = ()


class Statistics(Struct):
    min_temp: float
    max_temp: float
    avg_temp: float


class Region(Statistics, kw_only=True):
    name: str
    alert_level: str = "normal"


class HotSpot(Struct):
    max_temp: float


class Measured(Struct):
    """Of a thermal frame."""

    frame_stats: Statistics
    regions: tuple[Region, ...] = ()
    hot_spots: tuple[HotSpot, ...] = ()
    composite_temperature: float | None = None


class Load(Struct, frozen=True):
    disk_percent: float | None = None


class Beat(Struct):
    """Of a heartbeat."""

    uptime_s: float
    system: Load = Load()


class Reported(Struct):
    """Of the health of a device."""

    status: str


VERDICTS = Decoder(Told[Verdicts])
VOLUME = Decoder(Told[Volume])
MEDIUM = Decoder(Told[Medium])
DETECTED = Decoder(Told[Detected])
MEASURED = Decoder(Told[Measured])
BEAT = Decoder(Told[Beat])
REPORTED = Decoder(Told[Reported])
