"""The warehouse of a hub without a server."""

import subprocess
import sys
import tempfile
from contextlib import closing
from datetime import date
from math import inf
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from typing import Any

import pytest

from consumers.hub_config import HubConfig
from consumers.store.clickhouse.embedded import EmbeddedEngine
from consumers.store.clickhouse.table import Kind, Table, columns
from consumers.views.warehouse.warehouse import Warehouse, WarehouseSettings, embedded
from tests.builders import detection
from tests.eventually import eventually
from tests.memory_journal import MemoryJournal


@pytest.mark.parametrize("name", ["data", "what?a&b=1 %41"])
def test_it_lives_in_the_data_directory(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    data = tmp_path / name
    hub = HubConfig(data=data, archive=lambda: pytest.fail("rows need no media"), triggers=("CROWD_VIOLATION",))
    warehouse = embedded(hub, MemoryJournal)
    stopping, wake = Flag(), Flag()
    thread = Thread(target=warehouse.run, args=(stopping, wake))

    thread.start()
    try:
        eventually(lambda: warehouse.status().state == "running", 30)
        day = warehouse.dashboard("DEMO", date(2026, 1, 5), "UTC")
    finally:
        stopping.set()
        wake.set()
        thread.join(30)

    assert (data / "warehouse" / "metadata").is_dir()
    assert day["critical_events"] == {"CROWD_VIOLATION": 0, "total_events": 0}


def test_rows_that_have_been_kept_up_for_a_while_are_settled_once(tmp_path: Path) -> None:
    journal, settled = MemoryJournal(), []
    settings = WarehouseSettings(
        pace_s=0.0, settles_after_s=0.0, on_settled=lambda: settled.append(warehouse.status().position)
    )
    warehouse = Warehouse(lambda: EmbeddedEngine(tmp_path / "warehouse"), lambda: journal, settings)
    stopping, wake = Flag(), Flag()
    thread = Thread(target=warehouse.run, args=(stopping, wake))

    thread.start()
    try:
        eventually(lambda: settled, 30)
        journal.append(detection(people_count=1))
        wake.set()
        eventually(lambda: warehouse.status().position == 1, 30)
    finally:
        stopping.set()
        wake.set()
        thread.join(30)

    assert settled == [0]


ODD: dict[Kind, list[Any]] = {
    Kind.WORD: ["", "door", 'a "quoted" \\ word'],
    Kind.WORDS: [[], ["one"], ["two", "", "\t\n'"]],
    Kind.TEXT: ["\0 and \x1f", "Tür, 門 and \U0001f6aa", "'; drop table odd; --"],
    Kind.MOMENT: [1_769_000_000_123, -5, 253_402_300_799_999],
    Kind.SHORT: [0, 1, 65_535],
    Kind.COUNT: [0, 1, 2**32 - 1],
    Kind.POSITION: [1, 2**53 + 1, 2**64 - 1],
    Kind.REAL: [0.1, inf, -inf],
    Kind.REAL_OR_NONE: [None, 1e-40, 0.5],
    Kind.FLAG: [True, False, True],
    Kind.MICROS: [-(2**63), 0, 2**63 - 1],
    Kind.BYTES: [b"", bytes(range(256)), b'\xff"\\'],
}


def test_what_is_inserted_of_each_kind_is_what_is_asked_for(tmp_path: Path) -> None:
    table = Table("odd", tuple((kind.name.lower(), kind) for kind in ODD), ("position",))
    asked = {
        "moment": "toUnixTimestamp64Milli(moment)", "bytes": "hex(bytes)", "real": "toString(real)",
        "position": "toString(position)", "micros": "toString(micros)",
    }  # fmt: skip
    wanted = ", ".join(asked.get(name, name) for name in table.column_names)
    with closing(EmbeddedEngine(tmp_path)) as engine:
        engine.execute("create database odd")
        engine.use("odd")
        kept = ", ".join(columns(table, engine.dialect))
        engine.execute(f"create table odd ({kept}) engine = MergeTree order by position")
        engine.insert(table, [ODD[kind] for kind in ODD])
        rows = engine.query(f"select {wanted} from odd order by odd.position")

    found = dict(zip(table.column_names, zip(*rows, strict=True), strict=True))
    for name in ("position", "micros", "moment"):
        assert list(found.pop(name)) in ([str(value) for value in ODD[Kind[name.upper()]]], ODD[Kind[name.upper()]])
    assert found.pop("bytes") == tuple(value.hex().upper() for value in ODD[Kind.BYTES])
    assert found.pop("real") == ("0.1", "inf", "-inf")
    assert found.pop("real_or_none") == (None, pytest.approx(1e-40, rel=1e-4), 0.5)
    assert found == {name: tuple(ODD[Kind[name.upper()]]) for name in found}


def test_a_text_that_no_file_can_hold_is_refused_and_nothing_is_inserted(tmp_path: Path) -> None:
    table = Table("odd", (("position", Kind.POSITION), ("text", Kind.TEXT)), ("position",))
    with closing(EmbeddedEngine(tmp_path)) as engine:
        engine.execute("create database odd")
        engine.use("odd")
        engine.execute("create table odd (position UInt64, text String) engine = MergeTree order by position")
        with pytest.raises(ValueError, match="surrogate"):
            engine.insert(table, [[1, 2], ["well", "\ud800"]])

        assert engine.query("select count() from odd") == [[0]]


INSERTING = """
import sys
from pathlib import Path

from consumers.store.clickhouse.embedded import EmbeddedEngine
from consumers.views.warehouse.fold import Fold
from consumers.views.warehouse.store import Generations
from tests.builders import detection
from tests.memory_journal import MemoryJournal

journal = MemoryJournal()
journal.append(detection(people_count=1))
fold = Fold(journal, Generations(EmbeddedEngine(Path(sys.argv[1])), None).current(floor=1))
print(fold.advance(), *({"pandas", "scipy"} & sys.modules.keys()))
"""


def test_who_folds_rows_has_no_library_in_memory_that_nothing_of_it_needs(tmp_path: Path) -> None:
    command = [sys.executable, "-c", INSERTING, str(tmp_path)]

    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout.split() == ["1"]
