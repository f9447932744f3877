"""The list of consumers: a name, and how it is made.

The most urgent first: what tells of trouble, then what shows how devices are, then what was recorded and measured. In
this order views are folded again after an update, and catch up after an outage.
"""

from functools import partial

from consumers.alerting.announcer import ConditionAnnouncer
from consumers.alerting.notify.log import AlertLog
from consumers.alerting.notify.webhook import webhook_sink
from consumers.alerting.projection import Alerting
from consumers.engine.consumer_set import Build, ConsumerRegistry
from consumers.engine.rebuild.sink import RebuildSink
from consumers.hub_config import HubConfig
from consumers.upkeep.maintenance import fold_again
from consumers.upkeep.retention.sink import Retention
from consumers.views.audio import Loudness
from consumers.views.commands import Commands
from consumers.views.detections import Detections
from consumers.views.health.projection import Health
from consumers.views.mosaics.projection import Mosaics
from consumers.views.motion import Motions
from consumers.views.recordings.projection import Recordings
from consumers.views.registry import Registry
from consumers.views.settings import Settings
from consumers.views.temperatures import Temperatures
from producer.ids import utc_now


def consumer_registry(hub: HubConfig) -> ConsumerRegistry:
    return ConsumerRegistry(CONSUMERS, hub)


def _rebuilds(hub: HubConfig) -> RebuildSink:
    # It makes consumers by the names below.
    return RebuildSink(partial(fold_again, consumer_registry(hub)), utc_now)


def _retention(hub: HubConfig) -> Retention:
    # It waits for all of those below.
    return Retention(hub, names=lambda: CONSUMERS)


CONSUMERS: dict[str, Build] = {
    "registry": lambda hub: Registry(),
    "alerting": lambda hub: Alerting(),
    "alert_log": lambda hub: AlertLog(),
    "webhook": webhook_sink,
    "health": lambda hub: Health(),
    "settings": lambda hub: Settings(),
    "conditions": lambda hub: ConditionAnnouncer(hub.data),
    "recordings": lambda hub: Recordings(),
    "motion": lambda hub: Motions(),
    "temperatures": lambda hub: Temperatures(),
    "audio": lambda hub: Loudness(),
    "detections": lambda hub: Detections(),
    "commands": lambda hub: Commands(),
    "mosaics": Mosaics,
    "retention": _retention,
    "rebuilds": _rebuilds,
}
