"""What a machine and a thermal sensor said of themselves around a moment, and what was missing for an incident."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

from bus_schemas.alert import IncidentType
from bus_schemas.thermal import SENSOR_FAULTS, SensorEvent, SensorFault
from consumers.alerting.incidents.device_state import Watched
from consumers.alerting.incidents.machine import OF_MACHINE, limits, measured
from consumers.alerting.rules import AlertRules
from consumers.engine.partial import HEARTBEAT
from consumers.store.journal.record import Recorded

_HIGHEST: Final[Mapping[str, tuple[str, str]]] = {
    "memory": ("The machine used {} of its memory", "{:.1f} %"),
    "cpu_hot": ("The processor had {}", "{:.1f} °C"),
    "link_slow": ("The broker took {} to acknowledge", "{:.2f} s"),
}
"""By rule, a sentence for the highest value, and the form of that value and its limit."""


class ReportReading(NamedTuple):
    """`nearest` in seconds since 1970."""

    rule: IncidentType
    outcome: Literal["not_met", "unknown"]
    missing: str
    nearest: float | None = None
    seen: Mapping[str, Any] = {}


@dataclass(slots=True)
class MachineValue:
    """The highest value of a machine, when it was that, for how long at most the limit was reached without an incident,
    and whether it was for long enough.
    """

    value: float
    at: float
    over_s: float = 0.0
    is_over: bool = False


@dataclass(slots=True)
class ReportedValues:
    """What a device reported; times in seconds since 1970."""

    machine: dict[IncidentType, MachineValue] = field(default_factory=dict)
    sensor: dict[SensorFault, tuple[float, float]] = field(default_factory=dict)
    """For how long each fault lasted at most, and when that was known."""
    _since: dict[SensorFault, float] = field(default_factory=dict)

    def note_machine(self, record: Recorded, watched: Watched) -> None:
        """A heartbeat, and the device after it."""
        at = record.time_s
        for kind, value in measured(record.decode(HEARTBEAT).data):
            if value is None:
                continue
            highest = self.machine.setdefault(kind, MachineValue(value, at))
            if value > highest.value:
                highest.value, highest.at = value, at
            condition = watched.machine.of(kind)
            highest.is_over |= condition.is_over
            if not condition.is_over and condition.other_since is not None:
                highest.over_s = max(highest.over_s, at - condition.other_since)

    def note_sensor(self, record: Recorded) -> None:
        assert isinstance(record.event, SensorEvent)
        at = record.time_s
        reported = {one.fault: min(one.since.timestamp(), at) for one in record.event.data.faults}
        for fault, since in (self._since | reported).items():
            self.sensor[fault] = max(self.sensor.get(fault, (0.0, at)), (at - since, at))
        self._since = reported

    def of_sensor(self, rules: AlertRules) -> Iterator[ReportReading]:
        for fault in SENSOR_FAULTS:
            if fault not in self.sensor:
                yield ReportReading(fault, "not_met", "The sensor reported nothing of it.")
                continue
            lasted_s, at = self.sensor[fault]
            needed = f"{seconds_words(rules.sensor_fault_after_s)} are needed"
            yield ReportReading(
                fault, "not_met", f"The sensor reported it for {seconds_words(lasted_s)}; {needed}.", at
            )

    def of_machine(self, rules: AlertRules) -> Iterator[ReportReading]:
        for kind in OF_MACHINE:
            highest, limit = self.machine.get(kind), limits(rules)[kind]
            if highest is None:
                yield ReportReading(kind, "unknown", "It reported nothing of it.")
                continue
            seen = {"value": round(highest.value, 2), "limit": limit}
            yield ReportReading(kind, "not_met", _missing(kind, highest, limit, rules), highest.at, seen)


def _missing(kind: IncidentType, highest: MachineValue, limit: float, rules: AlertRules) -> str:
    sentence, form = _HIGHEST[kind]
    if highest.is_over:
        return "The machine has it, and the incident is of another of its devices."
    found, needed_s = sentence.format(form.format(highest.value)), seconds_words(rules.machine_after_s)
    if highest.value >= limit:
        return f"{found}, and reached the limit for {seconds_words(highest.over_s)}; {needed_s} are needed."
    duration = f" for {needed_s}" if rules.machine_after_s else ""
    return f"{found}; {form.format(limit)}{duration} are needed."


def seconds_words(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds >= 1 or not seconds else f"{seconds:.1f} s"
