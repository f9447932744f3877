"""The list of consumers: a name, and how it is made.

The most urgent first: what tells of trouble, then what shows how devices are, then what was recorded and measured. In
this order views are folded again after an update, and catch up after an outage.
"""

from functools import partial

from consumers.alerting.announcer import ConditionAnnouncer
from consumers.alerting.notify.log import AlertLog
from consumers.alerting.notify.webhook import webhook_sink
from consumers.alerting.projection import AlertingProjection
from consumers.engine.consumer_set import Build, ConsumerRegistry
from consumers.engine.rebuild.sink import RebuildSink
from consumers.hub_config import HubConfig
from consumers.upkeep.maintenance import fold_again
from consumers.upkeep.retention.sink import RetentionSink
from consumers.views.audio import AudioProjection
from consumers.views.commands import CommandsProjection
from consumers.views.detections import DetectionsProjection
from consumers.views.health.projection import HealthProjection
from consumers.views.mosaics.projection import MosaicsProjection
from consumers.views.motion import MotionProjection
from consumers.views.recordings.projection import RecordingsProjection
from consumers.views.registry import RegistryProjection
from consumers.views.settings import SettingsProjection
from consumers.views.temperatures import TemperaturesProjection
from producer.ids import utc_now


def consumer_registry(hub: HubConfig) -> ConsumerRegistry:
    return ConsumerRegistry(CONSUMERS, hub)


def _rebuilds(hub: HubConfig) -> RebuildSink:
    # It makes consumers by the names below.
    return RebuildSink(partial(fold_again, consumer_registry(hub)), utc_now)


def _retention(hub: HubConfig) -> RetentionSink:
    # It waits for all of those below.
    return RetentionSink(hub, names=lambda: CONSUMERS)


CONSUMERS: dict[str, Build] = {
    "registry": lambda hub: RegistryProjection(),
    "alerting": lambda hub: AlertingProjection(),
    "alert_log": lambda hub: AlertLog(),
    "webhook": webhook_sink,
    "health": lambda hub: HealthProjection(),
    "settings": lambda hub: SettingsProjection(),
    "conditions": lambda hub: ConditionAnnouncer(hub.data),
    "recordings": lambda hub: RecordingsProjection(),
    "motion": lambda hub: MotionProjection(),
    "temperatures": lambda hub: TemperaturesProjection(),
    "audio": lambda hub: AudioProjection(),
    "detections": lambda hub: DetectionsProjection(),
    "commands": lambda hub: CommandsProjection(),
    "mosaics": MosaicsProjection,
    "retention": _retention,
    "rebuilds": _rebuilds,
}
