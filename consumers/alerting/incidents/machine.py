"""Judges what an agent says of its machine and its link: memory, temperature and the round trip of the broker."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from bus_schemas.alert import IncidentType
from consumers.alerting.incidents.detectors import LimitCondition
from consumers.alerting.incidents.verdict import Verdict, ending
from consumers.alerting.rules import AlertRules
from consumers.engine.partial import HeartbeatPart

OF_MACHINE: Final[tuple[IncidentType, ...]] = ("memory", "cpu_hot", "link_slow")
"""The incidents that all devices of an agent share: the first that is judged has it."""


def measured(beat: HeartbeatPart) -> Iterator[tuple[IncidentType, float | None]]:
    """What a heartbeat says for each of these rules; `None` where it says nothing."""
    round_trip_ms = None if beat.link is None else beat.link.round_trip_ms
    yield "memory", beat.system.memory_percent
    yield "cpu_hot", beat.system.temperature
    yield "link_slow", None if round_trip_ms is None else round_trip_ms / 1000


def limits(rules: AlertRules) -> Mapping[IncidentType, float]:
    return {"memory": rules.memory_percent, "cpu_hot": rules.cpu_temperature_c, "link_slow": rules.round_trip_s}


@dataclass(slots=True)
class MachineLimits:
    """The limits of a machine, judged by the heartbeats of one device."""

    memory: LimitCondition = field(default_factory=LimitCondition)
    cpu_hot: LimitCondition = field(default_factory=LimitCondition)
    link_slow: LimitCondition = field(default_factory=LimitCondition)

    def of(self, kind: IncidentType) -> LimitCondition:
        condition: LimitCondition = getattr(self, kind)
        return condition

    def judge(self, at: float, event_id: str, beat: HeartbeatPart, rules: AlertRules) -> Iterator[Verdict]:
        limit_of = limits(rules)
        for kind, value in measured(beat):
            condition, limit = self.of(kind), limit_of[kind]
            if value is None:
                # It neither begins nor ends anything, but for what nobody measures any more.
                if (since := condition.add_unknown(at)) is not None:
                    yield Verdict(kind, "closed", since, (event_id,), ending("not_measured"))
                continue
            turn = condition.add(at, value >= limit, rules.machine_after_s)
            if turn is not None and condition.other_since is not None:
                details = {"value": round(value, 2), "limit": limit}
                yield Verdict(kind, turn, condition.other_since, (event_id,), details)
                condition.other_since = None
