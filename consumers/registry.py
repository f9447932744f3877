"""The list of consumers: a name, and how it is made."""

from collections.abc import Callable

from consumers.alerts.log import AlertLog
from consumers.alerts.projection import Alerts
from consumers.alerts.webhook import webhook_sink
from consumers.health.projection import Health
from consumers.hub import Hub
from consumers.incidents.projection import Incidents
from consumers.mosaics.projection import Mosaics
from consumers.motion import Motions
from consumers.projection import Projection
from consumers.rebuilds import Rebuilds
from consumers.recordings.projection import Recordings
from consumers.retention.sink import Retention
from consumers.settings import Settings
from consumers.sink import Sink
from consumers.trends import Detections, Loudness, Temperatures


def _rebuilds(hub: Hub) -> Rebuilds:
    # It makes consumers by the names below.
    from consumers.maintenance import fold_again
    from consumers.runner import utc_now

    return Rebuilds(lambda name, wish, progress: fold_again(name, hub, wish, progress), utc_now)


def _retention(hub: Hub) -> Retention:
    # It waits for all of those below.
    return Retention(hub, names=lambda: CONSUMERS)


CONSUMERS: dict[str, Callable[[Hub], Projection | Sink]] = {
    "health": lambda hub: Health(),
    "incidents": Incidents,
    "alerts": Alerts,
    "alert_log": lambda hub: AlertLog(),
    "webhook": webhook_sink,
    "mosaics": Mosaics,
    "recordings": Recordings,
    "motion": Motions,
    "temperatures": lambda hub: Temperatures(),
    "audio": lambda hub: Loudness(),
    "detections": lambda hub: Detections(),
    "settings": lambda hub: Settings(),
    "retention": _retention,
    "rebuilds": _rebuilds,
}
