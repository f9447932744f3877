"""What a full disk does to definitions of chDB's tables: one that is empty kept all rows from being opened."""

from contextlib import closing
from pathlib import Path

import pytest

from consumers.store.clickhouse.embedded import EmbeddedEngine
from consumers.views.warehouse.fold import Fold
from consumers.views.warehouse.store import Generations
from consumers.views.warehouse.tables import CHECKPOINT, TABLES
from tests.builders import at, detection, health, motion, thermal
from tests.memory_journal import MemoryJournal


def folded(directory: Path, journal: MemoryJournal) -> dict[str, int]:
    """The rows of each table after a start, with the position that was saved."""
    with closing(EmbeddedEngine(directory)) as engine:
        fold = Fold(journal, Generations(engine, None).current(floor=3))
        while fold.advance():
            pass
        fold.save()
        return {table.name: engine.query(f"select count() from {table.name}")[0][0] for table in TABLES}


def definitions(directory: Path, table: str) -> list[Path]:
    return list(directory.glob(f"store/*/*/{table}.sql"))


@pytest.mark.parametrize("table", [table.name for table in (*TABLES, CHECKPOINT)])
def test_a_table_whose_definition_is_empty_is_folded_anew_beside_the_others(tmp_path: Path, table: str) -> None:
    journal = MemoryJournal()
    kinds = (detection, thermal, health, motion)
    journal.append(*[kinds[number % len(kinds)](at(number)) for number in range(40)])
    whole = folded(tmp_path, journal)
    [broken] = definitions(tmp_path, table)
    broken.write_bytes(b"")

    assert folded(tmp_path, journal) == whole


def test_a_start_writes_no_definition_that_is_there(tmp_path: Path) -> None:
    journal = MemoryJournal()
    journal.append(*[detection(at(number)) for number in range(3)])
    folded(tmp_path, journal)
    before = {file: file.stat().st_ino for table in TABLES for file in definitions(tmp_path, table.name)}

    folded(tmp_path, journal)

    assert before
    assert {file: file.stat().st_ino for file in before} == before


@pytest.mark.parametrize("place", ["metadata/warehouse_1.sql", "metadata/warehouse.sql", "store/*/*/current.sql"])
def test_a_database_whose_definition_is_empty_is_folded_anew(tmp_path: Path, place: str) -> None:
    journal = MemoryJournal()
    journal.append(*[detection(at(number)) for number in range(20)])
    whole = folded(tmp_path, journal)
    [broken] = tmp_path.glob(place)
    broken.write_bytes(b"")

    assert folded(tmp_path, journal) == whole
