"""The state of the hub for the rules: its faults, its disk, and the times in which it received nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args
from uuid import NAMESPACE_URL, uuid5

from pydantic import TypeAdapter

from bus_schemas.event import HUB, HUB_SOURCE, iso
from bus_schemas.hub import Fault, FaultEvent, FaultKind
from bus_schemas.node import HeartbeatEvent
from consumers.alerting.incidents.detectors import DiskCondition
from consumers.alerting.incidents.presence import SUSPECT_S
from consumers.alerting.incidents.verdict import Open, Turn, Verdict
from consumers.alerting.rules import DEAF_AFTER_S, AlertRules
from consumers.engine.partial import HEARTBEAT, HeartbeatPart
from consumers.store.journal.record import Recorded

KINDS: tuple[FaultKind, ...] = get_args(FaultKind)
UNWRITABLE = "unwritable"
"""The level of a storage incident while the disk takes nothing at all."""
DEAF = frozenset({"system_error/broker"})
"""While these faults of the hub hold, it receives nothing."""
_NAMESPACE = uuid5(NAMESPACE_URL, "watchpost:hub-incident")


def fault_of(record: Recorded) -> FaultEvent | None:
    """A fault that the hub itself reports; nobody else may."""
    if record.model is not FaultEvent or record.source != HUB_SOURCE:
        return None
    event = record.event
    assert isinstance(event, FaultEvent)
    return event


def is_of_disk(fault: Fault) -> bool:
    """A disk without room is one incident with the one that says how full it is."""
    return (fault.part, fault.kind) == ("disk", "storage_unwritable")


def incident_id(fault: Fault) -> str:
    """The same for the event that raises and the one that clears."""
    return str(uuid5(_NAMESPACE, "/".join((HUB, fault.kind, fault.part, iso(fault.since)))))


def details(fault: Fault) -> dict[str, Any]:
    return {"part": fault.part, "reason": fault.reason}


@dataclass(slots=True)
class WatchedHub:
    """The state of the rules for the hub itself; times in seconds since 1970."""

    heard: float = 0.0
    """Its newest heartbeat."""
    uptime_s: float = 0.0
    listening: float = 0.0
    """Since when it receives without a pause."""
    deaf_until: float = 0.0
    is_stopping: bool = False
    disk: DiskCondition = field(default_factory=DiskCondition)
    disk_id: str | None = None
    is_unwritable: bool = False
    """Its disk takes nothing, however full it says it is."""
    open: dict[str, Open] = field(default_factory=dict)

    def doubts(self, received: float) -> bool:
        """Whether a loss at this time may be due to the hub itself, because it was cut off."""
        if not self.heard:
            return False
        return received - self.heard > DEAF_AFTER_S or received - self.deaf_until < SUSPECT_S

    def was_set_back(self, now: float) -> bool:
        """Whether the clock of the hub was set back since its newest heartbeat."""
        return now < self.heard

    def set_back(self, now: float) -> None:
        """Take what was noted by the old clock, and would be yet to come, for as of now."""
        self.heard, self.listening, self.deaf_until = (
            min(now, moment) for moment in (self.heard, self.listening, self.deaf_until)
        )

    def pass_time(self, tick: Recorded, rules: AlertRules) -> Iterator[Verdict]:
        beat = tick.decode(HEARTBEAT).data
        yield from self._notice_pause(tick, beat)
        self.listening = max(self.listening, tick.time_s - beat.uptime_s)
        self.heard, self.uptime_s, self.is_stopping = tick.time_s, beat.uptime_s, beat.status == "stopping"
        self.disk_id, percent = beat.disk_id, beat.system.disk_percent
        change = None if percent is None else self.disk.add(percent, rules)
        if change is not None and not self.is_unwritable and (change != "none" or "storage" in self.open):
            yield self._judge_disk(tick, change)

    def _notice_pause(self, tick: Recorded, beat: HeartbeatPart) -> Iterator[Verdict]:
        """A heartbeat that comes late, by the clock and by how long the process has run, which nobody can set."""
        now, heard = tick.time_s, self.heard
        pause_s = now - heard
        is_receiving = DEAF.isdisjoint(self.open)
        if not heard or (pause_s <= DEAF_AFTER_S and is_receiving):
            return
        self.listening = self.deaf_until = now
        is_restarted = beat.uptime_s < min(self.uptime_s, pause_s)
        ran_s = pause_s if is_restarted else beat.uptime_s - self.uptime_s
        if min(ran_s, pause_s) <= DEAF_AFTER_S or not is_receiving:
            return
        # A process that stood still reports it itself, and people know of one that they have stopped.
        begins = is_restarted and not self.is_stopping
        reason = "it was not running" if is_restarted else "it stood still"
        found: dict[str, Any] = {"reason": reason, "deaf_s": round(pause_s, 1)}
        if not begins:
            found["level"] = "info"
        yield Verdict("hub_deaf", "opened", heard, (tick.id,), found)
        yield Verdict("hub_deaf", "closed", now, (tick.id,), found)

    def _judge_disk(self, tick: Recorded, change: str) -> Verdict:
        assert isinstance(tick.event, HeartbeatEvent)
        load = tick.event.data.system
        found = {"level": change, "percent": load.disk_percent, "free_bytes": load.disk_free_bytes}
        turn: Turn = "closed" if change == "none" else "renewed" if "storage" in self.open else "opened"
        return Verdict("storage", turn, tick.time_s, (tick.id,), found)

    def judge_fault(self, event: FaultEvent) -> Sequence[Verdict]:
        """Judge a fault of the hub."""
        fault, at = event.data, event.time.timestamp()
        if is_of_disk(fault):
            return self._judge_unwritable(event)
        facts, since = details(fault), fault.since.timestamp()
        verdict = Verdict(fault.kind, "opened", since, (event.id,), facts, (), fault.part, incident_id(fault))
        if fault.state == "raised":
            return () if verdict.key in self.open else (verdict,)
        return (verdict._replace(turn="closed", since=at),) if verdict.key in self.open else ()

    def _judge_unwritable(self, event: FaultEvent) -> Sequence[Verdict]:
        fault = event.data
        facts = {**details(fault), "level": UNWRITABLE}
        if fault.state == "raised":
            self.is_unwritable = True
            turn: Turn = "renewed" if "storage" in self.open else "opened"
            return (Verdict("storage", turn, fault.since.timestamp(), (event.id,), facts),)
        self.is_unwritable = False
        if self.disk.level != "none" or "storage" not in self.open:
            return ()
        return (Verdict("storage", "closed", event.time.timestamp(), (event.id,), facts),)


hub_json = TypeAdapter(WatchedHub)
