"""How soon a node that was cut off for an hour has told everything, while it goes on observing."""

import signal
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from bus_schemas.event import device_source
from consumers.hub_config import ClickHouseServer
from consumers.store.journal.queries import JournalQueries
from consumers.store.journal.reader import SqliteJournalReader
from producer.ids import utc_now
from producer.outbox.backlog import streams
from producer.outbox.outbox import Outbox
from producer.outbox.tables import Draft
from tests import many_streams
from tests.bench.measure import Measurement, summary
from tests.broker import Broker
from tests.clickhouse_server import ClickHouse
from tests.eventually import eventually
from tests.ingest_process import ingest_process
from tests.node_parts import detection, running_relay

OUTAGE_S = 3600
RATE_PER_S = 500
BURST = 5000
TIMES_REAL = 20
LONGEST_S = 600.0
LIVE_TICK_S = 0.1
HICCUP_S = 14.0
SOURCES = [device_source("YARD", f"DEVICE-{number}") for number in range(10)]


def case_outage() -> list[Measurement]:
    """1.8 M events wait in the outbox; then the broker is there again. None may be missing in the journal."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        backlog = OUTAGE_S * RATE_PER_S
        with Outbox(home / "node.sqlite", utc_now) as outbox:
            _fill(outbox, backlog)
            with Broker(home / "broker") as broker, ingest_process(home, broker.port), _living(outbox) as live:
                with closing(SqliteJournalReader(home / "journal")) as journal:
                    eventually(journal.head)
                with running_relay(home / "node.sqlite", broker.port):
                    began = time.monotonic()
                    eventually(lambda: _confirmed(home) >= backlog, within=LONGEST_S)
                    took_s = time.monotonic() - began
                    live.set()
                    eventually(lambda: _waiting(home) == 0)
        lost = _lost(home)
    assert not lost, f"missing in the journal: {lost}"
    row = summary("outage of 1 h at 500/s", [took_s * 1000], "until the last of the outage is confirmed; 500/s beside")
    return [
        replace(row, items=backlog, goal_per_s=TIMES_REAL * RATE_PER_S, limit="real time", limit_ms=OUTAGE_S * 1000.0)
    ]


def case_hiccup() -> list[Measurement]:
    """500 streams, 1,000 events a second, and an ingest that stands still for 14 s: on files, and on a server."""
    rows = [_hiccup("files", None, None)]
    with tempfile.TemporaryDirectory() as folder, ClickHouse(Path(folder)) as clickhouse:
        rows.append(_hiccup("a server", clickhouse, replace(clickhouse.server, database="journal")))
    return rows


def _hiccup(store: str, clickhouse: ClickHouse | None, server: ClickHouseServer | None) -> Measurement:
    """The server is what stands still where there is one."""
    with tempfile.TemporaryDirectory() as folder:
        home, path = Path(folder), Path(folder) / "node.sqlite"
        with (
            Broker(home / "broker") as broker,
            ingest_process(home, broker.port, server) as ingest,
            Outbox(path, utc_now) as outbox,
            running_relay(path, broker.port) as relay,
        ):
            outbox.put(*(detection(source=source) for source in many_streams.SOURCES), durable=True)
            eventually(lambda: many_streams.waiting(path) == 0)
            with many_streams.observing(outbox):
                signal_to = clickhouse.send_signal if clickhouse is not None else ingest.send_signal
                signal_to(signal.SIGSTOP)
                threading.Event().wait(HICCUP_S)
                signal_to(signal.SIGCONT)
                began, before = time.monotonic(), many_streams.confirmed(path)
                eventually(lambda: many_streams.waiting(path) < many_streams.RATE_PER_S, within=LONGEST_S)
                took_s = time.monotonic() - began
                caught_up = many_streams.confirmed(path) - before
            resent = relay.statistics()["events_resent"]
    row = summary(f"hiccup of 14 s, journal on {store}", [took_s * 1000], f"1,000/s beside; {resent} events sent again")
    return replace(row, items=caught_up, goal_per_s=2.0 * many_streams.RATE_PER_S)


def _draft(number: int) -> Draft:
    return detection(number % 7, SOURCES[number % len(SOURCES)], utc_now())


def _fill(outbox: Outbox, events: int) -> None:
    for start in range(0, events, BURST):
        outbox.put(*(_draft(number) for number in range(start, start + BURST)), durable=True)


@contextmanager
def _living(outbox: Outbox) -> Iterator[threading.Event]:
    """The node goes on; the event ends that."""
    ended = threading.Event()

    def observe() -> None:
        amount = int(RATE_PER_S * LIVE_TICK_S)
        while not ended.wait(LIVE_TICK_S):
            outbox.put(*(_draft(number) for number in range(amount)))

    thread = threading.Thread(target=observe)
    thread.start()
    try:
        yield ended
    finally:
        ended.set()
        thread.join()


@contextmanager
def _outbox(home: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"file:{home / 'node.sqlite'}?mode=ro", uri=True, timeout=20)) as connection:
        yield connection


def _confirmed(home: Path) -> int:
    with _outbox(home) as outbox:
        return sum(stream.watermark for stream in streams(outbox))


def _waiting(home: Path) -> int:
    with _outbox(home) as outbox:
        return sum(stream.sequence - stream.watermark for stream in streams(outbox))


def _lost(home: Path) -> dict[str, int]:
    """By source, how many events of the outbox the journal does not hold."""
    with _outbox(home) as outbox:
        reported = {stream.source: stream.sequence for stream in streams(outbox)}
    with closing(JournalQueries(home / "journal")) as journal:
        held = {row.source: row.sequence for row in journal.streams()}
    return {source: last - held.get(source, 0) for source, last in reported.items() if held.get(source, 0) != last}
