"""Events of a node and its devices: state, health, heartbeats, clock steps, settings, commands and gaps."""

from datetime import timedelta
from typing import Annotated, Final, Literal

from pydantic import Field

from bus_schemas.agent import CaptureStatistics, LinkStatistics, NetworkState, ProcessLoad
from bus_schemas.event import AFTER_LATEST, EARLIEST, MAX_SEQUENCE, Event, Fact, MediaKey, Moment, PlaceName
from bus_schemas.limits import (
    LONGEST_S,
    MAX_COUNT,
    By,
    CommandName,
    Count,
    FreeObject,
    Items,
    Limit,
    Pixels,
    Rate,
    RequestId,
    Text,
    Uptime,
    Word,
)
from bus_schemas.registry import Expectation, Kind

StateCause = Literal["stopped", "connection_lost"]
HeartbeatStatus = Literal["online", "stopping"]
HEARTBEAT_EVERY_S = 10.0
"""An agent says so often, for each of its devices, that it is there."""
STALE_AFTER_S = 30.0
"""A device that runs is stale after so long without a frame."""
AGENT_STOPS = "the agent stops"
"""The reason of a health of a device whose agent was stopped."""
STOPPED = "stopped"
"""The reason of a state of a device whose agent was stopped."""
LOST = "connection lost"
"""The reason in a last will."""
DeviceStatus = Literal["healthy", "degraded", "stale", "stopped", "not_started"]
Full = Annotated[float, Limit(ge=0, le=100)]
"""Per cent of something that has an end."""
Sequence = Annotated[int, Field(ge=1), Limit(le=MAX_SEQUENCE)]
_LONGEST_STEP_S = (AFTER_LATEST - EARLIEST) // timedelta(seconds=1)


class State(Fact):
    """Online or offline. `cause` says whether an agent that is offline was stopped, or lost its connection. The latter
    is said by its last will, which it left when it connected: the loss counts from when that arrived, and the event's
    own time says nothing of it.
    """

    online: bool
    reason: Text | None = None
    cause: StateCause | None = None


class StateEvent(Event):
    type: Literal["watchpost.state.v1"] = "watchpost.state.v1"
    data: State


class StreamInfo(Fact):
    """`fps` is the camera's own rate, `analysis_fps` how many of its pictures a second are analysed; `bits_per_s` is
    what its video takes as it is sent. `clock_error_s` is by how much the camera's clock is ahead, where that cannot be
    believed.
    """

    fps: Rate
    width: Pixels
    height: Pixels
    analysis_fps: Rate | None = None
    codec: Word | None = None
    bits_per_s: Count | None = None
    clock_error_s: Annotated[float, Limit(ge=-LONGEST_S, le=LONGEST_S)] | None = None


class Health(Fact):
    """How a device does: the observed facts of its capture, and the status that follows from them.

    `expects` is what the device is meant to send. `has_worked`: whether it has given a picture or reading since its
    agent began; `silent_since`: since when it has given none, where it is not well.
    """

    status: DeviceStatus
    reason: Text | None = None
    is_recording: bool = False
    stream_info: StreamInfo | None = None
    last_frame_time: Moment | None = None
    last_connection_attempt: Moment | None = None
    last_successful_connection: Moment | None = None
    total_reconnects: Count = 0
    consecutive_failures: Count = 0
    current_segment_start: Moment | None = None
    kinds: Annotated[tuple[Kind, ...], Limit(max_length=16)] = ()
    expects: Expectation | None = None
    has_worked: bool | None = None
    silent_since: Moment | None = None


class HealthEvent(Event):
    type: Literal["watchpost.health.v1"] = "watchpost.health.v1"
    data: Health


class SystemLoad(Fact):
    cpu_percent: Annotated[float, Limit(ge=0, le=100_000)] | None = None
    memory_percent: Full | None = None
    disk_percent: Full | None = None
    disk_free_bytes: Annotated[int, Limit(ge=0, le=MAX_COUNT)] | None = None
    temperature: Annotated[float, Limit(ge=-273.15, le=2000)] | None = None
    uptime_seconds: Annotated[float, Limit(ge=0, le=MAX_COUNT)] | None = None


class SensorHealth(Fact):
    """One source of a device. `restarts` is how often its device was restarted because it did not recover."""

    kind: Word
    status: DeviceStatus
    reason: Text | None = None
    consecutive_failures: Count = 0
    total_reconnects: Count = 0
    last_frame_time: Moment | None = None
    restarts: Count = 0


class Heartbeat(Fact):
    """A sign of life. The hub's own are how time passes in the journal.

    `disk_id` is the same for all who write to one disk, so that a full one is reported once. `node` names the agent
    that runs the device, so that one that is gone is reported once.
    """

    status: HeartbeatStatus = "online"
    uptime_s: Annotated[float, Field(ge=0), Uptime]
    system: SystemLoad = SystemLoad()
    outbox_rows: Count | None = None
    outbox_bytes: Count | None = None
    disk_id: Annotated[str, Field(max_length=64)] | None = None
    commands: Annotated[tuple[CommandName, ...], Limit(max_length=64)] | None = None
    """The commands that it takes; absent where that is not known."""
    node: PlaceName | None = None
    clock_synchronised: bool | None = None
    """Whether the clock of the machine follows another one, as by NTP."""
    process: ProcessLoad | None = None
    link: LinkStatistics | None = None
    networks: Annotated[tuple[NetworkState, ...], Limit(max_length=16)] = ()
    capture: CaptureStatistics | None = None
    sensors: Annotated[tuple[SensorHealth, ...], Limit(max_length=16)] = ()


class HeartbeatEvent(Event):
    type: Literal["watchpost.heartbeat.v1"] = "watchpost.heartbeat.v1"
    data: Heartbeat


class ClockStep(Fact):
    """The clock of a node was set: what showed `before` shows `after` from here on, `step_s` seconds later or earlier.

    Times of this stream that were said before stay as they are; what bears one from `since` to `before` happened
    `step_s` later than it says, where the new time is right and the old one was wrong from `since` on.
    """

    step_s: Annotated[float, Limit(ge=-_LONGEST_STEP_S, le=_LONGEST_STEP_S)]
    before: Moment
    after: Moment
    since: Moment | None = None


class ClockEvent(Event):
    type: Literal["watchpost.clock.v1"] = "watchpost.clock.v1"
    data: ClockStep


class Settings(Fact):
    """Who set what. `settings` holds whole sections (`motion`, `rois`, `zones` …), each replacing the one before."""

    changed_by: By
    settings: FreeObject
    request_id: RequestId | None = None


class SettingsEvent(Event):
    type: Literal["watchpost.settings.v1"] = "watchpost.settings.v1"
    data: Settings


TIMED_OUT: Final = "timed_out"


class Command(Fact):
    """A request and what became of it.

    `site` and `device` say of whom something was asked where that is not the source. `cause` says why a request has
    failed where more than its `detail` is known: `timed_out` where nobody answered in time.
    """

    request_id: RequestId
    name: Word
    state: Literal["asked", "done", "failed"]
    by: By | None = None
    detail: Text | None = None
    arguments: FreeObject = Field(default_factory=dict)
    site: PlaceName | None = None
    device: PlaceName | None = None
    cause: Word | None = None
    media: Annotated[tuple[MediaKey, ...], Items] = ()
    """The key of its result, such as the picture of a snapshot."""

    def is_for_hub(self, name: str) -> bool:
        """Whether this asks a consumer of the hub, and not a device that happens to know a command of the name."""
        return self.state == "asked" and self.name == name and self.device is None


class CommandEvent(Event):
    type: Literal["watchpost.command.v1"] = "watchpost.command.v1"
    data: Command


class Gap(Fact):
    """Sequences `first` to `last` of this stream are missing for a known cause; the event's own sequence is `last`."""

    first: Sequence
    last: Sequence
    count: Sequence
    cause: By


class GapEvent(Event):
    type: Literal["watchpost.gap.v1"] = "watchpost.gap.v1"
    data: Gap
