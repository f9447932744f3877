"""What the rules remember of one device, and what an event of it means to them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from pydantic import TypeAdapter

from bus_schemas.alert import IncidentType
from bus_schemas.camera import Frame, FrameEvent
from bus_schemas.hub import FaultEvent, FaultKind
from bus_schemas.node import HealthEvent, HeartbeatEvent, SettingsEvent
from bus_schemas.settings import read_sections
from bus_schemas.streams import outbox_epoch
from bus_schemas.thermal import ThermalEvent
from consumers.alerting.incidents.conditions import (
    FRAME_CONDITIONS,
    Answers,
    Condition,
    Disk,
    Heat,
    Window,
    WrongClock,
    hottest_of,
    warmth,
)
from consumers.alerting.incidents.hub import UNWRITABLE, details, incident_id, is_of_disk
from consumers.alerting.rules import AlertRules
from consumers.engine.partial import BEAT, MEASURED, REPORTED, VERDICTS
from consumers.store.journal.record import Recorded

DEAF_AFTER_S = 20.0
DEAF = frozenset({"system_error/broker"})
"""While these faults of the hub hold, it hears nobody."""
_DOWN = ("stopped", "not_started")
Turn = Literal["opened", "renewed", "closed"]

_OF_NODES = (HeartbeatEvent, SettingsEvent)
_TROUBLES: tuple[IncidentType, ...] = ("degraded", "stale")


class Verdict(NamedTuple):
    """A rule's decision: a condition holds since a moment (seconds since 1970), holds at a higher level, or is over."""

    type: IncidentType | FaultKind
    turn: Turn
    since: float
    causes: tuple[str, ...]
    details: dict[str, Any]
    media: tuple[str, ...] = ()
    part: str | None = None
    """Of a fault of the hub; several of one type may hold at once."""
    incident_id: str | None = None
    """Where it follows from the event alone."""

    @property
    def key(self) -> str:
        return self.type if self.part is None else f"{self.type}/{self.part}"


@dataclass(slots=True)
class Watched:
    """The state of the rules for one device; times in seconds since 1970."""

    epoch: str | None = None
    is_device: bool = False
    heard: float = 0.0
    heard_id: str = ""
    absent: str | None = None
    stopped: str | None = None
    status: str = "unknown"
    frames: Window = field(default_factory=Window)
    heat: Heat = field(default_factory=Heat)
    warnings: dict[str, float] = field(default_factory=dict)
    """The warning thresholds of ROIs in °C: as set, or else the coolest that was seen to be one."""
    disk: Disk = field(default_factory=Disk)
    disk_id: str | None = None
    listening: float = 0.0
    """Of the hub: since when it hears without a pause."""
    is_unwritable: bool = False
    """Of the hub: its disk takes nothing, however full it says it is."""
    clock: WrongClock = field(default_factory=WrongClock)
    open: dict[str, str] = field(default_factory=dict)
    """The ids of the incidents that are open, by type, of faults of the hub also by part."""

    def listens_since(self, now: float) -> float:
        """Of the hub: it beats every five seconds; where it did not, or its broker was away, nobody could be heard."""
        if (self.heard and now - self.heard > DEAF_AFTER_S) or not DEAF.isdisjoint(self.open):
            self.listening = now
        self.heard = now
        return self.listening

    def hear(self, record: Recorded) -> None:
        received = record.received_us / 1e6
        if received > self.heard:
            self.heard = received
        self.heard_id = record.id
        epoch = record.epoch
        if epoch is not None:
            self.epoch = outbox_epoch(epoch)
        if not self.is_device and record.model not in _OF_NODES:
            self.is_device = True

    def judge(self, record: Recorded, rules: AlertRules) -> Sequence[Verdict]:
        """What follows from an event of the device, which is there as one can see."""
        self.absent = None
        model = record.model
        if model is FrameEvent:
            found = self._judge_frame(record, rules)
        elif model is ThermalEvent:
            found = self._judge_heat(record, rules)
        elif model is HealthEvent:
            found = self._judge_health(record)
        elif model is HeartbeatEvent:
            found = self.judge_disk(record, rules)
        else:
            found = ()
            if model is SettingsEvent:
                self._learn(record)
        ahead_s = record.ahead_s
        if ahead_s or "clock" in self.open:
            found = (*found, *self._judge_clock(record, ahead_s))
        if "offline" in self.open and self.stopped is None:
            return (*found, Verdict("offline", "closed", record.time_s, (record.id,), {}))
        return found

    def _judge_clock(self, record: Recorded, ahead_s: float) -> Iterator[Verdict]:
        at = record.received_us / 1e6
        change = self.clock.add(at, ahead_s > 0)
        if change is not None and (change == "closed") == ("clock" in self.open):
            yield Verdict("clock", change, at, (record.id,), {"ahead_s": round(ahead_s, 1)} if ahead_s else {})

    def miss(self, why: str, since: float, causes: tuple[str, ...]) -> Sequence[Verdict]:
        """The device is not there: its connection was lost, or it is silent."""
        self.absent = self.absent or why
        if "offline" in self.open:
            return ()
        return (Verdict("offline", "opened", since, causes, {"reason": why, "previous_status": self.status}),)

    def _judge_frame(self, record: Recorded, rules: AlertRules) -> Sequence[Verdict]:
        told = record.told(VERDICTS).data
        black, audio = told.blackscreen, told.audio
        # A black picture does not move either; it is told of once, as what it is. Unknown audio is not a loss.
        answers = (black, None if black else told.freeze, None if audio is None else not audio)
        self.frames.add(record.time_s, answers, record.id, rules)
        if not self.frames.bad and self.open.keys().isdisjoint(FRAME_CONDITIONS):
            return ()
        return [*self._turns(record, answers, rules)]

    def _turns(self, record: Recorded, answers: Answers, rules: AlertRules) -> Iterator[Verdict]:
        window = self.frames
        for number, (kind, bad) in enumerate(zip(FRAME_CONDITIONS, answers, strict=True)):
            if bad is None:
                continue
            if kind not in self.open:
                if window.is_bad(number, rules):
                    yield _opened(kind, window.conditions[number], record, rules)
            elif not bad and window.is_clear(number, rules):
                yield Verdict(kind, "closed", record.time_s, (record.id,), {"clear_s": rules.clear_after_s})

    def _judge_heat(self, record: Recorded, rules: AlertRules) -> Sequence[Verdict]:
        at, told = record.time_s, record.told(MEASURED).data
        change = self.heat.add(at, warmth(told, self.warnings, rules), rules)
        for region in told.regions:
            # A spike says nothing of a threshold: the filtered maximum beside it is lower.
            if (region.confirmed_level or region.alert_level) != "normal":
                self.warnings[region.name] = min(region.max_temp, self.warnings.get(region.name, region.max_temp))
        if change is None:
            return ()
        details: dict[str, Any] = {"max_temp": hottest_of(told)}
        if change == "none":
            return (Verdict("hot_spot", "closed", at, (record.id,), details | {"clear_s": rules.hot_spot_clear_s}),)
        hot = [region.name for region in told.regions if (region.confirmed_level or region.alert_level) != "normal"]
        details |= {"level": change, "regions": hot, "hot_spots": len(told.hot_spots)}
        turn: Turn = "renewed" if "hot_spot" in self.open else "opened"
        assert isinstance(record.event, ThermalEvent)
        return (Verdict("hot_spot", turn, at, (record.id,), details, record.event.data.media),)

    def _judge_health(self, record: Recorded) -> Sequence[Verdict]:
        """What begins is told before what ends, so that nobody takes the pause between for a recovery."""
        if self.status == "healthy" and record.told(REPORTED).data.status == "healthy":
            # As nearly always. Whatever was open is over since it was so before.
            return ()
        event = record.event
        assert isinstance(event, HealthEvent)
        at, told, before = record.time_s, event.data, self.status
        self.status = told.status
        self.stopped = told.reason or told.status if told.status in _DOWN else None
        found: list[Verdict] = []
        details: dict[str, Any] = {"previous_status": before, "reason": told.reason}
        if self.stopped is not None and "offline" not in self.open:
            found.append(Verdict("offline", "opened", at, (event.id,), details))
        if told.status == "degraded" and "degraded" not in self.open:
            counts = {"consecutive_failures": told.consecutive_failures, "total_reconnects": told.total_reconnects}
            found.append(Verdict("degraded", "opened", at, (event.id,), details | counts))
        if told.status == "stale" and "stale" not in self.open:
            since = min(told.last_frame_time.timestamp(), at) if told.last_frame_time else at
            waited = {"time_since_last_frame": round(at - since, 2)}
            found.append(Verdict("stale", "opened", since, (event.id,), details | waited))
        over = [kind for kind in _TROUBLES if told.status != kind and kind in self.open]
        return [*found, *(Verdict(kind, "closed", at, (event.id,), details) for kind in over)]

    def judge_disk(self, record: Recorded, rules: AlertRules) -> Sequence[Verdict]:
        beat = record.told(BEAT).data
        self.disk_id, percent = beat.disk_id, beat.system.disk_percent
        change = None if percent is None else self.disk.add(percent, rules)
        if change is None or self.is_unwritable or (change == "none" and "storage" not in self.open):
            return ()
        assert isinstance(record.event, HeartbeatEvent)
        load = record.event.data.system
        details = {"level": change, "percent": load.disk_percent, "free_bytes": load.disk_free_bytes}
        turn: Turn = "closed" if change == "none" else "renewed" if "storage" in self.open else "opened"
        return (Verdict("storage", turn, record.time_s, (record.id,), details),)

    def judge_fault(self, event: FaultEvent) -> Sequence[Verdict]:
        """What a fault of the hub means to the incidents of the hub."""
        fault, at = event.data, event.time.timestamp()
        if is_of_disk(fault):
            return self._judge_unwritable(event)
        told, since = details(fault), fault.since.timestamp()
        verdict = Verdict(fault.kind, "opened", since, (event.id,), told, (), fault.part, incident_id(fault))
        if fault.state == "raised":
            return () if verdict.key in self.open else (verdict,)
        return (verdict._replace(turn="closed", since=at),) if verdict.key in self.open else ()

    def _judge_unwritable(self, event: FaultEvent) -> Sequence[Verdict]:
        fault = event.data
        told = {**details(fault), "level": UNWRITABLE}
        if fault.state == "raised":
            self.is_unwritable = True
            turn: Turn = "renewed" if "storage" in self.open else "opened"
            return (Verdict("storage", turn, fault.since.timestamp(), (event.id,), told),)
        self.is_unwritable = False
        if self.disk.level != "none" or "storage" not in self.open:
            return ()
        return (Verdict("storage", "closed", event.time.timestamp(), (event.id,), told),)

    def _learn(self, record: Recorded) -> None:
        """The warning thresholds of ROIs."""
        assert isinstance(record.event, SettingsEvent)
        rois = read_sections(record.event.data.settings).known.get("rois")
        if rois is not None:
            self.warnings = {roi.name: roi.thresholds.warning for roi in rois}


watched_json = TypeAdapter(Watched)
"""How the state of the rules is kept in the view."""


def _opened(kind: IncidentType, window: Condition, record: Recorded, rules: AlertRules) -> Verdict:
    assert isinstance(record.event, FrameEvent)
    frame, first = record.event.data, window.first_bad
    details = {"share": round(window.share, 3), "window_s": rules.raise_window_s, **_figures(kind, frame)}
    return Verdict(kind, "opened", first.first_at, (first.first_id, record.id), details, frame.media)


def _figures(kind: IncidentType, frame: Frame) -> dict[str, Any]:
    match kind:
        case "freeze":
            return {"freeze_diffs": list(frame.freeze_diffs), "last_3_media": list(frame.last_3_media)}
        case "audio_loss":
            return {"mean_volume_db": frame.mean_volume_db, "volume_percentage": frame.volume_percentage}
    return {"blackscreen_percentage": frame.blackscreen_percentage}
