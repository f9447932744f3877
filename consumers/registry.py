"""The list of consumers: a name, and how it is made."""

from collections.abc import Callable

from consumers.alerts.projection import Alerts
from consumers.health import Health
from consumers.hub import Hub
from consumers.incidents.projection import Incidents
from consumers.projection import Projection
from consumers.sink import Sink

CONSUMERS: dict[str, Callable[[Hub], Projection | Sink]] = {
    "health": lambda hub: Health(),
    "incidents": Incidents,
    "alerts": Alerts,
}
