"""How soon a reading and its alert are in the journal behind a link that is too slow for the pictures beside it."""

import tempfile
from dataclasses import replace
from pathlib import Path

from producer.ids import utc_now
from producer.outbox.outbox import Outbox
from producer.relay.relay import RelayOptions
from tests.bench.measure import Measurement, summary
from tests.broker import Broker
from tests.eventually import eventually
from tests.ingest_process import ingest_process
from tests.node_parts import running_relay
from tests.running_ingest import journaled
from tests.slow_link import BYTES_PER_S, Arrivals, arrivals, observe, running_alerting, share, slow_link

SECONDS = 60.0
GOAL_P99_MS = 2000.0


def case_alarm() -> list[Measurement]:
    """A camera at default rates makes 90 kB a second, the link carries 50: of itself, or because it was told to."""
    link = _behind(BYTES_PER_S, RelayOptions())
    limit = _behind(1_000_000_000, RelayOptions(bytes_per_s=BYTES_PER_S))
    return [*_rows("alarm on a 50 kB/s link", link), *_rows("alarm with a limit of 50 kB/s", limit)]


def _behind(bytes_per_s: int, options: RelayOptions) -> Arrivals:
    with tempfile.TemporaryDirectory() as folder:
        home, path = Path(folder), Path(folder) / "node.sqlite"
        with (
            Broker(home / "broker") as broker,
            ingest_process(home, broker.port),
            slow_link(broker.port, bytes_per_s) as link,
            Outbox(path, utc_now) as outbox,
        ):
            eventually(lambda: (home / "journal").exists() and journaled(home))
            with running_alerting(home, broker.port), running_relay(path, link.port, options):
                readings = observe(outbox, SECONDS)
                eventually(lambda: _counts(home, outbox) == (readings, SECONDS))
            found = arrivals(home, outbox.epoch)
    assert not found.holes, "a stream has a hole of which no gap tells"
    return found


def _counts(home: Path, outbox: Outbox) -> tuple[int, int]:
    found = arrivals(home, outbox.epoch)
    return len(found.readings_s), len(found.alerts_s)


def _rows(case: str, found: Arrivals) -> list[Measurement]:
    pictures = summary(
        f"{case}, pictures", [1000 * taken for taken in found.pictures_s], "those that were not given up"
    )
    return [
        *_with_p99(case, found.readings_s, "put, fsync, link, bus, journal; pictures beside"),
        *_with_p99(
            f"{case}, phase above its group", found.alerts_s, "the same, incident, bus, journal, alert, bus, journal"
        ),
        pictures,
    ]


def _with_p99(case: str, taken_s: list[float], includes: str) -> list[Measurement]:
    row = summary(case, [1000 * taken for taken in taken_s], includes)
    return [
        row,
        replace(row, case=f"{case}, p99", median_ms=round(1000 * share(taken_s, 0.99), 4), goal_ms=GOAL_P99_MS),
    ]
