"""The warehouse of a hub without a server."""

import tempfile
from datetime import date
from pathlib import Path
from threading import Event as Flag
from threading import Thread

import pytest

from consumers.hub_config import HubConfig
from consumers.store.clickhouse.embedded import EmbeddedEngine
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
