"""The rules about thermal frames and their sensor: thresholds, trends, and what the sensor says of itself."""

from collections.abc import Sequence
from itertools import islice
from typing import Any

from bus_schemas.limits import MAX_ITEMS
from bus_schemas.thermal import SENSOR_FAULTS, SensorEvent, ThermalEvent
from consumers.alerting.incidents.device_state import Watched
from consumers.alerting.incidents.evidence import picture_beside
from consumers.alerting.incidents.heat import judged_temp, level_of, warmth
from consumers.alerting.incidents.trends import TrendChange
from consumers.alerting.incidents.verdict import Turn, Verdict, ending
from consumers.alerting.rules import AlertRules
from consumers.engine.partial import THERMAL, ThermalPart
from consumers.store.journal.record import Recorded


def judge_thermal(watched: Watched, record: Recorded, rules: AlertRules) -> Sequence[Verdict]:
    part = record.decode(THERMAL).data
    found = _judge_heat(watched, record, part, rules)
    changes = [*watched.trends.add(record.time_s, part, rules)]
    for known in (watched.warnings, watched.trends.samples):
        if len(known) > MAX_ITEMS:
            _forget_first(known)
    return (*found, *(_trend(watched, record, change) for change in changes)) if changes else found


def _forget_first(known: dict[str, Any]) -> None:
    """What is known by names of regions: an event has a thousand at most, but a device may name others in each."""
    for name in list(islice(known, len(known) - MAX_ITEMS)):
        del known[name]


def _judge_heat(watched: Watched, record: Recorded, data: ThermalPart, rules: AlertRules) -> Sequence[Verdict]:
    at = record.time_s
    now = warmth(data, watched.warnings, rules)
    is_measured = watched.heat.is_measured(data)
    change = watched.heat.add(at, now, rules)
    for region in data.regions if now.level != "none" else ():
        # A spike says nothing of a threshold: the filtered maximum beside it is lower.
        if level_of(region) != "normal":
            watched.warnings[region.name] = min(region.max_temp, watched.warnings.get(region.name, region.max_temp))
    hottest = round(judged_temp(data, rules), 2)
    if change is None:
        is_worse = "hot_spot" in watched.open and watched.heat.worst.add(at, hottest)
        return (watched.heat.worst.verdict("hot_spot", record),) if is_worse else ()
    # The frame's own maximum is filtered: it follows what decided with a delay.
    details: dict[str, Any] = {"max_temp": hottest, "filtered_max_temp": data.frame_stats.max_temp}
    if change == "none":
        assert watched.heat.cool_since is not None
        details |= {"clear_s": rules.hot_spot_clear_s, **watched.heat.worst.details()}
        details |= {} if is_measured else ending("not_measured")
        return (Verdict("hot_spot", "closed", watched.heat.cool_since, (record.id,), details),)
    hot = [region.name for region in data.regions if level_of(region) != "normal"]
    details |= {"level": change, "regions": hot, "hot_spots": len(data.hot_spots)}
    turn: Turn = "renewed" if "hot_spot" in watched.open else "opened"
    details |= watched.heat.worst.turned(at, hottest, is_new=turn == "opened")
    return (Verdict("hot_spot", turn, at, (record.id,), details, _thermal_media(watched, record)),)


def _trend(watched: Watched, record: Recorded, change: TrendChange) -> Verdict:
    worst = max(change.excesses, key=lambda one: one.value - one.limit, default=None)
    details: dict[str, Any] = {"regions": [one.region for one in change.excesses]}
    if worst is not None:
        details |= {"value": round(worst.value, 2), "limit": worst.limit}
    if change.change == "worse":
        return change.worst.verdict(change.fault, record)
    details |= change.worst.details() if change.fault in watched.open else {}
    if change.change == "over":
        details |= {} if change.is_measured else ending("not_measured")
        return Verdict(change.fault, "closed", change.since, (record.id,), details)
    turn: Turn = "renewed" if change.fault in watched.open else "opened"
    return Verdict(change.fault, turn, change.since, (record.id,), details, _thermal_media(watched, record))


def _thermal_media(watched: Watched, record: Recorded) -> tuple[str, ...]:
    assert isinstance(record.event, ThermalEvent)
    return tuple(dict.fromkeys((*record.event.data.media, *picture_beside(record.time_s, watched.picture))))


def judge_sensor(watched: Watched, record: Recorded, rules: AlertRules) -> Sequence[Verdict]:
    """Judge what the sensor says of itself; heat whose pixel counts as broken is not over."""
    event, at = record.event, record.time_s
    assert isinstance(event, SensorEvent)
    found: list[Verdict] = []
    reported = {one.fault: one for one in event.data.faults}
    for fault in SENSOR_FAULTS:
        one = reported.get(fault)
        if one is None:
            if fault in watched.open:
                found.append(Verdict(fault, "closed", at, (record.id,), {}))
            continue
        since = min(one.since.timestamp(), at)
        if fault not in watched.open and at - since >= rules.sensor_fault_after_s:
            details = {"value": one.value, "limit": one.limit}
            found.append(Verdict(fault, "opened", since, (record.id,), details))
    if watched.heat.hold(event.data.masked, rules) and "hot_spot" in watched.open:
        pixels = [one for one in event.data.masked if one.pixel in watched.heat.masked]
        temps = [one.temp for one in pixels if one.temp is not None]
        held: dict[str, Any] = {"level": watched.heat.level, "masked_pixels": [list(one.pixel) for one in pixels]}
        held |= {**watched.heat.worst.details(), **({"max_temp": max(temps)} if temps else {})}
        found.append(Verdict("hot_spot", "renewed", at, (record.id,), held))
    return found
