"""What the fold goes by besides the events of devices: the rules in force, and what each device is expected to send."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import TypeAdapter

from consumers.alerting.rules import HEARTBEATS_S, AlertRules
from consumers.hub_config import Hub, Sends
from consumers.store.journal.record import Place

SCHEMA = """
    create table if not exists terms (only integer primary key check (only = 1), terms text not null) strict;
    """


@dataclass(frozen=True, slots=True)
class Expectation:
    """What one device is expected to send, and after how many seconds without it the device is offline."""

    sends: Sends = "frames"
    silent_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """Of one hub. Of a device that is not named heartbeats are expected where it is an agent's, and nothing where it is
    not.
    """

    rules: AlertRules = field(default_factory=AlertRules)
    devices: Mapping[Place, Expectation] = field(default_factory=dict)

    def silent_after_s(self, where: Place, *, is_agents: bool) -> float | None:
        """After how long a silence a device is offline; `None` where it may be silent for ever."""
        declared = self.devices.get(where)
        if declared is None:
            return self.rules.silent_after_s if is_agents else None
        if declared.sends == "nothing":
            return None
        if declared.silent_after_s is None:
            return self.rules.silent_after_s
        return max(declared.silent_after_s, HEARTBEATS_S) if is_agents else declared.silent_after_s

    def missed(self) -> tuple[Place, ...]:
        """Devices that are missed where they were never heard of."""
        return tuple(sorted(where for where, one in self.devices.items() if one.sends != "nothing"))


def configured(hub: Hub) -> Terms:
    """What the configuration says."""
    devices = {
        (site.site, device.device): Expectation(device.sends, device.silent_after_s)
        for site in hub.sites
        for device in site.devices
    }
    return Terms(hub.rules, dict(sorted(devices.items())))


def load(view: sqlite3.Connection) -> Terms | None:
    """What events have said, as far as the view has folded them; `None` where there were none."""
    found = view.execute("select terms from terms").fetchone()
    return None if found is None else _unpacked(found[0])


def save(view: sqlite3.Connection, terms: Terms) -> None:
    view.execute("insert or replace into terms values (1, ?)", (_packed(terms),))


_Packed = tuple[AlertRules, list[tuple[Place, Expectation]]]
_json = TypeAdapter[_Packed](_Packed)


def _packed(terms: Terms) -> str:
    return _json.dump_json((terms.rules, sorted(terms.devices.items(), key=lambda item: item[0]))).decode()


def _unpacked(text: str) -> Terms:
    rules, devices = _json.validate_json(text)
    return Terms(rules, dict(devices))
