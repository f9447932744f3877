"""The rows against the fold of the journal, and who is in the way of that."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from consumers.check.findings import Findings
from consumers.check.rows import check_rows
from consumers.clickhouse.embedded import EmbeddedEngine
from consumers.journal.sqlite import SqliteJournalReader
from consumers.warehouse.fold import Fold
from consumers.warehouse.store import Generations
from tests import logged


@pytest.fixture
def data(tmp_path: Path) -> Path:
    told = logged.minutes(1)
    logged.write(tmp_path, told.events, told.payloads)
    return tmp_path


def found(data: Path) -> Findings:
    return check_rows(logged.hub_of(data), lambda done, of: None)


def test_rows_that_are_the_fold_are_told_and_others_are_found(data: Path) -> None:
    with (
        closing(EmbeddedEngine(data / "warehouse")) as engine,
        closing(SqliteJournalReader(data / "journal")) as journal,
    ):
        fold = Fold(journal, Generations(engine, None).current())
        while fold.advance():
            pass
        fold.save()
    whole = found(data)
    with closing(EmbeddedEngine(data / "warehouse")) as engine:
        engine.use("warehouse_1")
        engine.execute("alter table thermal_readings update max_temp = 99 where position = 4")
        engine.execute("alter table motion delete where position = 7")
    tampered = found(data)
    with closing(EmbeddedEngine(data / "warehouse")) as engine:
        databases = [name for (name,) in engine.query("select name from system.databases") if "warehouse_" in name]

    assert whole.faults == []
    assert "thermal_readings: 36 rows equal the fold of the journal up to position 54" in whole.notes
    assert tampered.faults == [
        "table thermal_readings: 36 rows, the fold of the journal has 36, or others",
        "table motion: 1 rows, the fold of the journal has 2, or others",
    ]
    assert databases == ["warehouse_1"]


def test_rows_that_another_process_has_open_are_left_alone_in_a_sentence_of_ours(data: Path) -> None:
    with closing(EmbeddedEngine(data / "warehouse")):
        verify = subprocess.run(
            [sys.executable, "-m", "watchpost", "verify", "warehouse", "--data", str(data)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    assert verify.stderr == ""
    assert verify.stdout.startswith("warehouse: not compared: chDB belongs to one process, and another has it now")
    assert verify.returncode == 0


def test_a_hub_without_rows_has_none_to_compare(data: Path) -> None:
    assert found(data).notes == ["no rows"]
    assert not (data / "warehouse").exists()
