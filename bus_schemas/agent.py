"""What an agent says of itself in its heartbeats: its process, link and networks, and what its devices captured."""

from typing import Annotated

from bus_schemas.event import Fact, Moment
from bus_schemas.limits import LONGEST_S, MAX_COUNT, Count, Limit, Word

Milliseconds = Annotated[float, Limit(ge=0, le=LONGEST_S * 1000)]


class ProcessLoad(Fact):
    """The process of the agent, which its devices share. `cpu_percent` is of one core, since the heartbeat before."""

    cpu_percent: Annotated[float, Limit(ge=0, le=100_000)] | None = None
    memory_bytes: Count | None = None
    threads: Count | None = None


class LinkStatistics(Fact):
    """What the agent has sent to the broker since it started.

    `round_trip_ms` is how long the broker takes to acknowledge an event, `durable_ms` how long until the journal holds
    it.
    """

    messages: Count = 0
    messages_failed: Count = 0
    bytes_sent: Count = 0
    bytes_saved: Count = 0
    """By compression."""
    reconnects: Count = 0
    retries: Count = 0
    events_resent: Count = 0
    round_trip_ms: Milliseconds | None = None
    durable_ms: Milliseconds | None = None
    pictures: Word | None = None
    """Which of the regular pictures are taken, as the link carries them: all, fewer, smaller, around_motion."""


class NetworkState(Fact):
    """A network interface of the agent's machine. `is_used` says whether what has no other way leaves through it."""

    name: Word
    is_up: bool
    is_used: bool = False
    signal_dbm: Annotated[float, Limit(ge=-200, le=100)] | None = None
    speed_mbit: Count | None = None


class ThermalStatistics(Fact):
    """What was done with the frames of a thermal sensor since its source was made."""

    frames: Count = 0
    bad_pixels: Count = 0
    """Pixels that were replaced, in all frames together."""
    averaged_frames: Count = 0
    """Frames of which the newest reading is the mean."""
    hot_spots: Count = 0
    """Those that are remembered, at most ten."""
    filtered: bool = True


class CaptureStatistics(Fact):
    """What a device has captured since its agent started. `buffer_bytes` is kept of before the next recording."""

    motion_events: Count = 0
    recordings: Count = 0
    """Segments of video."""
    snapshots: Count = 0
    recorded_s: Annotated[float, Limit(ge=0, le=MAX_COUNT)] = 0.0
    last_motion: Moment | None = None
    buffer_bytes: Count = 0
    thermal: ThermalStatistics | None = None
