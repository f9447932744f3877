"""The registry said again: with this each day of the journal begins, so that no day depends on those before it."""

import sqlite3
from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any

from pydantic_core import from_json

from bus_schemas.event import Event
from bus_schemas.registry import RegistryEvent, RulesEvent
from consumers.site_registry import CONFIGURATION, RULES, Key

_SAID = """
select position, site, device, registered, origin, by, time, field, value from registry
union all
select configured_position, site, device, registered, 'configuration', :by, configured_time, field, configured
from registry where configured is not null and configured_position <> position
order by 1 desc, 2, 3
"""


def repeated(connection: sqlite3.Connection) -> Iterator[tuple[Key, dict[str, Any]]]:
    """The values in force, and those of the configuration where others changed them since: by site and device what an
    event says that says it again. The newest first: of two, the first that says a field is the one that stands.
    """
    rows = connection.execute(_SAID, {"by": CONFIGURATION}).fetchall()
    for (position, site, device, registered, origin, by, time), group in groupby(rows, key=itemgetter(*range(7))):
        repeats = {"position": position, "time": time, "registered": registered}
        fields = {field: from_json(value) for *_, field, value in group}
        yield (site, device), {"fields": fields, "origin": origin, "by": by, "repeats": repeats}


def data_of(key: Key, values: Mapping[str, Any]) -> tuple[type[Event], dict[str, Any]]:
    """The type and the data of an event that says this of a site, a device or the rules."""
    values = dict(values)
    fields = values.pop("fields")
    if key == RULES:
        return RulesEvent, {**values, "rules": [{"name": name, "value": value} for name, value in fields.items()]}
    return RegistryEvent, {**values, **fields, "site": key[0], "device": key[1] or None}
