"""What each rule saw of a device around a moment, in figures, and what was missing for an incident, in a sentence."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from bus_schemas.alert import IncidentType, TrendFault
from bus_schemas.camera import Frame, FrameEvent, FrameFault
from bus_schemas.node import HealthEvent, HeartbeatEvent
from bus_schemas.thermal import SensorEvent, ThermalEvent
from consumers.alerting.incidents.device_state import Watched
from consumers.alerting.incidents.evidence import figures
from consumers.alerting.incidents.heat import deciding_temp
from consumers.alerting.incidents.missing_sound import SOUND
from consumers.alerting.incidents.trends import TREND_FAULTS
from consumers.alerting.terms import Terms
from consumers.alerting.what_if.report_readings import ReportedValues
from consumers.alerting.what_if.report_readings import seconds_words as _s
from consumers.engine.frame_faults import FRAME_FAULTS, answers
from consumers.engine.partial import HEARTBEAT, THERMAL, VERDICTS
from consumers.store.journal.clock_ahead import AHEAD_US, NEVER_SET_BEFORE
from consumers.store.journal.record import DeviceKey, Recorded
from producer.times import moment_of_seconds

Outcome = Literal["open", "not_met", "unknown"]
"""An incident was open; the rule judged, and found too little; nobody could judge."""

_BAD: Final[Mapping[FrameFault, str]] = {
    "blackscreen": "black",
    "freeze": "frozen",
    "corrupt_rows": "smeared",
    "macroblocks": "broken into blocks",
    "audio_loss": "without sound",
}


@dataclass(frozen=True, slots=True)
class RuleReading:
    """`seen` are figures, named as in the details of an incident, from `nearest`: when it came nearest to one."""

    rule: IncidentType
    sentence: str
    outcome: Outcome
    missing: str | None
    nearest: datetime | None = None
    seen: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class FramePeak:
    """The most that one fault had of a window of frames; `judged_s` is how much of the window was judged."""

    at: float = 0.0
    bad_s: float = 0.0
    judged_s: float = 0.0
    share: float = 0.0
    frame: Frame | None = None
    hidden_by: FrameFault | None = None
    is_of_picture: bool = False
    """Whether missing sound was part of an incident of the picture."""


@dataclass(slots=True)
class Observed:
    """What was seen of a device from a window before `at` until `end`; times in seconds since 1970."""

    at: float
    end: float
    window_s: float
    open_before: frozenset[str] = frozenset()
    """Types of incidents that were open at the moment, as far as it was seen."""
    opened: set[str] = field(default_factory=set)
    frames: dict[FrameFault, FramePeak] = field(default_factory=dict)
    hottest: tuple[float, float] | None = None
    """°C, and when."""
    beyond_s: dict[TrendFault, float] = field(default_factory=dict)
    """For how long a region was beyond its limit, at most."""
    silence_s: float = 0.0
    status: tuple[float, str, str | None] | None = None
    disk_percent: float | None = None
    ahead_s: float = 0.0
    last_received: float | None = None
    reports: ReportedValues = field(default_factory=ReportedValues)

    @property
    def start(self) -> float:
        return self.at - self.window_s

    def note(self, record: Recorded, watched: Watched) -> None:
        """The device after an event of it."""
        self._note_silence(record.received_s)
        if record.time_s < self.start:
            return
        self.ahead_s = max(self.ahead_s, record.ahead_s, key=abs)
        if record.model is FrameEvent:
            self._note_frame(record, watched)
        elif record.model is ThermalEvent:
            self._note_heat(record, watched)
        elif record.model is SensorEvent:
            self.reports.note_sensor(record)
        else:
            self._note_report(record, watched)

    def note_open(self, at: float, watched: Watched) -> None:
        """The device after any event: that it is silent is known by the ticks of the hub."""
        if at <= self.at:
            self.open_before = frozenset(watched.open)
        else:
            self.opened |= watched.open.keys()

    @property
    def open(self) -> frozenset[str]:
        """Types of incidents that were open at the moment, or were opened behind it."""
        return self.open_before | self.opened

    def silence(self) -> float:
        """The longest time without anything of it, also that at the end."""
        return max(self.silence_s, 0.0 if self.last_received is None else self.end - self.last_received)

    def _note_silence(self, received: float) -> None:
        if self.last_received is not None and received >= self.start:
            self.silence_s = max(self.silence_s, received - self.last_received)
        self.last_received = max(received, self.last_received or received)

    def _note_frame(self, record: Recorded, watched: Watched) -> None:
        assert isinstance(record.event, FrameEvent)
        verdicts, window = record.decode(VERDICTS).data, watched.frames
        judged = answers(verdicts)
        for number, (kind, condition) in enumerate(zip(FRAME_FAULTS, window.conditions, strict=True)):
            peak = self.frames.get(kind)
            if peak is None or peak.at < self.at:
                # A window that ends behind the moment has the moment in it; of those before, the last one counts.
                peak = self.frames[kind] = FramePeak(record.time_s)
            if judged[number] is None and getattr(verdicts, kind, None) is True:
                peak.hidden_by = FRAME_FAULTS[judged.index(True)]
            peak.is_of_picture |= number == SOUND and watched.missing_sound.withheld is not None
            if judged[number] is None or not condition.total or condition.begun is None:
                continue
            judged_s = min(window.last - condition.begun, self.window_s)
            bad_s = condition.share * judged_s
            if peak.frame is None or bad_s > peak.bad_s:
                peak.at, peak.bad_s, peak.judged_s = record.time_s, bad_s, judged_s
                peak.share, peak.frame = condition.share, record.event.data

    def _note_heat(self, record: Recorded, watched: Watched) -> None:
        temp = deciding_temp(record.decode(THERMAL).data)
        if self.hottest is None or temp > self.hottest[0]:
            self.hottest = (temp, record.time_s)
        for fault, condition in watched.trends.conditions.items():
            for since in condition.beyond_since.values():
                self.beyond_s[fault] = max(self.beyond_s.get(fault, 0.0), record.time_s - since)

    def _note_report(self, record: Recorded, watched: Watched) -> None:
        if record.model is HeartbeatEvent:
            self.reports.note_machine(record, watched)
            percent = record.decode(HEARTBEAT).data.system.disk_percent
            if percent is not None:
                self.disk_percent = max(percent, self.disk_percent or 0.0)
        elif isinstance(record.event, HealthEvent):
            data = record.event.data
            if self.status is None or data.status != "healthy":
                self.status = (record.time_s, data.status, data.reason)


def readings(seen: Observed, in_force: Terms, where: DeviceKey, watched: Watched) -> tuple[RuleReading, ...]:
    """By rule, those of the picture first."""
    return tuple(_Readings(seen, in_force, where, watched).all())


@dataclass(frozen=True, slots=True)
class _Readings:
    seen: Observed
    in_force: Terms
    where: DeviceKey
    watched: Watched

    def all(self) -> Iterator[RuleReading]:
        for kind in FRAME_FAULTS:
            yield self._of_frames(kind)
        yield self._of_heat()
        if self.seen.hottest is not None:
            yield from self._of_trends()
        if self.seen.hottest is not None or self.seen.reports.sensor:
            yield from (self._reading(*one) for one in self.seen.reports.of_sensor(self.in_force.rules))
        yield self._of_silence()
        yield from self._of_status()
        yield self._of_disk()
        yield from (self._reading(*one) for one in self.seen.reports.of_machine(self.in_force.rules))
        yield self._of_clock()

    def _reading(
        self,
        rule: IncidentType,
        outcome: Outcome,
        missing: str,
        nearest: float | None = None,
        seen: Mapping[str, Any] | None = None,
    ) -> RuleReading:
        """Where an incident was open, nothing was missing."""
        is_open = rule in self.seen.open
        return RuleReading(
            rule=rule,
            sentence=self.in_force.sentence(rule, self.where, is_agents=self.watched.is_agents),
            outcome="open" if is_open else outcome,
            missing=None if is_open else missing,
            nearest=None if nearest is None else moment_of_seconds(nearest),
            seen={name: value for name, value in (seen or {}).items() if value is not None},
        )

    def _of_frames(self, kind: FrameFault) -> RuleReading:
        peak = self.seen.frames.get(kind, FramePeak())
        what, bad = "sound" if kind == "audio_loss" else "picture", _BAD[kind]
        if peak.hidden_by is not None and not peak.bad_s:
            missing = f"Not judged: the picture was {_BAD[peak.hidden_by]}, and of its faults the first counts."
            return self._reading(kind, "not_met", missing)
        if peak.frame is None:
            return self._reading(kind, "unknown", f"No {what} could be judged.")
        seen = {"share": round(peak.share, 3), **figures(kind, peak.frame)}
        if peak.is_of_picture:
            missing = "It failed together with the picture: one cause, and one incident, that of the picture."
        else:
            missing = self._missing_share(peak, bad) if peak.share else f"No {what} was {bad}."
        return self._reading(kind, "not_met", missing, peak.at, seen)

    def _missing_share(self, peak: FramePeak, bad: str) -> str:
        window_s, share = self.in_force.rules.raise_window_s, self.in_force.rules.raise_share
        found = f"{bad.capitalize()} for {_s(peak.bad_s)}"
        if peak.judged_s < window_s:
            return f"{found}, of which there were only {_s(peak.judged_s)} to judge; {_s(window_s)} are needed."
        return f"{found} of {_s(window_s)}; {_s(share * window_s)} are needed."

    def _of_heat(self) -> RuleReading:
        if self.seen.hottest is None:
            return self._reading("hot_spot", "unknown", "Nothing was measured.")
        temp, at = self.seen.hottest
        limits = sorted(self.watched.warnings.items())
        needed = [f"{self.in_force.rules.hot_spot_c:g} °C", *(f"{limit:g} °C in {name}" for name, limit in limits)]
        missing = f"The hottest was {temp:.1f} °C; {' or '.join(needed)} are needed."
        return self._reading("hot_spot", "not_met", missing, at, {"max_temp": temp})

    def _of_trends(self) -> Iterator[RuleReading]:
        for fault in TREND_FAULTS:
            beyond_s = self.seen.beyond_s.get(fault)
            missing = "No region was beyond a limit of it."
            if beyond_s is not None:
                needed = _s(self.in_force.rules.trend_after_s)
                missing = f"A region was beyond its limit for {_s(beyond_s)}; {needed} are needed."
            yield self._reading(fault, "not_met", missing)

    def _of_silence(self) -> RuleReading:
        needed = self.in_force.silent_after_s(self.where, is_agents=self.watched.is_agents)
        if needed is None:
            return self._reading("offline", "unknown", "Nothing is expected of it: it may be silent.")
        if self.seen.last_received is None:
            return self._reading("offline", "unknown", "Nothing was received of it before: nothing is missed.")
        silence_s = self.seen.silence()
        missing = f"The longest silence was {_s(silence_s)}; {_s(needed)} are needed."
        return self._reading("offline", "not_met", missing, None, {"silence_s": round(silence_s, 1)})

    def _of_status(self) -> Iterator[RuleReading]:
        rules: tuple[IncidentType, ...] = ("degraded", "stale")
        for rule in rules:
            if self.seen.status is None:
                yield self._reading(rule, "unknown", "It reported nothing of its source.")
            else:
                at, status, reason = self.seen.status
                said = f"It reported {status}{f': {reason}' if reason else ''}."
                yield self._reading(rule, "not_met", said, at, {"status": status})

    def _of_disk(self) -> RuleReading:
        percent = self.seen.disk_percent
        if percent is None:
            return self._reading("storage", "unknown", "It reported nothing of a disk.")
        missing = f"The disk was used by {percent:.1f} %; {self.in_force.rules.storage_low_percent:g} % are needed."
        return self._reading("storage", "not_met", missing, None, {"percent": percent})

    def _of_clock(self) -> RuleReading:
        outcome: Outcome = "unknown" if self.seen.last_received is None else "not_met"
        ahead = {"ahead_s": round(self.seen.ahead_s, 1)} if self.seen.ahead_s else {}
        missing = (
            f"No time that it said was more than {AHEAD_US / 60e6:g} minutes ahead, or before {NEVER_SET_BEFORE.year}."
        )
        return self._reading("clock", outcome, missing, None, ahead)
