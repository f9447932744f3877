"""The list of consumers: a name, the class, and how it is made. No other module asks whether a consumer has this name.

The most urgent come first: alerting, then the state of devices, then recordings and measurements. In this order views
are folded again after an update, and catch up after an outage.
"""

from functools import partial

from consumers.alerting.announcer import ConditionAnnouncer
from consumers.alerting.notify.log import AlertLog
from consumers.alerting.notify.notifiers import notifier_sink
from consumers.alerting.notify.sink import NotifierSink
from consumers.alerting.projection import AlertingProjection
from consumers.engine.consumer_set import ConsumerRegistry, Registration
from consumers.engine.rebuild.sink import RebuildSink
from consumers.engine.store_owner import StoreOwner
from consumers.hub_config import HubConfig
from consumers.upkeep.cold.scope import ColdStorageScope
from consumers.upkeep.cold.sink import ColdStorageSink
from consumers.upkeep.evidence import EvidenceSink
from consumers.upkeep.exports.order import ExportScope
from consumers.upkeep.exports.sink import ExportSink
from consumers.upkeep.maintenance import fold_again
from consumers.upkeep.retention.scope import RetentionScope
from consumers.upkeep.retention.sink import RetentionSink
from consumers.upkeep.tile_bucket.sink import TileBucketSink
from consumers.upkeep.verify.media_job import MediaCheckScope
from consumers.upkeep.verify.sink import MediaCheckSink
from consumers.views.agents import AgentsProjection
from consumers.views.annotations import AnnotationsProjection
from consumers.views.audio import AudioProjection
from consumers.views.commands import CommandsProjection
from consumers.views.condition_minutes.projection import ConditionMinutesProjection
from consumers.views.detections import DetectionsProjection
from consumers.views.exports import ExportsProjection
from consumers.views.health.projection import HealthProjection
from consumers.views.holds import HoldsProjection
from consumers.views.mosaics.projection import MosaicsProjection
from consumers.views.motion.projection import MotionProjection
from consumers.views.occupancy import OccupancyProjection
from consumers.views.readings import ReadingsProjection
from consumers.views.recordings.projection import RecordingsProjection
from consumers.views.registry import RegistryProjection
from consumers.views.settings import SettingsProjection
from consumers.views.temperatures import TemperaturesProjection
from consumers.views.warehouse.consumer import WarehouseConsumer
from producer.ids import utc_now


def consumer_registry(hub: HubConfig) -> ConsumerRegistry:
    return ConsumerRegistry(CONSUMERS, hub, STORE_OWNERS)


def _rebuilds(hub: HubConfig) -> RebuildSink:
    # It makes consumers by the names below.
    return RebuildSink(partial(fold_again, consumer_registry(hub)), utc_now)


def _retention(hub: HubConfig) -> RetentionSink:
    # It waits for all of those below.
    return RetentionSink(RetentionScope.of(hub, lambda: CONSUMERS, consumer_registry(hub).store_owners))


def _mosaics(hub: HubConfig) -> MosaicsProjection:
    return MosaicsProjection(hub.data / "tiles", hub.archive, hub.mosaic)


CONSUMERS: dict[str, Registration] = {
    "registry": Registration(RegistryProjection),
    "alerting": Registration(AlertingProjection),
    "alert_log": Registration(AlertLog),
    "webhook": Registration(NotifierSink, notifier_sink),
    "health": Registration(HealthProjection),
    "settings": Registration(SettingsProjection),
    "conditions": Registration(ConditionAnnouncer, lambda hub: ConditionAnnouncer(hub.data)),
    "recordings": Registration(RecordingsProjection),
    "motion": Registration(MotionProjection),
    "temperatures": Registration(TemperaturesProjection),
    "readings": Registration(ReadingsProjection),
    "audio": Registration(AudioProjection),
    "detections": Registration(DetectionsProjection),
    "occupancy": Registration(OccupancyProjection),
    "commands": Registration(CommandsProjection),
    "agents": Registration(AgentsProjection),
    "annotations": Registration(AnnotationsProjection),
    "holds": Registration(HoldsProjection),
    "condition_minutes": Registration(ConditionMinutesProjection),
    "mosaics": Registration(MosaicsProjection, _mosaics),
    "exports": Registration(ExportsProjection),
    "exporter": Registration(ExportSink, lambda hub: ExportSink(ExportScope.of(hub))),
    "evidence": Registration(EvidenceSink, lambda hub: EvidenceSink(hub.data, hub.cold)),
    "retention": Registration(RetentionSink, _retention),
    "cold_storage": Registration(ColdStorageSink, lambda hub: ColdStorageSink(ColdStorageScope.of(hub))),
    "tile_bucket": Registration(TileBucketSink, lambda hub: TileBucketSink(hub.data, hub.tile_bucket)),
    "media_check": Registration(MediaCheckSink, lambda hub: MediaCheckSink(MediaCheckScope.of(hub))),
    "rebuilds": Registration(RebuildSink, _rebuilds),
}

STORE_OWNERS: dict[str, type[StoreOwner]] = {
    "warehouse": WarehouseConsumer,
}
"""The consumers that keep no view, because they open a store of their own."""
