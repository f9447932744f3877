"""The journal gives the disk back what the logs of days that are over take."""

import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from consumers.ingest.ended_days import EndedDays, empty_log
from consumers.store.journal.days import create_day, open_to_read, open_to_write
from producer.sqlite_files import files_beside
from tests.eventually import eventually

REJECTED = (
    "insert into rejected (received, topic, reason, size, body) values (1, 'topic', 'reason', 1, zeroblob(60000))"
)
COUNT = "select count(*) from rejected"


def day_that_is_over(directory: Path, reader_of: date = date(2026, 1, 5)) -> tuple[Path, sqlite3.Connection]:
    """A day whose writer has left while somebody reads it."""
    path = create_day(directory, reader_of, 1, None)
    with closing(open_to_write(path)) as writer:
        reader = open_to_read(path)
        reader.execute(COUNT).fetchone()
        for _ in range(50):
            writer.execute(REJECTED)
    return path, reader


def test_a_day_that_is_over_keeps_no_log_though_somebody_reads_it(tmp_path: Path) -> None:
    path, reader = day_that_is_over(tmp_path)
    assert files_beside(path)[0].stat().st_size > 3_000_000
    with closing(reader):
        assert empty_log(path)

        assert files_beside(path)[0].stat().st_size == 0
        assert reader.execute(COUNT).fetchone() == (50,)


def test_a_reader_in_the_middle_of_an_answer_keeps_the_log_and_its_answer(tmp_path: Path) -> None:
    path, reader = day_that_is_over(tmp_path)
    with closing(reader):
        reader.execute("begin")
        reader.execute(COUNT).fetchone()
        with closing(open_to_write(path)) as late:
            late.execute(REJECTED)
            assert not empty_log(path)
            assert reader.execute(COUNT).fetchone() == (50,)

            reader.execute("commit")
            assert empty_log(path)
            assert reader.execute(COUNT).fetchone() == (51,)


def test_a_day_that_was_dropped_is_not_made_again(tmp_path: Path) -> None:
    path, reader = day_that_is_over(tmp_path)
    reader.close()
    path.unlink()

    with pytest.raises(sqlite3.OperationalError):
        empty_log(path)
    assert not path.exists()


def test_the_logs_of_all_days_but_the_newest_are_emptied_while_ingest_runs(tmp_path: Path) -> None:
    days = [day_that_is_over(tmp_path, date(2026, 1, day)) for day in (3, 4, 5)]
    with EndedDays(tmp_path, look_s=0.01):
        logs = [files_beside(path)[0] for path, _ in days]
        assert eventually(lambda: [written.stat().st_size > 0 for written in logs] == [False, False, True])
    for _, reader in days:
        reader.close()
