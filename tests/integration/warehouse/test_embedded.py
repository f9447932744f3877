"""The warehouse of a hub without a server."""

import subprocess
import sys
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


def test_it_lives_in_the_data_directory(tmp_path: Path) -> None:
    hub = HubConfig(data=tmp_path, archive=lambda: pytest.fail("rows need no media"), triggers=("CROWD_VIOLATION",))
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

    assert (tmp_path / "warehouse").is_dir()
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
