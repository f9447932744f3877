"""The rows against the fold of the journal, and who is in the way of that."""

import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from consumers.engine.findings import Findings
from consumers.hub_config import ClickHouseServer
from consumers.store.clickhouse.embedded import EmbeddedEngine
from consumers.store.clickhouse.server import ServerEngine
from consumers.store.journal.reader import SqliteJournalReader
from consumers.views.warehouse.check import check_rows
from consumers.views.warehouse.fold import Fold
from consumers.views.warehouse.store import Generations
from mosquitto.launcher import free_port
from tests import builders, data_directory, forked
from tests.builders import at
from tests.clickhouse_server import ClickHouse


@pytest.fixture
def data(tmp_path: Path) -> Path:
    reported = data_directory.minutes(1)
    data_directory.write(tmp_path, reported.events, reported.payloads, data_directory.NOTHING)
    return tmp_path


def found(data: Path) -> Findings:
    return check_rows(data_directory.hub_of(data), lambda done, of: None)


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
        verify = forked.run([sys.executable, "-m", "watchpost", "verify", "warehouse", "--data", str(data)], 60)

    assert verify.stderr == ""
    assert verify.stdout.splitlines() == [
        "warehouse: NOT COMPARED: chDB belongs to one process, and another has it now, such as the gateway",
        "nothing differs of what was compared; not compared: warehouse",
    ]
    assert verify.returncode == 1


def test_a_hub_without_rows_has_none_to_compare(data: Path) -> None:
    assert found(data).notes == ["no rows"]
    assert not (data / "warehouse").exists()


def folded(data: Path, served: ClickHouse) -> None:
    with (
        closing(ServerEngine(served.server)) as engine,
        closing(SqliteJournalReader(data / "journal")) as journal,
    ):
        fold = Fold(journal, Generations(engine, None).of_journal(journal.journal_id()))
        while fold.advance():
            pass
        fold.save()


def found_on(data: Path, served: ClickHouse) -> Findings:
    return check_rows(replace(data_directory.hub_of(data), warehouse=served.server), lambda done, of: None)


def test_rows_on_a_server_are_compared_beside_their_writer(data: Path, served: ClickHouse) -> None:
    nothing = found_on(data, served)
    folded(data, served)
    with closing(ServerEngine(served.server)) as engine:
        engine.execute("create database warehouse_verify_1")
        whole = found_on(data, served)
        databases = {name for (name,) in engine.query("select name from system.databases") if "warehouse" in name}
        engine.use("warehouse_1")
        engine.execute("insert into motion select * from motion limit 1")
        engine.execute("insert into health select * from health limit 1")
        doubled = found_on(data, served)

    assert nothing.notes == [f"no rows in warehouse on 127.0.0.1:{served.server.port}"]
    assert (whole.faults, whole.uncompared) == ([], [])
    assert "thermal_readings: 36 rows equal the fold of the journal up to position 54" in whole.notes
    assert databases == {"warehouse", "warehouse_1"}
    assert "table motion: 3 rows, the fold of the journal has 2, or others" in doubled.faults
    assert len(doubled.faults) == 2


def test_a_row_on_a_server_that_says_something_else_is_found_also_where_it_has_nulls(
    data: Path, served: ClickHouse
) -> None:
    data_directory.write(data, [(at(200), builders.health(at(200), stream_info=None))])
    folded(data, served)
    with closing(ServerEngine(served.server)) as engine:
        engine.use("warehouse_1")
        engine.execute("create table other as health engine = MergeTree order by position")
        changed = (
            "site, device, ts, status, is_recording, fps, total_reconnects, consecutive_failures, position, event_id"
        )
        forged = "if(isNull(fps), 'forged', reason)"
        engine.execute(f"insert into other ({changed}, reason) select {changed}, {forged} from health")
        engine.execute("drop table health")
        engine.execute("rename table other to health")
        findings = found_on(data, served)

    (fault,) = findings.faults
    assert fault.startswith("table health: ")


def test_a_server_that_does_not_answer_is_not_called_as_it_should_be(data: Path) -> None:
    away = replace(data_directory.hub_of(data), warehouse=ClickHouseServer("127.0.0.1", free_port()))

    findings = check_rows(away, lambda done, of: None)

    assert findings.faults == []
    assert findings.uncompared[0].startswith("the server of the rows, 127.0.0.1:")


def test_rows_of_another_journal_are_a_fault(
    data: Path, served: ClickHouse, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folded(data, served)
    another = tmp_path_factory.mktemp("another")
    reported = data_directory.minutes(1)
    data_directory.write(another, reported.events, reported.payloads)

    assert found_on(another, served).faults == ["the rows in warehouse are of another journal"]
