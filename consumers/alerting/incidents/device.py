"""Judges the events of one device: each type of event by its rules."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from bus_schemas.camera import FrameEvent
from bus_schemas.event import Event
from bus_schemas.media import MediaEvent
from bus_schemas.node import HealthEvent, HeartbeatEvent, SettingsEvent
from bus_schemas.settings import read_sections
from bus_schemas.thermal import SensorEvent, ThermalEvent
from consumers.alerting.incidents.device_state import Watched
from consumers.alerting.incidents.frame_rules import judge_frame
from consumers.alerting.incidents.health_rules import judge_health, judge_heartbeat
from consumers.alerting.incidents.heat_rules import judge_sensor, judge_thermal
from consumers.alerting.incidents.verdict import Verdict
from consumers.alerting.rules import AlertRules
from consumers.engine.partial import MEDIUM
from consumers.store.journal.record import Recorded

_NAMED_BY_EVENTS = ("segment", "thermal")
PICTURES_APART_S = 1.0
"""Nobody needs to know of a picture that was taken so shortly after another."""


def judge(watched: Watched, record: Recorded, rules: AlertRules) -> Sequence[Verdict]:
    """Judge an event of the device."""
    by_type = _JUDGES.get(record.model)
    found = () if by_type is None else by_type(watched, record, rules)
    if record.time_us == record.received_us or watched.open:
        # Else its clock is not wrong, and was not before.
        ahead_s = record.ahead_s
        if ahead_s or "clock" in watched.open:
            found = (*found, *_judge_clock(watched, record, ahead_s))
    return watched.note_work(record, found)


def _judge_clock(watched: Watched, record: Recorded, ahead_s: float) -> Iterator[Verdict]:
    at = record.received_s
    change = watched.clock.add(at, ahead_s != 0)
    if change is not None and (change == "closed") == ("clock" in watched.open):
        since = watched.clock.right_since if change == "closed" else at
        details = {"ahead_s": round(ahead_s, 1)} if ahead_s else {}
        yield Verdict("clock", change, at if since is None else since, (record.id,), details)


def _learn_picture(watched: Watched, record: Recorded, _: AlertRules) -> Sequence[Verdict]:
    """Remember the newest, which later events may need."""
    at, known = record.time_s, watched.picture
    if known is None or not -PICTURES_APART_S < at - known[0] < PICTURES_APART_S:
        medium = record.decode(MEDIUM).data
        if medium.kind not in _NAMED_BY_EVENTS:
            watched.picture = (at, medium.key)
    return ()


def _learn_thresholds(watched: Watched, record: Recorded, _: AlertRules) -> Sequence[Verdict]:
    """Those of ROIs that the device takes."""
    assert isinstance(record.event, SettingsEvent)
    rois = read_sections(record.event.data.settings).known.get("rois")
    if rois is not None:
        watched.warnings = {roi.name: roi.thresholds.warning for roi in rois}
    return ()


_JUDGES: Mapping[type[Event], Callable[[Watched, Recorded, AlertRules], Sequence[Verdict]]] = {
    FrameEvent: judge_frame,
    HealthEvent: judge_health,
    HeartbeatEvent: judge_heartbeat,
    MediaEvent: _learn_picture,
    SettingsEvent: _learn_thresholds,
    SensorEvent: judge_sensor,
    ThermalEvent: judge_thermal,
}
"""By the type of an event, what it says besides that the device is there."""
