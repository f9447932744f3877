"""How fast an hour without a broker is caught up while life goes on, and that nothing of it is lost."""

import multiprocessing
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count, islice
from multiprocessing.synchronize import Event as ProcessEvent
from pathlib import Path
from tempfile import TemporaryDirectory

from bus_schemas.event import device_source
from consumers.journal.sqlite import JournalQueries
from mosquitto.launcher import Broker
from producer.ids import utc_now
from producer.outbox import Outbox
from producer.tables import Draft
from tests.bench.bus import BATCH, lines_of, to_journal, watched_ingest
from tests.bench.measure import Measurement, summary
from tests.eventually import eventually
from tests.node_parts import detection, frame, running_relay

OUTAGE_S = 3600
EVENTS_PER_S = 500
MULTIPLE = 20
DEVICES = tuple(device_source("YARD", f"camera-{number}") for number in range(10))
A_COMMIT = 2000
LIVE_EVERY_S = 0.02
COMPARED = 200_000
CATCHES_UP_WITHIN_S = 3600


def case_catch_up() -> list[Measurement]:
    """An hour of ten cameras lies in an outbox when the broker is back; caught up is less than a second behind."""
    events = OUTAGE_S * EVENTS_PER_S
    with (
        TemporaryDirectory() as folder,
        Broker(Path(folder) / "broker") as broker,
        watched_ingest(Path(folder), broker.port) as reader,
    ):
        lines = lines_of(Path(folder) / "lines", COMPARED, BATCH, epoch="limit")
        limit = to_journal(broker.port, lines, reader, COMPARED) / COMPARED * events
        outbox = Path(folder) / "node.sqlite"
        with _node(outbox, broker.port) as (connected, enough):
            connected.wait()
            began = time.perf_counter()
            eventually(lambda: _unconfirmed(outbox) < EVENTS_PER_S, within=CATCHES_UP_WITHIN_S)
            took = (time.perf_counter() - began) * 1000
            enough.set()
            eventually(lambda: not _unconfirmed(outbox), within=60)
        _check_that_all_is_there(outbox, Path(folder) / "journal", events)
    row = summary(f"an hour at {EVENTS_PER_S}/s caught up", [took], f"outbox to journal beside {EVENTS_PER_S}/s live")
    goal = MULTIPLE * EVENTS_PER_S
    return [replace(row, items=events, goal_per_s=goal, limit="ingest from a C client", limit_ms=limit)]


@contextmanager
def _node(outbox: Path, port: int) -> Iterator[tuple[ProcessEvent, ProcessEvent]]:
    """A node that has observed for an hour and now has a broker: told when it has, and to observe no more."""
    context = multiprocessing.get_context("spawn")
    connected, enough, ended = context.Event(), context.Event(), context.Event()
    process = context.Process(target=_observe, args=(outbox, port, connected, enough, ended))
    process.start()
    try:
        yield connected, enough
    finally:
        enough.set()
        ended.set()
        process.join()


def _observe(path: Path, port: int, connected: ProcessEvent, enough: ProcessEvent, ended: ProcessEvent) -> None:
    observed = _drafts(utc_now() - timedelta(seconds=OUTAGE_S))
    pause = threading.Event()
    with Outbox(path, utc_now) as outbox:
        for _ in range(OUTAGE_S * EVENTS_PER_S // A_COMMIT):
            outbox.put(*islice(observed, A_COMMIT), durable=True)
    with running_relay(path, port) as relay, Outbox(path, utc_now, on_commit=relay.wake) as outbox:
        eventually(lambda: relay.connected, within=20)
        connected.set()
        while not enough.is_set():
            outbox.put(*islice(observed, int(EVENTS_PER_S * LIVE_EVERY_S)))
            pause.wait(LIVE_EVERY_S)
        ended.wait()


def _drafts(start: datetime) -> Iterator[Draft]:
    for number in count():
        source, at = DEVICES[number % len(DEVICES)], start + timedelta(seconds=number / EVENTS_PER_S)
        yield detection(number % 7, source, at) if number % 2 else frame(source, at)


def _unconfirmed(outbox: Path) -> int:
    with closing(sqlite3.connect(f"file:{outbox}?mode=ro", uri=True, timeout=20)) as opened:
        (left,) = opened.execute("select sum(sequence - watermark) from outbox_stream").fetchone()
    return int(left)


def _check_that_all_is_there(outbox: Path, journal: Path, least: int) -> None:
    """Every sequence that the outbox gave away, and no gap among them."""
    with closing(sqlite3.connect(f"file:{outbox}?mode=ro", uri=True)) as opened:
        given = dict(opened.execute("select source, sequence from outbox_stream"))
    with closing(JournalQueries(journal)) as queries:
        told = {row.source: row for row in queries.streams() if row.source in DEVICES}
    assert {source: row.sequence for source, row in told.items()} == given
    assert sum(given.values()) >= least
    assert not any(row.gaps for row in told.values())
