"""A camera behind a link that is too slow for its pictures: what people wait for arrives at once."""

from pathlib import Path

import pytest

from producer.ids import utc_now
from producer.outbox.outbox import Outbox
from producer.relay.relay import RelayOptions
from tests.broker import Broker
from tests.eventually import eventually
from tests.ingest_process import ingest_process
from tests.node_parts import running_relay
from tests.running_ingest import journaled
from tests.slow_link import BYTES_PER_S, arrivals, observe, share, slow_link

SECONDS = 20
# Generous, for a machine that does ten things at once; the benchmark holds it to 2 s.
READINGS_WITHIN_S = 4.0
HEALTH_WITHIN_S = 30.0


@pytest.mark.parametrize("is_told", [False, True], ids=["of a slow socket", "of a byte rate that is set"])
def test_readings_and_health_arrive_at_once_and_pictures_thin_themselves(
    own_broker: Broker, is_told: bool, tmp_path: Path
) -> None:
    path = tmp_path / "node.sqlite"
    options = RelayOptions(bytes_per_s=BYTES_PER_S if is_told else None)
    with (
        ingest_process(tmp_path, own_broker.port),
        slow_link(own_broker.port, 2 * BYTES_PER_S if is_told else BYTES_PER_S) as link,
        Outbox(path, utc_now) as outbox,
    ):
        eventually(lambda: (tmp_path / "journal").exists() and journaled(tmp_path), within=30)
        with running_relay(path, link.port, options):
            readings = observe(outbox, SECONDS)
            eventually(lambda: len(arrivals(tmp_path, outbox.epoch).readings_s) == readings)
        found = arrivals(tmp_path, outbox.epoch)

    assert share(found.readings_s, 0.99) <= READINGS_WITHIN_S
    assert max(found.health_s) <= HEALTH_WITHIN_S
    assert len(found.pictures_s) > SECONDS / 4
    assert found.holes == 0
    assert set(found.gaps) <= {"pictures link_too_slow"}
