"""Every journal: the files of SQLite, and a ClickHouse in process, as a server is written to, and on a server."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from consumers.store.journal.clickhouse.store import ClickHouseStore
from consumers.store.journal.files import SqliteStore
from consumers.store.journal.store import JournalStore, JournalWriter
from tests.clickhouse_kinds import KINDS, opener
from tests.contract.journal.entries import OWNER, Clock

DATABASE = "journal"


@pytest.fixture(params=["sqlite", *KINDS])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[JournalStore]:
    if request.param == "sqlite":
        yield SqliteStore(tmp_path / "journal")
        return
    open_engine = opener(request)
    yield ClickHouseStore(open_engine, DATABASE, "here", timeout_s=0.5)
    with closing(open_engine()) as engine:
        engine.execute(f"drop database if exists {DATABASE}")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def journal(store: JournalStore, clock: Clock) -> Iterator[JournalWriter]:
    with store.writer(clock, OWNER) as opened:
        yield opened
