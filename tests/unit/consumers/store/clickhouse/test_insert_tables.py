"""The order in which the doors of an earlier writer are shut, which only a newer server would show."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from consumers.store.clickhouse import insert_tables
from consumers.store.clickhouse.dialect import CURRENT, Dialect
from consumers.store.clickhouse.engine import Columns, EngineError, Parameter
from consumers.store.clickhouse.insert_tables import open_insert_tables
from consumers.store.clickhouse.table import Table
from consumers.views.warehouse.tables import MOTION


class Reported:
    """An engine that notes what it is told. An earlier writer has doors, and so many looks long an insert under way."""

    dialect: Dialect = CURRENT
    lingers = True

    def __init__(self, running: Iterator[int]) -> None:
        self.reported: list[str] = []
        self._running = running

    def use(self, database: str) -> None:
        raise AssertionError(database)

    def insert(self, table: Table, columns: Columns) -> None:
        raise AssertionError(table.name)

    def execute(self, statement: str, parameters: Mapping[str, Parameter] | None = None) -> None:
        self.reported.append(" ".join(word for word in statement.split() if word not in ("if", "exists")))

    def query(self, question: str, parameters: Mapping[str, Parameter] | None = None) -> list[list[Any]]:
        if "system.processes" in question:
            self.reported.append("look")
            return [[next(self._running)]]
        return [["passage_old_motion"], ["motion"], ["door_old_motion"], ["checkpoint"]]

    def close(self) -> None:
        raise AssertionError("the engine is not ours")


def test_passages_go_when_nobody_is_in_them_any_more() -> None:
    engine = Reported(iter([1, 1, 0]))

    opened = open_insert_tables(engine, "rows_1", [MOTION])

    door = opened[MOTION].name
    assert door.startswith("rows_1.door_")
    assert [reported.split()[0] for reported in engine.reported[:2]] == ["create", "create"]
    assert engine.reported[2:] == [
        "drop table rows_1.door_old_motion",
        "look",
        "look",
        "look",
        "drop table rows_1.passage_old_motion",
    ]


def test_an_insert_that_does_not_end_is_said_and_left_to_another_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(insert_tables, "_TIMEOUT_S", 0.0)

    with pytest.raises(EngineError, match="has not ended yet"):
        open_insert_tables(Reported(iter([1])), "rows_1", [MOTION])


def test_every_writer_has_doors_of_its_own() -> None:
    first, second = (open_insert_tables(Reported(iter([0])), "rows_1", [MOTION]) for _ in range(2))

    assert first[MOTION].name != second[MOTION].name
    assert first[MOTION].columns == MOTION.columns
