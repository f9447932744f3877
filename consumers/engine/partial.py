"""Partial decoding: structs that hold only the fields a fold needs, at a fraction of the cost of the whole event.

Attributes are named and mean as those of the models in `bus_schemas`. A part has only what is finite and plain there.
"""

from datetime import datetime
from typing import Annotated, Generic, TypeVar

from msgspec import Meta, Raw, Struct
from msgspec.json import Decoder

Data = TypeVar("Data")
Moment = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z\Z")]
"""As `iso` writes one. A part with a moment does not take another way: it may say more than milliseconds."""


class Told(Struct, Generic[Data]):
    data: Data


class Verdicts(Struct):
    """Of a frame event: whether picture and sound are faulty."""

    blackscreen: bool | None = None
    freeze: bool | None = None
    audio: bool | None = None


class Volume(Struct):
    """Of a frame event: its loudness. A level that is not finite is `None`."""

    mean_volume_db: float | None = None
    volume_percentage: int | None = None


class Phase(Struct):
    """Of a motion event: whether it begins or ends, and where."""

    phase: str
    boxes: tuple[Raw, ...] = ()


class Span(Struct):
    """Of a motion event: its duration."""

    duration_s: float = 0.0


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
    confirmed_level: str | None = None


class HotSpot(Struct):
    max_temp: float


class Measured(Struct):
    """Of a thermal event: its temperatures."""

    frame_stats: Statistics
    regions: tuple[Region, ...] = ()
    hot_spots: tuple[HotSpot, ...] = ()
    composite_temperature: float | None = None
    confirmed_max_temp: float | None = None


class Validity(Struct):
    """Of a thermal event: how many of its pixels could not be read."""

    bad_pixels: int = 0


class Maximum(Struct):
    max_temp: float


class Hottest(Struct):
    """Of a thermal event: its highest temperature."""

    frame_stats: Maximum
    hot_spots: tuple[Raw, ...] = ()


class Length(Struct):
    """Of a segment event: its duration."""

    duration_s: float


class Segment(Struct):
    start: Moment
    duration_s: float
    media: tuple[str, ...]
    size: int = 0
    discontinuity: bool = False


class StreamInfo(Struct):
    fps: float
    width: int
    height: int
    analysis_fps: float | None = None
    codec: str | None = None
    bits_per_s: int | None = None


class Health(Struct):
    status: str
    reason: str | None = None
    is_recording: bool = False
    stream_info: StreamInfo | None = None
    last_frame_time: Moment | None = None
    last_connection_attempt: Moment | None = None
    last_successful_connection: Moment | None = None
    total_reconnects: int = 0
    consecutive_failures: int = 0
    current_segment_start: Moment | None = None
    kinds: tuple[str, ...] = ()


class Progress(Struct):
    """Of a command event: its name and state."""

    name: str
    state: str


class Load(Struct, frozen=True):
    disk_percent: float | None = None


class Beat(Struct):
    """Of a heartbeat event."""

    uptime_s: float
    status: str = "online"
    system: Load = Load()
    disk_id: str | None = None
    node: str | None = None


class Reported(Struct):
    """Of a health event: the status that the device reports."""

    status: str
    reason: str | None = None


VERDICTS = Decoder(Told[Verdicts])
VOLUME = Decoder(Told[Volume])
MEDIUM = Decoder(Told[Medium])
DETECTED = Decoder(Told[Detected])
MEASURED = Decoder(Told[Measured])
VALIDITY = Decoder(Told[Validity])
HOTTEST = Decoder(Told[Hottest])
PHASE = Decoder(Told[Phase])
LENGTH = Decoder(Told[Length])
SPAN = Decoder(Told[Span])
SEGMENT = Decoder(Told[Segment])
HEALTH = Decoder(Told[Health])
PROGRESS = Decoder(Told[Progress])
BEAT = Decoder(Told[Beat])
REPORTED = Decoder(Told[Reported])


def seconds(moment: Moment) -> float:
    """Since 1970."""
    return datetime.fromisoformat(moment).timestamp()
