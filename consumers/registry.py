"""The list of consumers: a name, and how it is made."""

from functools import partial

from consumers.alerts.log import AlertLog
from consumers.alerts.projection import Alerts
from consumers.alerts.webhook import webhook_sink
from consumers.health.projection import Health
from consumers.hub import Hub
from consumers.incidents.projection import Incidents
from consumers.maintenance import fold_again
from consumers.mosaics.projection import Mosaics
from consumers.motion import Motions
from consumers.rebuilding.sink import Rebuilds
from consumers.recordings.projection import Recordings
from consumers.retention.sink import Retention
from consumers.roster import Build, Roster
from consumers.settings import Settings
from consumers.trends.detections import Detections
from consumers.trends.loudness import Loudness
from consumers.trends.temperatures import Temperatures
from producer.ids import utc_now


def roster(hub: Hub) -> Roster:
    return Roster(CONSUMERS, hub)


def _rebuilds(hub: Hub) -> Rebuilds:
    # It makes consumers by the names below.
    return Rebuilds(partial(fold_again, roster(hub)), utc_now)


def _retention(hub: Hub) -> Retention:
    # It waits for all of those below.
    return Retention(hub, names=lambda: CONSUMERS)


CONSUMERS: dict[str, Build] = {
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
