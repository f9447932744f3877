"""The rules about health events and heartbeats: what a device and its machine say of themselves."""

from collections.abc import Iterator, Sequence
from typing import Any

from bus_schemas.node import AGENT_STOPS, HealthEvent, HeartbeatEvent
from consumers.alerting.incidents.device_state import Watched
from consumers.alerting.incidents.evidence import trouble
from consumers.alerting.incidents.presence import ORDERLY, TROUBLES, Loss
from consumers.alerting.incidents.verdict import Turn, Verdict
from consumers.alerting.rules import AlertRules
from consumers.engine.partial import HEARTBEAT, STATUS
from consumers.store.journal.record import Recorded

_DOWN = ("stopped", "not_started")


def judge_health(watched: Watched, record: Recorded, _: AlertRules) -> Sequence[Verdict]:
    """Incidents that begin come before those that end, so that the pause between looks like no recovery."""
    if watched.status == "healthy" and record.decode(STATUS).data.status == "healthy":
        # As nearly always. Whatever was open is over since it was so before.
        return ()
    event = record.event
    assert isinstance(event, HealthEvent)
    at, now, before = record.time_s, event.data, watched.status
    if now.status != before:
        watched.status, watched.trouble_s = now.status, record.received_s
    watched.trouble_reason = now.reason if now.status in TROUBLES else None
    if before not in TROUBLES:
        watched.had_worked = watched.has_worked
    details: dict[str, Any] = {"previous_status": before, "reason": now.reason}
    became = "offline" if now.status in _DOWN else now.status if now.status in TROUBLES else None
    found: list[Verdict] = []
    if now.status in _DOWN:
        reason = now.reason or now.status
        gone = Loss("stopped", at, reason, at, causes=(record.id,), since=at, previous_status=before)
        found += watched.lose(gone)
    elif watched.lost is None and now.status in TROUBLES and now.status not in watched.open:
        found.append(trouble(event, record, details))
    over = [kind for kind in TROUBLES if now.status != kind and kind in watched.open]
    if now.reason in ORDERLY:
        # Whoever stops an agent mends nothing: what was wrong is so until it says another thing.
        over = []
    details |= {"recovered": watched.had_worked, **({} if became is None else {"became": became})}
    return [*found, *(Verdict(kind, "closed", at, (event.id,), dict(details)) for kind in over)]


def judge_heartbeat(watched: Watched, record: Recorded, rules: AlertRules) -> Sequence[Verdict]:
    beat = record.decode(HEARTBEAT).data
    if beat.node is not None:
        watched.node = beat.node
    watched.disk_id, percent = beat.disk_id, beat.system.disk_percent
    found = [] if percent is None else [*_judge_disk(watched, record, percent, rules)]
    found += watched.machine.judge(record.time_s, record.id, beat, rules)
    if beat.status == "stopping":
        at = record.time_s
        found += watched.lose(Loss("stopped", at, AGENT_STOPS, at, causes=(record.id,), since=at))
    return found


def _judge_disk(watched: Watched, record: Recorded, percent: float, rules: AlertRules) -> Iterator[Verdict]:
    change = watched.disk.add(percent, rules)
    if change is None:
        return
    assert isinstance(record.event, HeartbeatEvent)
    load = record.event.data.system
    details = {"level": change, "percent": load.disk_percent, "free_bytes": load.disk_free_bytes}
    turn: Turn = "closed" if change == "none" else "renewed" if "storage" in watched.open else "opened"
    yield Verdict("storage", turn, record.time_s, (record.id,), details)
