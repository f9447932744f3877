"""Remembers the worst that a condition has reached while it lasts, and when that is worth another event."""

from dataclasses import dataclass
from typing import Any, Final

from bus_schemas.alert import IncidentType
from bus_schemas.event import iso
from consumers.alerting.incidents.verdict import Verdict
from consumers.store.journal.record import Recorded
from producer.times import moment_of_seconds

EMIT_EVERY_S: Final = 10.0
"""A fire that grows with every frame is an event every so many seconds; at its end the worst is always in the event."""
EMIT_FROM: Final = 0.5
"""In °C, or °C per minute: by so much it must be worse than in the last event."""


@dataclass(slots=True)
class WorstValue:
    """The worst of one condition; times in seconds since 1970."""

    value: float | None = None
    at: float = 0.0
    emitted: float = 0.0
    emitted_at: float = 0.0

    def begin(self, at: float, value: float) -> None:
        self.value = self.emitted = value
        self.at = self.emitted_at = at

    def add(self, at: float, value: float) -> bool:
        """Take in a value. Returns whether it is worth an event now."""
        if self.value is None or value > self.value:
            self.value, self.at = value, at
        if self.value - self.emitted < EMIT_FROM or at - self.emitted_at < EMIT_EVERY_S:
            return False
        self.emitted, self.emitted_at = self.value, at
        return True

    def turned(self, at: float, value: float, *, is_new: bool) -> dict[str, Any]:
        """Take in the value of an event of the condition; what it says of the worst, where it has begun before."""
        if is_new or self.value is None:
            self.begin(at, value)
            return {}
        self.add(at, value)
        return self.details()

    def details(self) -> dict[str, Any]:
        """The worst as details of an incident."""
        if self.value is None:
            return {}
        return {"worst": round(self.value, 2), "worst_at": iso(moment_of_seconds(self.at))}

    def verdict(self, kind: IncidentType, record: Recorded) -> Verdict:
        return Verdict(kind, "worsened", record.time_s, (record.id,), self.details())


NAMES: Final = frozenset({"worst", "worst_at", "became"})


def with_worst(known: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    """The details of an incident, with the worst value since, and what it became."""
    return {**known, **{name: value for name, value in said.items() if name in NAMES}}
