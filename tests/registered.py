"""The registry of a hub as events, which ingest would have published at its start."""

from datetime import datetime

from bus_schemas.event import HUB_SOURCE, Event
from consumers import site_registry
from consumers.hub_config import Hub
from consumers.ingest.registry import Configured
from tests.builders import at


def registry_of(hub: Hub, time: datetime | None = None, *, with_rules: bool = False) -> list[Event]:
    """What the configuration of the hub says of sites and devices, a minute before anything else."""
    rules = hub.rules.values() if with_rules else {}
    time, found = time or at(-60), list[Event]()
    for number, (key, fields) in enumerate(Configured(hub.sites, rules).wanted().items()):
        said = {"fields": fields, "origin": "configuration", "by": site_registry.CONFIGURATION}
        model, data = site_registry.data_of(key, said)
        envelope = {"id": f"registry-{number}", "source": HUB_SOURCE, "time": time}
        found.append(model.model_validate({**envelope, "data": data}))
    return found
