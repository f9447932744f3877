"""The journal on a ClickHouse server beside the one in files: the same groups into both, and read again."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bus_schemas.codec import to_bytes
from bus_schemas.node import GapEvent
from consumers.store.journal.configured import store_in
from consumers.store.journal.query_types import EventFilter
from consumers.store.journal.store import JournalStore
from consumers.store.journal.writing import Accepted
from producer.ids import utc_now
from tests.bench.measure import Measurement, measured, summary, timed
from tests.builders import at, detection
from tests.clickhouse_server import ClickHouse

GROUPS = {100: 50, 1000: 50, 10_000: 10}
"""Events a group, and how many groups."""

PAGE = 1000


def _groups(size: int, count: int, before: int) -> Iterator[list[Accepted]]:
    for number in range(count):
        first = before + number * size + 1
        events = [detection(at(one / 250), epoch="one", sequence=one) for one in range(first, first + size)]
        yield [Accepted(event, to_bytes(event), one) for one, event in enumerate(events)]


def _measure(kind: str, store: JournalStore) -> list[Measurement]:
    found = []
    with store.writer(utc_now, "bench") as journal:
        for size, count in GROUPS.items():
            taken = timed([partial(journal.append, group) for group in _groups(size, count, journal.head)])
            found.append(replace(summary(f"{kind}: append {size:,}", taken, "events of 400 B, one group"), items=size))
        head = journal.head
    with closing(store.reader()) as reader, closing(store.questions()) as questions:
        read = timed([partial(reader.read, after, None, PAGE) for after in range(0, head, PAGE)])
        found.append(replace(summary(f"{kind}: read", read, "typed events, 1,000 a batch"), items=PAGE))
        found.append(measured(f"{kind}: nothing new", partial(reader.read, head), "a poll of a consumer"))
        found.append(measured(f"{kind}: nothing of a kind", partial(reader.read, 0, [GapEvent]), "over all of it"))
        found.append(measured(f"{kind}: newest 100", partial(questions.select, EventFilter(), 100, "desc"), "rows"))
    return found


def case_in_files() -> list[Measurement]:
    """On SQLite."""
    with TemporaryDirectory() as folder:
        return _measure("sqlite", store_in(Path(folder), None))


def case_on_a_server() -> list[Measurement]:
    """On a server of this machine."""
    with TemporaryDirectory() as folder, ClickHouse(Path(folder)) as clickhouse:
        return _measure("clickhouse", store_in(Path(folder), replace(clickhouse.server, database="journal")))
