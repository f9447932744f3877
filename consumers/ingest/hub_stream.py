"""Makes the events of the hub itself: its heartbeats, by which time passes in the journal, and its faults."""

from collections.abc import Callable, Mapping
from uuid import uuid4

from bus_schemas.codec import to_bytes
from bus_schemas.event import HUB_SOURCE, Event, Fact
from bus_schemas.hub import Fault, FaultEvent
from bus_schemas.node import Heartbeat, HeartbeatEvent, HeartbeatStatus, SystemLoad
from consumers.store.journal.writing import Accepted, StreamKey, StreamState
from producer.ids import Clock
from producer.times import micros

EVERY_S = 5.0

Load = Callable[[], SystemLoad]


class HubStream:
    """One stream for the life of a journal: its epoch and sequence go on over restarts."""

    def __init__(
        self,
        streams: Mapping[StreamKey, StreamState],
        clock: Clock,
        started: float,
        load: Load = SystemLoad,
        disk: str | None = None,
    ) -> None:
        self._streams = streams
        self._clock = clock
        self._load = load
        self._disk = disk
        self._started = started
        self._due = started
        ours = [key for key in streams if key[0] == HUB_SOURCE and key[1]]
        self._key = max(ours, key=lambda key: streams[key].received) if ours else (HUB_SOURCE, uuid4().hex)

    def due(self, now: float) -> bool:
        """`now` in seconds of the monotonic clock, as all of them here."""
        return now >= self._due

    def wait(self, now: float) -> float:
        return max(0.0, self._due - now)

    def beat(self, now: float, status: HeartbeatStatus = "online") -> Accepted:
        self._due = now + EVERY_S
        uptime_s = round(now - self._started, 3)
        data = Heartbeat(status=status, uptime_s=uptime_s, system=self._load(), disk_id=self._disk)
        return self._next(HeartbeatEvent, data)

    def fault(self, fault: Fault) -> Accepted:
        """A fault of the hub that was raised or cleared."""
        return self._next(FaultEvent, fault)

    def _next(self, model: type[Event], data: Fact) -> Accepted:
        """The event that goes on the stream of the hub."""
        source, epoch = self._key
        known = self._streams.get(self._key)
        sequence = 1 if known is None else known.watermark + 1
        time = self._clock()
        envelope = {"id": f"{epoch}-{sequence}", "source": source, "epoch": epoch, "sequence": sequence}
        event = model.model_validate({**envelope, "time": time, "data": data})
        return Accepted(event, to_bytes(event), micros(time))
