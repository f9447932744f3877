"""All scenarios by name, each with the setup that it wants."""

from datetime import UTC, datetime, timedelta

from producer.outbox.disk import DiskReserve
from tests.faults import poison
from tests.faults.rig import Setup
from tests.faults.scenarios import full, killing, losing, time, wire
from tests.faults.scenarios.scenario import Scenario
from tests.faults.scenarios.storm import storm


def _before(moment: datetime, seconds: float = 4.0) -> Setup:
    return Setup(moment=moment - timedelta(seconds=seconds))


SCENARIOS: dict[str, Scenario] = {
    "kill_load": Scenario(killing.kills("load"), quick=True),
    "kill_broker": Scenario(killing.kill_broker),
    "kill_ingest": Scenario(killing.kills("ingest"), quick=True),
    "kill_consumers": Scenario(killing.kills("consumers", 2, 4)),
    "kill_warehouse": Scenario(killing.kill_warehouse, Setup(warehouse=True)),
    "kill_all": Scenario(killing.kill_all, quick=True),
    "kill_any": Scenario(killing.kill_any),
    "freeze_broker": Scenario(killing.freezes("broker")),
    "freeze_ingest": Scenario(killing.freezes("ingest")),
    "slow_journal": Scenario(killing.slow_journal, Setup(devices=200), quick=True),
    "freeze_long": Scenario(killing.freeze_long, Setup(warehouse=True)),
    "slow_consumer": Scenario(killing.slow_consumer),
    "broker_forgets": Scenario(losing.broker_forgets),
    "network": Scenario(wire.network, Setup(proxy=True)),
    "network_noise": Scenario(wire.network_noise, Setup(proxy=True), rejected=range(10_000)),
    "clock_steps": Scenario(time.clock_steps),
    "midnight": Scenario(time.time_goes_on, _before(datetime(2026, 1, 6, tzinfo=UTC))),
    "summer_time": Scenario(time.time_goes_on, _before(datetime(2026, 3, 29, 1, tzinfo=UTC))),
    "winter_time": Scenario(time.time_goes_on, _before(datetime(2026, 10, 25, 1, tzinfo=UTC))),
    "torn_writes": Scenario(losing.torn_writes),
    "journal_lost": Scenario(losing.journal_lost, Setup(warehouse=True), keeps_foreign=False),
    "views_lost": Scenario(losing.views_lost),
    "index_lost": Scenario(losing.index_lost),
    "storm": Scenario(storm, Setup(proxy=True)),
    "poison": Scenario(wire.poisoned, causes=("rejected",), rejected=(2 * poison.KINDS,), quick=True),
    "thrice": Scenario(wire.delivered_thrice, Setup(copies=3)),
    "backlog": Scenario(wire.backlog, Setup(backlog=20_000)),
    "full_backlog": Scenario(wire.backlog, Setup(backlog=100_000), full=True),
    "full_disk_of_node": Scenario(
        full.full_disk_of_node,
        Setup(node_disk_mb=24, picture_bytes=100_000, room=DiskReserve(6_000_000, 5_000_000)),
        causes=("disk_full", "handoff_full", "outbox_full"),
    ),
    "full_disk_of_hub": Scenario(
        full.full_disk_of_hub,
        Setup(hub_disk_mb=160),
        may_end=("ingest", "consumers"),
    ),
    "full_disk_of_warehouse": Scenario(
        full.full_disk_of_warehouse,
        Setup(warehouse=True, warehouse_disk_mb=64),
        may_end=("gateway",),
    ),
}
