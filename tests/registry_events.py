"""The registry of a hub as events: those that ingest would have published at its start, and at the begin of a day."""

import sqlite3
from collections.abc import Iterable
from datetime import datetime

from bus_schemas.event import HUB_SOURCE, Event, iso
from consumers import registry_opening, site_registry
from consumers.ingest.registry import Configured
from consumers.store.journal.record import Recorded
from tests.builders import at


def registry_of(configured: Configured, time: datetime | None = None) -> list[Event]:
    """What the configuration says of sites, devices and rules, a minute before anything else."""
    time, found = time or at(-60), list[Event]()
    for number, (key, fields) in enumerate(configured.wanted().items()):
        said = {"fields": fields, "origin": "configuration", "by": site_registry.CONFIGURATION}
        model, data = registry_opening.data_of(key, said)
        envelope = {"id": f"registry-{number}", "source": HUB_SOURCE, "time": time}
        found.append(model.model_validate({**envelope, "data": data}))
    return found


class StandingRegistry:
    """What stands of the registry after the records that were taken in."""

    def __init__(self) -> None:
        self._table = sqlite3.connect(":memory:", isolation_level=None)
        self._table.executescript(site_registry.SCHEMA)

    def take(self, records: Iterable[Recorded]) -> None:
        for record in records:
            site_registry.apply(self._table, record)

    def said_again(self, time: datetime) -> list[Event]:
        """The events with which a day of the journal begins."""
        found = list[Event]()
        for number, (key, said) in enumerate(registry_opening.repeated(self._table)):
            model, data = registry_opening.data_of(key, said)
            envelope = {"id": f"again-{iso(time)}-{number}", "source": HUB_SOURCE, "time": time}
            found.append(model.model_validate({**envelope, "data": data}))
        return found
