"""How fast events become rows of chDB, and how fast a day of many rows is answered."""

import gc
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

from bus_schemas import codec
from consumers.engine.view_creation import create
from consumers.store.clickhouse.embedded import EmbeddedEngine
from consumers.store.journal.reader import SqliteJournalReader
from consumers.store.journal.record import Recorded
from consumers.store.journal.writer import Journal
from consumers.store.journal.writing import Accepted
from consumers.views import occupancy
from consumers.views.occupancy import OccupancyProjection
from consumers.views.warehouse import fold, questions
from consumers.views.warehouse.fold import Fold
from consumers.views.warehouse.rows import blocks
from consumers.views.warehouse.store import Generations, Store
from consumers.views.warehouse.tables import CAMERA_EVENTS
from producer.transaction import transaction
from tests.bench.measure import Measurement, median, summary, timed
from tests.builders import START, at, detection

EVENTS = 200_000
ROWS = 5_000_000
DAY, SITE, ZONE = date(2026, 1, 15), "SITE-1", ZoneInfo("Europe/Berlin")


@contextmanager
def engine() -> Iterator[EmbeddedEngine]:
    with TemporaryDirectory() as directory, closing(EmbeddedEngine(Path(directory) / "warehouse")) as opened:
        yield opened


def detections(count: int) -> list[Recorded]:
    """Of 50 cameras, 5 a second each; every fifth has a trigger."""
    return [
        Recorded(
            number + 1,
            START,
            detection(
                at(number / 250),
                device=f"cam-{number % 50}",
                people_count=number % 9,
                event_triggers=("CROWD_VIOLATION",) if number % 5 == 0 else (),
                epoch="epoch-1",
                sequence=number // 50 + 1,
            ),
        )
        for number in range(count)
    ]


def case_log_to_rows() -> list[Measurement]:
    """From the journal on disk to rows that answer questions: reading, parsing, folding, inserting, checkpoint."""
    with TemporaryDirectory() as directory, engine() as opened:
        records = detections(EVENTS)
        _write(Path(directory), records)
        limit = _inserting(opened, records[: fold.BLOCK])
        del records
        gc.collect()
        with closing(SqliteJournalReader(Path(directory))) as journal:
            following = Fold(journal, Generations(opened, None).current())
            taken = timed([following.advance] * (EVENTS // fold.BLOCK))
        [[rows]] = opened.query("select count() from camera_events")
        assert rows == EVENTS
    found = summary("log to rows, blocks of 10,000", taken[1:], "read, parse, fold, insert with fsync, checkpoint")
    return [replace(found, items=fold.BLOCK, goal_per_s=100_000, limit="fold and insert alone", limit_ms=limit)]


def case_fold_to_rows() -> list[Measurement]:
    """Events in memory to rows, by the size of a block."""
    found = []
    with engine() as opened:
        records = detections(100_000)
        for size, runs in ((1000, 100), (10_000, 20), (100_000, 5)):
            store = Generations(opened, None).next()
            parts = [records[begin : begin + size] for begin in range(0, len(records), size)]
            taken = timed(partial(_append, store, part) for part in (parts * runs)[: runs + 1])
            name = f"events in memory to rows, blocks of {size:,}"
            found.append(replace(summary(name, taken[1:], "fold, insert with fsync, checkpoint"), items=size))
    return found


def _append(store: Store, records: Sequence[Recorded]) -> None:
    store.append(blocks(records), records[-1].position)


def _inserting(opened: EmbeddedEngine, records: Sequence[Recorded]) -> float:
    store = Generations(opened, None).next()
    return median(timed([lambda: _append(store, records)] * 10))


def _write(directory: Path, records: Sequence[Recorded]) -> None:
    with closing(Journal(directory, lambda: datetime.now(UTC))) as journal:
        for begin in range(0, len(records), 1000):
            some = records[begin : begin + 1000]
            journal.append([Accepted(one.event, codec.to_bytes(one.event), one.position) for one in some])


def case_dashboard_day() -> list[Measurement]:
    """A day of one of 2 sites with 8 cameras each, of 30 days with 5 M detections, and of ten times as many: from the
    view that dashboards are counted in, and from the rows, which days are asked of that it does not hold.
    """
    found = []
    with engine() as opened, TemporaryDirectory() as directory:
        Generations(opened, None).current()
        for rows in (ROWS, 10 * ROWS):
            _fill(opened, rows)
            with closing(_counted(opened, Path(directory) / f"{rows}.sqlite")) as view:
                assert _dashboard_of_view(view) == _dashboard_of_rows(opened)
                of_view = timed([partial(_dashboard_of_view, view)] * 220)[20:]
            of_rows = timed([partial(_dashboard_of_rows, opened)] * 220)[20:]
            name, includes = f"dashboard day of {rows:,} detections", "three queries, no cache"
            found += [summary(name, of_view, includes, goal_ms=3.0), summary(f"{name}, rows", of_rows, "one question")]
    return found


def _dashboard_of_rows(opened: EmbeddedEngine) -> dict[str, Any]:
    return questions.dashboard(opened, SITE, DAY, ZONE.key)


def _dashboard_of_view(view: sqlite3.Connection) -> dict[str, Any]:
    return occupancy.dashboard(view, SITE, DAY, ZONE)


def _counted(opened: EmbeddedEngine, file: Path) -> sqlite3.Connection:
    """The view of occupancy as a fold of the same detections makes it."""
    view, quarter = create(OccupancyProjection(), file), "intDiv(toUnixTimestamp(ts), 900) as quarter"
    cameras = opened.query(
        f"select site_name, {quarter}, cam_name, max(people_count), count() from camera_events group by all"
    )
    triggers = opened.query(
        f"select site_name, {quarter}, arrayJoin(event_triggers) as name, count() from camera_events group by all"
    )
    with transaction(view):
        view.executemany("insert into quarters values (?, ?, ?, ?, ?)", cameras)
        view.executemany("insert into triggers values (?, ?, ?, ?)", triggers)
    return view


def _fill(opened: EmbeddedEngine, rows: int) -> None:
    """Made in the database, for what is measured here is the question. Merged, as rows of past days are."""
    [[have]] = opened.query("select count() from camera_events")
    columns = ", ".join(CAMERA_EVENTS.column_names)
    for begin in range(have, rows, 500_000):
        opened.execute(
            f"""
            insert into camera_events ({columns})
            with toInt64(1767225600000 + (number % {{spread:UInt64}}) * 2592000000 / {{spread:UInt64}}) as milliseconds
            select 'SITE-' || toString(number % 2), 'cam-' || toString(intDiv(number, 2) % 8),
                   fromUnixTimestamp64Milli(milliseconds, 'UTC'),
                   (number * 7) % 9,
                   multiIf(number % 11 = 0, ['CROWD_VIOLATION', 'RESTRICTED_ACCESS'], number % 7 = 0, ['STRANGER'], []),
                   number, toString(generateUUIDv4())
            from numbers({{begin:UInt64}}, 500000)
            """,
            {"spread": ROWS - 1, "begin": begin},
        )
    opened.execute("optimize table camera_events final")
