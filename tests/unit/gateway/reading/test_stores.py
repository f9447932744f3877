"""What a thread of the gateway holds open gives its bytes back when it was removed."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from consumers.engine import view_files
from consumers.store.journal.files import SqliteStore
from consumers.store.journal.writing import Accepted
from gateway.reading.stores import Stores, open_stores
from tests import builders

START = datetime(2026, 1, 5, 12, tzinfo=UTC)


def deleted(folder: Path) -> list[str]:
    """The files of this process that are gone from the folder and still held open."""
    links = [link.readlink() for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    return [str(name) for name in links if str(name).startswith(str(folder)) and str(name).endswith("(deleted)")]


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    store = SqliteStore(tmp_path / "journal")
    for day in range(4):
        now = START + timedelta(days=day)
        with store.writer(lambda now=now: now, "test") as journal:  # type: ignore[misc]  # mypy cannot infer a lambda with defaults
            tick = builders.tick(now)
            journal.append([Accepted(tick, tick.model_dump_json().encode(), 0)])
    with open_stores(tmp_path, store) as opened:
        yield opened


def fold(data: Path) -> Path:
    """The next generation of a view takes the place of the one before."""
    (data / "views").mkdir(exist_ok=True)
    file = view_files.next_file(data, "some")
    with closing(view_files.connect(file)) as view:
        view.execute("create table rows (row text)")
    view_files.place(data, "some", file)
    return file


def test_a_view_that_was_folded_again_is_let_go(tmp_path: Path, stores: Stores) -> None:
    old = fold(tmp_path)
    stores.view("some").execute("select * from rows").fetchone()
    fold(tmp_path)
    view_files.remove(old)
    assert deleted(tmp_path)

    stores.close_removed()

    assert deleted(tmp_path) == []
    assert stores.view("some").execute("select * from rows").fetchone() is None


def test_a_day_of_the_journal_that_was_dropped_is_let_go(tmp_path: Path, stores: Stores) -> None:
    assert stores.journal.read(0).upto == stores.queries.head() == 4
    SqliteStore(tmp_path / "journal").drop(START.date())
    assert deleted(tmp_path)

    stores.close_removed()

    assert deleted(tmp_path) == []
