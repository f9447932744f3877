"""After an outage of ingest, catching up is faster than what arrives, and what was merely slow is not sent again."""

import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from consumers.hub_config import ClickHouseServer
from producer.ids import utc_now
from producer.outbox.outbox import Outbox
from tests.broker import Broker
from tests.clickhouse_server import ClickHouse, ClickHouseMissing
from tests.eventually import eventually
from tests.ingest_process import ingest_process
from tests.many_streams import SOURCES, observing, waiting
from tests.node_parts import detection, running_relay
from tests.required import missing

OUTAGE_S = 5
RATE_PER_S = 500
"""Half of what the benchmark has: the machine may do ten things at once."""


@pytest.fixture(params=["files", "server"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ClickHouseServer | None]:
    if request.param == "files":
        yield None
        return
    try:
        clickhouse = ClickHouse(tmp_path / "clickhouse").start()
    except ClickHouseMissing as absent:
        missing(str(absent))
    yield replace(clickhouse.server, database="journal")
    clickhouse.stop()


def test_500_streams_are_caught_up_with_while_they_go_on(
    own_broker: Broker, server: ClickHouseServer | None, tmp_path: Path
) -> None:
    path = tmp_path / "node.sqlite"
    with (
        ingest_process(tmp_path, own_broker.port, server) as ingest,
        Outbox(path, utc_now) as outbox,
        running_relay(path, own_broker.port) as relay,
    ):
        outbox.put(*(detection(source=source) for source in SOURCES), durable=True)
        eventually(lambda: waiting(path) == 0, within=40)
        before = relay.statistics()["events_resent"]
        with observing(outbox, RATE_PER_S):
            ingest.send_signal(signal.SIGSTOP)
            eventually(lambda: waiting(path) >= OUTAGE_S * RATE_PER_S, within=12 * OUTAGE_S)
            ingest.send_signal(signal.SIGCONT)
            eventually(lambda: waiting(path) < OUTAGE_S * RATE_PER_S // 2, within=90)
        eventually(lambda: waiting(path) == 0, within=90)
        resent = relay.statistics()["events_resent"] - before

    assert resent < OUTAGE_S * RATE_PER_S / 10
