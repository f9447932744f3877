"""The terms of the fold besides events: the rules in force, and what each device is expected to send."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from bus_schemas.registry import Expectation
from consumers.alerting.alerts.wording import DeviceNames, device_kind
from consumers.alerting.rules import FIELDS, HEARTBEATS_S, AlertRules, BadRule
from consumers.site_registry import DeviceEntry, Registered
from consumers.store.journal.record import DeviceKey


@dataclass(frozen=True, slots=True)
class Expected:
    """What one device is expected to send, and after how many seconds without it the device counts as offline."""

    sends: Expectation = "frames"
    silent_after_s: float | None = None
    since: float = 0.0
    """When that was said, in seconds since 1970."""


@dataclass(frozen=True)
class Terms:
    """The terms of one hub. A device without one is expected to send heartbeats if it is an agent's, and nothing if it
    is not.
    """

    rules: AlertRules = field(default_factory=AlertRules)
    devices: Mapping[DeviceKey, Expected] = field(default_factory=dict)
    registered: frozenset[DeviceKey] = frozenset()
    """Every device that is watched because somebody said so."""
    retired: frozenset[DeviceKey] = frozenset()
    """Devices that are watched no more; of a whole site, its place with an empty device."""
    called: DeviceNames = field(default_factory=DeviceNames)

    def is_retired(self, where: DeviceKey) -> bool:
        return where in self.retired or (where[0], "") in self.retired

    def expects(self, where: DeviceKey) -> Expectation | None:
        """The declared output of a device, `None` where nobody has declared it."""
        declared = self.devices.get(where)
        return None if declared is None else declared.sends

    def silent_after_s(self, where: DeviceKey, *, is_agents: bool) -> float | None:
        """After how long a silence a device is offline; `None` where it may be silent for ever."""
        declared = self.devices.get(where)
        if declared is None:
            return self.rules.silent_after_s if is_agents else None
        if declared.sends == "nothing":
            return None
        if declared.silent_after_s is None:
            return self.rules.silent_after_s
        return max(declared.silent_after_s, HEARTBEATS_S) if is_agents else declared.silent_after_s

    def sentence(self, rule: str, where: DeviceKey, *, is_agents: bool) -> str:
        """The sentence of a rule with the values that are in force for a device."""
        silent_after_s = self.silent_after_s(where, is_agents=is_agents)
        known = self._sentences.get((rule, silent_after_s))
        if known is None:
            known = self._sentences[rule, silent_after_s] = self.rules.sentence(rule, silent_after_s)
        return known

    @cached_property
    def _sentences(self) -> dict[tuple[str, float | None], str]:
        """By rule and silence: when a hundred devices go offline at once, they share one."""
        return {}

    def missed_since(self, where: DeviceKey, listening: float, now: float) -> float:
        """Since when its silence counts, to a hub that listens since `listening`: nobody misses what nobody expects.

        What was declared later than now was declared by a clock that has been set back since.
        """
        declared = self.devices.get(where)
        return listening if declared is None or declared.since > now else max(listening, declared.since)

    @cached_property
    def shortest_silence_s(self) -> float:
        """No device is offline, or asked whether it is, after less."""
        declared = (one.silent_after_s for one in self.devices.values() if one.silent_after_s is not None)
        return min(HEARTBEATS_S, self.rules.silent_after_s, *declared)

    def missed(self) -> tuple[DeviceKey, ...]:
        """Devices that are missed even if they never sent."""
        return tuple(sorted(where for where, one in self.devices.items() if one.sends != "nothing"))


def registered(found: Registered) -> Terms:
    """The terms of the journal. An unknown rule, or one that is out of its bounds, is ignored."""
    devices = {
        (one.site, one.device): _expectation(one, found.expected_since(one.site, one.device))
        for one in found.devices()
        if (one.expects or one.silent_after_s) and not one.is_retired
    }
    watched = frozenset((one.site, one.device) for one in found.devices() if not one.is_retired)
    retired = frozenset(place for place, entry in found.entries.items() if entry.get("retired"))
    kinds = {(one.site, one.device): device_kind(one.kinds) for one in found.devices()}
    names = {(one.site, one.device): one.name for one in found.devices()}
    return Terms(_rules(found.rules()), dict(sorted(devices.items())), watched, retired, DeviceNames(kinds, names))


def _expectation(one: DeviceEntry, since: float) -> Expected:
    """The expectation of a device. Silence can only be an incident of a device that is expected to send something."""
    if one.silent_after_s and one.expects in (None, "nothing"):
        return Expected("heartbeat", one.silent_after_s, since)
    return Expected(one.expects or "nothing", one.silent_after_s or None, since)


def _rules(said: Mapping[str, float]) -> AlertRules:
    known = {name: value for name, value in said.items() if name in FIELDS}
    fitting = {name: it for name, it in known.items() if FIELDS[name].minimum <= it <= FIELDS[name].maximum}
    try:
        return AlertRules().changed(fitting)
    except BadRule:
        return AlertRules()
