"""The state of the rules for one device, and how they judge its events."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec.json import Decoder, Encoder

from bus_schemas.camera import FrameEvent
from bus_schemas.event import Event
from bus_schemas.media import MediaEvent
from bus_schemas.node import (
    AGENT_STOPS,
    HealthEvent,
    HeartbeatEvent,
    SettingsEvent,
)
from bus_schemas.settings import read_sections
from bus_schemas.thermal import SENSOR_FAULTS, SensorEvent, ThermalEvent
from consumers.alerting.incidents.detectors import DiskCondition, FrameWindow, WrongClock
from consumers.alerting.incidents.evidence import opening, picture_beside, trouble
from consumers.alerting.incidents.heat import Heat, deciding_temp, warmth
from consumers.alerting.incidents.machine import MachineLimits
from consumers.alerting.incidents.missing_sound import SOUND, MissingSound, is_silent_since
from consumers.alerting.incidents.presence import ORDERLY, TROUBLES, Loss, PresenceState
from consumers.alerting.incidents.trends import TrendChange, Trends
from consumers.alerting.incidents.verdict import Turn, Verdict
from consumers.alerting.rules import AlertRules
from consumers.engine.frame_faults import FRAME_FAULTS, PICTURE_FAULTS, Answers
from consumers.engine.frame_faults import answers as answers_of
from consumers.engine.partial import HEARTBEAT, MEDIUM, STATUS, THERMAL, VERDICTS, ThermalPart
from consumers.store.journal.record import Recorded

_DOWN = ("stopped", "not_started")
_NAMED_BY_EVENTS = ("segment", "thermal")
_NOTHING_JUDGED: Answers = (None,) * len(FRAME_FAULTS)
PICTURES_APART_S = 1.0
"""Nobody needs to know of a picture that was taken so shortly after another."""


@dataclass(slots=True)
class Watched(PresenceState):
    """The state of the rules for one device; times in seconds since 1970."""

    frames: FrameWindow = field(default_factory=FrameWindow)
    heat: Heat = field(default_factory=Heat)
    trends: Trends = field(default_factory=Trends)
    warnings: dict[str, float] = field(default_factory=dict)
    """The warning thresholds of ROIs in °C: as set, or else the coolest that was seen to be one."""
    picture: tuple[float, str] | None = None
    """When the newest picture was taken, and its key."""
    disk: DiskCondition = field(default_factory=DiskCondition)
    disk_id: str | None = None
    machine: MachineLimits = field(default_factory=MachineLimits)
    missing_sound: MissingSound = field(default_factory=MissingSound)
    clock: WrongClock = field(default_factory=WrongClock)

    def judge(self, record: Recorded, rules: AlertRules) -> Sequence[Verdict]:
        """Judge an event of the device."""
        judge = _JUDGES.get(record.model)
        found = () if judge is None else judge(self, record, rules)
        if record.time_us == record.received_us or self.open:
            # Else its clock is not ahead, and was not before.
            ahead_s = record.ahead_s
            if ahead_s or "clock" in self.open:
                found = (*found, *self._judge_clock(record, ahead_s))
        return self.note_work(record, found)

    def _judge_clock(self, record: Recorded, ahead_s: float) -> Iterator[Verdict]:
        at = record.received_s
        change = self.clock.add(at, ahead_s > 0)
        if change is not None and (change == "closed") == ("clock" in self.open):
            since = self.clock.right_since if change == "closed" else at
            details = {"ahead_s": round(ahead_s, 1)} if ahead_s else {}
            yield Verdict("clock", change, at if since is None else since, (record.id,), details)

    def _judge_frame(self, record: Recorded, rules: AlertRules) -> Sequence[Verdict]:
        answers, at = answers_of(record.decode(VERDICTS).data), record.time_s
        self._know(at, answers, rules)
        self.frames.add(at, answers, record.id, rules)
        if not self.frames.bad and (not self.open or self.open.keys().isdisjoint(FRAME_FAULTS)):
            return ()
        return [*self._turns(record, answers, rules)]

    def _know(self, at: float, answers: Answers, rules: AlertRules) -> None:
        """Frames of which nothing can be judged for a window make a device unknown; one that can be, known."""
        if answers != _NOTHING_JUDGED:
            self.blank_since = None
            if not self.is_known:
                self.is_known, self.known_since = True, at
            return
        if self.blank_since is None:
            self.blank_since = at
        if self.is_known and at - self.blank_since > rules.raise_window_s:
            self.is_known, self.known_since = False, self.blank_since

    def _turns(self, record: Recorded, answers: Answers, rules: AlertRules) -> Iterator[Verdict]:
        window = self.frames
        for number, (kind, bad) in enumerate(zip(FRAME_FAULTS, answers, strict=True)):
            if bad is None:
                continue
            condition = window.conditions[number]
            if kind not in self.open:
                if bad and window.is_bad(number, rules) and not self._is_of_picture(number, answers):
                    yield from self._open(number, record, rules)
                elif number == SOUND and window.is_clear(number, rules):
                    self.missing_sound.withheld = None
            elif not bad and window.is_clear(number, rules):
                assert condition.good_since is not None
                yield Verdict(kind, "closed", condition.good_since, (record.id,), {"clear_s": rules.clear_after_s})
                window.restart(number)

    def _is_of_picture(self, number: int, answers: Answers) -> bool:
        return number == SOUND and self.missing_sound.is_of_picture(self.frames, answers, self.open)

    def _open(self, number: int, record: Recorded, rules: AlertRules) -> Iterator[Verdict]:
        """Sound that was withheld is missing since it failed, which the window may have forgotten."""
        condition = self.frames.conditions[number]
        first = condition.first_bad
        if number == SOUND:
            first, self.missing_sound.withheld = self.missing_sound.withheld or first, None
        found = opening(number, condition, first, record, self.picture)
        found.details["window_s"] = rules.raise_window_s
        if number != SOUND and (self.missing_sound.withheld or is_silent_since(self.frames, first.first_at)):
            found.details["without_sound"] = True
        yield found
        yield from self._displaced(number, first.first_at, record)

    def _displaced(self, number: int, since: float, record: Recorded) -> Iterator[Verdict]:
        """Where a picture has several faults, the first is the incident: the others are over when it begins."""
        kind = FRAME_FAULTS[number]
        for behind, lesser in enumerate(PICTURE_FAULTS):
            if behind > number and kind in PICTURE_FAULTS and lesser in self.open:
                at = max(since, self.open[lesser].since)
                yield Verdict(lesser, "closed", at, (record.id,), {"became": kind, "recovered": False})
                self.frames.restart(behind)

    def _judge_thermal(self, record: Recorded, rules: AlertRules) -> Sequence[Verdict]:
        part = record.decode(THERMAL).data
        found = self._judge_heat(record, part, rules)
        changes = [*self.trends.add(record.time_s, part, rules)]
        return (*found, *(self._trend(record, change) for change in changes)) if changes else found

    def _judge_heat(self, record: Recorded, data: ThermalPart, rules: AlertRules) -> Sequence[Verdict]:
        at = record.time_s
        now = warmth(data, self.warnings, rules)
        change = self.heat.add(at, now, rules)
        for region in data.regions if now.level != "none" else ():
            # A spike says nothing of a threshold: the filtered maximum beside it is lower.
            if (region.confirmed_level or region.alert_level) != "normal":
                self.warnings[region.name] = min(region.max_temp, self.warnings.get(region.name, region.max_temp))
        hottest = deciding_temp(data)
        if change is None:
            is_worse = "hot_spot" in self.open and self.heat.worst.add(at, hottest)
            return (self.heat.worst.verdict("hot_spot", record),) if is_worse else ()
        # The frame's own maximum is filtered: it follows what decided with a delay.
        details: dict[str, Any] = {"max_temp": hottest, "filtered_max_temp": data.frame_stats.max_temp}
        if change == "none":
            assert self.heat.cool_since is not None
            details |= {"clear_s": rules.hot_spot_clear_s, **self.heat.worst.details()}
            return (Verdict("hot_spot", "closed", self.heat.cool_since, (record.id,), details),)
        hot = [region.name for region in data.regions if (region.confirmed_level or region.alert_level) != "normal"]
        details |= {"level": change, "regions": hot, "hot_spots": len(data.hot_spots)}
        turn: Turn = "renewed" if "hot_spot" in self.open else "opened"
        details |= self.heat.worst.turned(at, hottest, is_new=turn == "opened")
        return (Verdict("hot_spot", turn, at, (record.id,), details, self._thermal_media(record)),)

    def _trend(self, record: Recorded, change: TrendChange) -> Verdict:
        worst = max(change.excesses, key=lambda one: one.value - one.limit, default=None)
        details: dict[str, Any] = {"regions": [one.region for one in change.excesses]}
        if worst is not None:
            details |= {"value": round(worst.value, 2), "limit": worst.limit}
        if change.change == "worse":
            return change.worst.verdict(change.fault, record)
        details |= change.worst.details() if change.fault in self.open else {}
        if change.change == "over":
            return Verdict(change.fault, "closed", change.since, (record.id,), details)
        turn: Turn = "renewed" if change.fault in self.open else "opened"
        return Verdict(change.fault, turn, change.since, (record.id,), details, self._thermal_media(record))

    def _thermal_media(self, record: Recorded) -> tuple[str, ...]:
        assert isinstance(record.event, ThermalEvent)
        return tuple(dict.fromkeys((*record.event.data.media, *picture_beside(record.time_s, self.picture))))

    def _judge_sensor(self, record: Recorded, rules: AlertRules) -> Sequence[Verdict]:
        """Judge what the sensor says of itself; heat whose pixel counts as broken is not over."""
        event, at = record.event, record.time_s
        assert isinstance(event, SensorEvent)
        found: list[Verdict] = []
        reported = {one.fault: one for one in event.data.faults}
        for fault in SENSOR_FAULTS:
            one = reported.get(fault)
            if one is None:
                if fault in self.open:
                    found.append(Verdict(fault, "closed", at, (record.id,), {}))
                continue
            since = min(one.since.timestamp(), at)
            if fault not in self.open and at - since >= rules.sensor_fault_after_s:
                details = {"value": one.value, "limit": one.limit}
                found.append(Verdict(fault, "opened", since, (record.id,), details))
        if self.heat.hold(event.data.masked, rules) and "hot_spot" in self.open:
            pixels = [one for one in event.data.masked if one.pixel in self.heat.masked]
            temps = [one.temp for one in pixels if one.temp is not None]
            held: dict[str, Any] = {"level": self.heat.level, "masked_pixels": [list(one.pixel) for one in pixels]}
            held |= {**self.heat.worst.details(), **({"max_temp": max(temps)} if temps else {})}
            found.append(Verdict("hot_spot", "renewed", at, (record.id,), held))
        return found

    def _judge_health(self, record: Recorded, _: AlertRules) -> Sequence[Verdict]:
        """Incidents that begin come before those that end, so that the pause between looks like no recovery."""
        if self.status == "healthy" and record.decode(STATUS).data.status == "healthy":
            # As nearly always. Whatever was open is over since it was so before.
            return ()
        event = record.event
        assert isinstance(event, HealthEvent)
        at, now, before = record.time_s, event.data, self.status
        if now.status != before:
            self.status, self.trouble_s = now.status, record.received_s
        if before not in TROUBLES:
            self.had_worked = self.has_worked
        details: dict[str, Any] = {"previous_status": before, "reason": now.reason}
        became = "offline" if now.status in _DOWN else now.status if now.status in TROUBLES else None
        found: list[Verdict] = []
        if now.status in _DOWN:
            reason = now.reason or now.status
            gone = Loss("stopped", at, reason, at, causes=(record.id,), since=at, previous_status=before)
            found += self.lose(gone)
        elif self.lost is None and now.status in TROUBLES and now.status not in self.open:
            found.append(trouble(event, record, details))
        over = [kind for kind in TROUBLES if now.status != kind and kind in self.open]
        if now.reason in ORDERLY:
            # Whoever stops an agent mends nothing: what was wrong is so until it says another thing.
            over = []
        details |= {"recovered": self.had_worked, **({} if became is None else {"became": became})}
        return [*found, *(Verdict(kind, "closed", at, (event.id,), dict(details)) for kind in over)]

    def _judge_beat(self, record: Recorded, rules: AlertRules) -> Sequence[Verdict]:
        beat = record.decode(HEARTBEAT).data
        if beat.node is not None:
            self.node = beat.node
        self.disk_id, percent = beat.disk_id, beat.system.disk_percent
        found = [] if percent is None else [*self.judge_disk(record, percent, rules)]
        found += self.machine.judge(record.time_s, record.id, beat, rules)
        if beat.status == "stopping":
            at = record.time_s
            found += self.lose(Loss("stopped", at, AGENT_STOPS, at, causes=(record.id,), since=at))
        return found

    def judge_disk(self, record: Recorded, percent: float, rules: AlertRules) -> Iterator[Verdict]:
        change = self.disk.add(percent, rules)
        if change is None:
            return
        assert isinstance(record.event, HeartbeatEvent)
        load = record.event.data.system
        details = {"level": change, "percent": load.disk_percent, "free_bytes": load.disk_free_bytes}
        turn: Turn = "closed" if change == "none" else "renewed" if "storage" in self.open else "opened"
        yield Verdict("storage", turn, record.time_s, (record.id,), details)

    def _learn_picture(self, record: Recorded, _: AlertRules) -> Sequence[Verdict]:
        """Remember the newest, which later events may need."""
        at, known = record.time_s, self.picture
        if known is None or not -PICTURES_APART_S < at - known[0] < PICTURES_APART_S:
            medium = record.decode(MEDIUM).data
            if medium.kind not in _NAMED_BY_EVENTS:
                self.picture = (at, medium.key)
        return ()

    def _learn_thresholds(self, record: Recorded, _: AlertRules) -> Sequence[Verdict]:
        """Those of ROIs that the device takes."""
        assert isinstance(record.event, SettingsEvent)
        rois = read_sections(record.event.data.settings).known.get("rois")
        if rois is not None:
            self.warnings = {roi.name: roi.thresholds.warning for roi in rois}
        return ()


_JUDGES: Mapping[type[Event], Callable[[Watched, Recorded, AlertRules], Sequence[Verdict]]] = {
    FrameEvent: Watched._judge_frame,
    HealthEvent: Watched._judge_health,
    HeartbeatEvent: Watched._judge_beat,
    MediaEvent: Watched._learn_picture,
    SettingsEvent: Watched._learn_thresholds,
    SensorEvent: Watched._judge_sensor,
    ThermalEvent: Watched._judge_thermal,
}
"""By the type of an event, what it says besides that the device is there."""


_ENCODER = Encoder()
_DECODER = Decoder(Watched)


def watched_text(watched: Watched) -> str:
    """The state as it is written in the view."""
    return _ENCODER.encode(watched).decode()


def read_watched(text: str) -> Watched:
    return _DECODER.decode(text)
