"""Every surface that shows how devices are, and what each says of one moment, as facts that can be compared.

A surface is a row of `SURFACES`. What two of them say of the same subject is compared wherever both say it.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bus_schemas.topics import HUB_CONDITION
from tests import http_surfaces as http
from tests import machine_surfaces as machine
from tests.asked import DEVICE, Asked, Fact, Subject

SURFACES: Mapping[str, Callable[[Asked], Iterator[Fact]]] = {
    "/api/v1/sites": http.sites,
    "/api/v1/sites/{site}/devices": http.wall,
    DEVICE: http.device,
    f"{DEVICE}/health": http.health,
    "/api/v1/health/devices": http.every_health,
    f"{DEVICE}/why-not": http.why_not,
    "/api/v1/incidents": http.incidents,
    "/api/v1/incidents/{id}": http.incident,
    "/api/v1/incident-figures": http.figures,
    "/api/v1/mutes": http.mutes,
    "/api/v1/alerts": http.alerts,
    "/api/v1/alerts/{id}/why": http.why,
    "event/alert": machine.notified,
    "/api/v1/agents": http.agents,
    "/health": machine.hub_health,
    "/metrics": machine.metrics,
    "watchpost/v1/{site}/{device}/condition": machine.retained,
    HUB_CONDITION: machine.retained_of_the_hub,
}
"""By its path or topic."""
OF_NOW = {
    "/health", "/metrics", "event/alert", "watchpost/v1/{site}/{device}/condition", HUB_CONDITION, f"{DEVICE}/why-not",
}  # fmt: skip
"""Those that cannot be asked of a moment, or say of it what was learnt later."""

OF_MINUTES = {"/api/v1/timeline/{site}", "/heatmaps/{site}/{slot}.json"}
"""Those that say it of minutes."""

Said = dict[tuple[Subject, str], dict[str, list[Any]]]
"""By subject and fact, what each surface says."""


def said(asked: Asked) -> Said:
    found: Said = {}
    for name, read in SURFACES.items():
        if (asked.as_of is not None and name in OF_NOW) or (name.startswith("watchpost/") and asked.retained is None):
            continue
        for subject, fact, value in read(asked):
            values = found.setdefault((subject, fact), {}).setdefault(name, [])
            if value not in values:
                values.append(value)
    return found


def differences(found: Said) -> list[str]:
    """A line for each fact of which two surfaces say different things, or one of them two things."""
    lines = []
    for (subject, fact), by_surface in found.items():
        values = [value for said in by_surface.values() for value in said]
        if any(value != values[0] for value in values):
            lines.append(
                f"{'/'.join(subject)}: {fact}: " + "; ".join(f"{name} says {it}" for name, it in by_surface.items())
            )
    return lines


def changes(then: Said, later: Said) -> list[str]:
    """A line for each fact that a surface said of a moment when it was now, and says otherwise of it later."""
    lines = []
    for key, by_surface in then.items():
        for name in by_surface.keys() - OF_NOW:
            before, after = by_surface[name], later.get(key, {}).get(name, [])
            if before != after:
                lines.append(f"{'/'.join(key[0])}: {key[1]}: {name} said {before}, and says {after} of it later")
    return lines


TELLING = frozenset(
    {
        "condition",
        "types",
        "level",
        "online",
        "is_recording",
        "open_incidents",
        "open_alerts",
        "incidents_count",
        "without_alert",
    }
)
"""Properties of answers that say how a device is: whatever has one belongs into the table."""
OF_AGENTS = {"/api/v1/agents"}
"""What names devices and says nothing of how they are."""
OF_TRIALS = {"/api/v1/trials/{id}"}
"""What other rules would have made of it."""


def reporting_paths(document: Mapping[str, Any]) -> set[str]:
    """The paths of an OpenAPI document whose answers say how a device is."""
    schemas = document["components"]["schemas"]

    def says(schema: Any, seen: frozenset[str]) -> bool:
        if isinstance(schema, list):
            return any(says(one, seen) for one in schema)
        if not isinstance(schema, Mapping):
            return False
        name = str(schema.get("$ref", "")).rpartition("/")[2]
        if name:
            return name not in seen and says(schemas[name], seen | {name})
        if TELLING & schema.get("properties", {}).keys():
            return True
        return any(says(part, seen) for part in schema.values())

    return {
        path
        for path, methods in document["paths"].items()
        if "get" in methods and says(methods["get"]["responses"].get("200", {}), frozenset())
    }
