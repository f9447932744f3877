"""The queue of exports: the place that is shown is the order in which they are made."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from random import Random

import pytest

from consumers.upkeep.exports.queue import exports_before, next_export
from consumers.upkeep.exports.sink import ExportSink
from tests.builders import START, export


@pytest.fixture
def jobs() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(ExportSink.schema)
        yield connection


def ask(jobs: sqlite3.Connection, position: int, by: str, state: str = "waiting", ended: float | None = None) -> str:
    export_id = f"{by}-{position}"
    body = export(START, export_id=export_id, by=by).data.model_dump_json()
    row = (export_id, position, "DEMO", 0.0, body, state, 0, 0.0, ended, None, 0)
    jobs.execute("insert into jobs values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    return export_id


def test_each_asker_has_a_turn_and_who_was_served_last_waits_longest(jobs: sqlite3.Connection) -> None:
    ask(jobs, 1, "ada", "done", 100.0)
    ask(jobs, 2, "bob", "done", 50.0)
    for position, by in ((3, "ada"), (4, "ada"), (5, "ada"), (6, "bob"), (7, "eve"), (8, "bob")):
        ask(jobs, position, by)

    assert list(exports_before(jobs)) == ["eve-7", "bob-6", "ada-3", "bob-8", "ada-4", "ada-5"]


@pytest.mark.parametrize("seed", range(20))
def test_the_place_of_each_export_is_when_it_is_made(jobs: sqlite3.Connection, seed: int) -> None:
    random = Random(seed)
    for position in range(1, 30):
        by = random.choice(["ada", "bob", "eve"])
        ended = float(position) if random.random() < 0.3 else None
        ask(jobs, position, by, "waiting" if ended is None else "failed", ended)
    places = exports_before(jobs)
    made: list[str] = []
    while (one := next_export(jobs)) is not None:
        jobs.execute("update jobs set state = 'running' where export_id = ?", (one.export_id,))
        assert exports_before(jobs)[one.export_id] == 0
        jobs.execute(
            "update jobs set state = 'done', ended = ? where export_id = ?", (100.0 + len(made), one.export_id)
        )
        made.append(one.export_id)

    assert made == list(places)
    assert list(places.values()) == list(range(len(made)))
