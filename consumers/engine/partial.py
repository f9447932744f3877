"""Partial decoding: structs that hold only the fields a fold needs, at a fraction of the cost of the whole event.

Attributes are named and mean as those of the models in `bus_schemas`. A part has only what is finite and plain there.
"""

from datetime import datetime
from typing import Annotated, Generic, TypeVar

from msgspec import Meta, Raw, Struct
from msgspec.json import Decoder

from bus_schemas.thermal import COLUMNS, ROWS

Data = TypeVar("Data")
Moment = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z\Z")]
"""A moment as `iso` writes it. Others are decoded in full: they may say more than milliseconds."""


class Partial(Struct, Generic[Data]):
    data: Data


class VerdictsPart(Struct):
    """The part of a frame event that says whether picture and sound are faulty."""

    blackscreen: bool | None = None
    freeze: bool | None = None
    corrupt_rows: bool | None = None
    macroblocks: bool | None = None
    audio: bool | None = None


class VolumePart(Struct):
    """The loudness in a frame event. A level that is not finite is `None`."""

    mean_volume_db: float | None = None
    volume_percentage: int | None = None


class MotionPart(Struct):
    """The part of a motion event that says whether it begins or ends, and where."""

    phase: str
    boxes: tuple[Raw, ...] = ()


class MotionLengthPart(Struct):
    """The duration and the pictures in a motion event."""

    duration_s: float = 0.0
    media: tuple[str, ...] = ()


class MediumPart(Struct):
    kind: str
    key: str
    content_type: str = ""


class DetectionPart(Struct):
    people_count: int = 0
    event_triggers: tuple[str, ...] = ()


class StatisticsPart(Struct):
    min_temp: float
    max_temp: float
    avg_temp: float


class ThresholdsPart(Struct):
    """The limits by which a region is judged."""

    warning: float
    rise_c_per_minute: float | None = None
    above_group_c: float | None = None
    above_ambient_c: float | None = None


class RegionPart(StatisticsPart, kw_only=True):
    name: str
    alert_level: str = "normal"
    confirmed_level: str | None = None
    peak_temp: float | None = None
    confirmed_temp: float | None = None
    thresholds: ThresholdsPart | None = None
    group: str | None = None
    revision: str | None = None

    @property
    def compared_temp(self) -> float:
        """°C, by which a region is compared with others and with itself earlier: a filter of the frame mixes it with
        what is beside it, and lowers a joint of one pixel. Where nobody confirms heat there is only the filtered.
        """
        return self.max_temp if self.confirmed_temp is None else self.confirmed_temp


class HotSpotPart(Struct):
    max_temp: float


class ThermalPart(Struct):
    """The temperatures in a thermal event."""

    frame_stats: StatisticsPart
    regions: tuple[RegionPart, ...] = ()
    hot_spots: tuple[HotSpotPart, ...] = ()
    composite_temperature: float | None = None
    confirmed_max_temp: float | None = None
    peak_temp: float | None = None
    ambient_temp: float | None = None
    sensor_temp: float | None = None


class BadPixelsPart(Struct):
    """The number of pixels in a thermal event that could not be read."""

    bad_pixels: int = 0
    columns: int = COLUMNS
    rows: int = ROWS


class MaximumPart(Struct):
    max_temp: float


class HottestPart(Struct):
    """The highest temperature in a thermal event, filtered and, where it is said, before that."""

    frame_stats: MaximumPart
    peak_temp: float | None = None
    hot_spots: tuple[Raw, ...] = ()


class SegmentLengthPart(Struct):
    """The duration in a segment event."""

    duration_s: float


class SegmentPart(Struct):
    start: Moment
    duration_s: float
    media: tuple[str, ...]
    codec: str = "h264"
    size: int = 0
    discontinuity: bool = False


class StreamInfoPart(Struct):
    fps: float
    width: int
    height: int
    analysis_fps: float | None = None
    codec: str | None = None
    bits_per_s: int | None = None
    clock_error_s: float | None = None


class HealthPart(Struct):
    status: str
    reason: str | None = None
    is_recording: bool = False
    stream_info: StreamInfoPart | None = None
    last_frame_time: Moment | None = None
    last_connection_attempt: Moment | None = None
    last_successful_connection: Moment | None = None
    total_reconnects: int = 0
    consecutive_failures: int = 0
    current_segment_start: Moment | None = None
    kinds: tuple[str, ...] = ()
    expects: str | None = None
    has_worked: bool | None = None
    silent_since: Moment | None = None


class CommandPart(Struct):
    """The name and state in a command event."""

    name: str
    state: str


class LoadPart(Struct, frozen=True):
    disk_percent: float | None = None
    memory_percent: float | None = None
    temperature: float | None = None


class LinkPart(Struct, frozen=True):
    round_trip_ms: float | None = None


class HeartbeatPart(Struct):
    """The part of a heartbeat event that folds use."""

    uptime_s: float
    status: str = "online"
    system: LoadPart = LoadPart()
    disk_id: str | None = None
    node: str | None = None
    link: LinkPart | None = None


class StatusPart(Struct):
    """The status in a health event."""

    status: str
    reason: str | None = None


VERDICTS = Decoder(Partial[VerdictsPart])
VOLUME = Decoder(Partial[VolumePart])
MEDIUM = Decoder(Partial[MediumPart])
DETECTION = Decoder(Partial[DetectionPart])
THERMAL = Decoder(Partial[ThermalPart])
BAD_PIXELS = Decoder(Partial[BadPixelsPart])
HOTTEST = Decoder(Partial[HottestPart])
MOTION = Decoder(Partial[MotionPart])
SEGMENT_LENGTH = Decoder(Partial[SegmentLengthPart])
MOTION_LENGTH = Decoder(Partial[MotionLengthPart])
SEGMENT = Decoder(Partial[SegmentPart])
HEALTH = Decoder(Partial[HealthPart])
COMMAND = Decoder(Partial[CommandPart])
HEARTBEAT = Decoder(Partial[HeartbeatPart])
STATUS = Decoder(Partial[StatusPart])


def seconds(moment: Moment) -> float:
    """Since 1970."""
    return datetime.fromisoformat(moment).timestamp()
