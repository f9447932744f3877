"""Where an agent keeps what it has observed: on its disk, or in memory where the disk takes nothing."""

import sqlite3
from pathlib import Path

import pytest

from edge.agent import outbox_place as places
from edge.agent.host import Host
from edge.agent.outbox_place import DiskReturn, outbox_place
from edge.agent.settings import DeviceSettings, NodeSettings
from edge.agent.source_settings import SceneSourceSettings
from edge.agent.watchdog import Watchdog
from producer.ids import utc_now

SENSOR = DeviceSettings(site="YARD", device="SENSOR", thermal=SceneSourceSettings(kind="scene", scene="thermal"))
SETTINGS = NodeSettings(node="yard", devices=(SENSOR,))


@pytest.fixture(autouse=True)
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    memory = tmp_path / "memory"
    memory.mkdir()
    monkeypatch.setattr(places, "MEMORY", memory)
    return memory


def test_it_is_on_the_disk_of_the_agent(tmp_path: Path) -> None:
    place = outbox_place(tmp_path, SETTINGS)

    assert (place.path, place.trouble) == (tmp_path / "outbox" / "yard.sqlite", None)
    assert list(place.path.parent.iterdir()) == []


def test_where_the_disk_takes_nothing_it_is_in_memory_with_the_reason(tmp_path: Path, memory: Path) -> None:
    (tmp_path / "outbox").write_text("a file")
    place, again = outbox_place(tmp_path, SETTINGS), outbox_place(tmp_path, SETTINGS)

    assert place.trouble is not None
    assert place.trouble.startswith(
        "its disk cannot be written (File exists): what the hub has not confirmed is in memory"
    )
    assert place.path.parent.parent == memory
    assert place.path.parent.stat().st_mode & 0o777 == 0o700
    assert again.path == place.path
    assert place.limits.tail_bytes <= place.limits.max_bytes <= 64_000_000


def test_a_folder_of_somebody_else_is_not_used(tmp_path: Path, memory: Path) -> None:
    (tmp_path / "outbox").write_text("a file")
    usual = outbox_place(tmp_path, SETTINGS).path.parent
    usual.chmod(0o777)

    assert outbox_place(tmp_path, SETTINGS).path.parent != usual


def test_a_disk_that_failed_twice_in_a_row_is_used_no_more() -> None:
    host = Host(utc_now, {}, Watchdog([]))
    host.failed(sqlite3.OperationalError("disk I/O error"))
    host.failed(ValueError("something else"))
    assert host.disk_failure is None
    host.failed(sqlite3.OperationalError("disk I/O error"))

    assert host.disk_failure == "disk I/O error"


def test_what_was_in_memory_is_known_to_an_agent_whose_disk_is_well_again(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file")
    in_memory = outbox_place(tmp_path, SETTINGS).path
    (tmp_path / "outbox").unlink()

    place = outbox_place(tmp_path, SETTINGS)

    assert (place.trouble, place.leftovers) == (None, in_memory)


def test_a_disk_has_to_be_well_for_some_minutes_before_the_outbox_returns(tmp_path: Path) -> None:
    now, outbox = [0.0], tmp_path / "outbox"
    outbox.write_text("a file")
    disk = DiskReturn(outbox_place(tmp_path, SETTINGS), outbox, lambda: now[0])
    returned_at = []
    for now[0] in range(0, 700, 10):
        if now[0] == 100:
            outbox.unlink()
        if disk.is_back():
            returned_at.append(now[0])

    assert returned_at[0] == 420


def test_an_outbox_on_its_disk_stays_there(tmp_path: Path) -> None:
    now = 0.0
    disk = DiskReturn(outbox_place(tmp_path, SETTINGS), tmp_path / "outbox", lambda: now)
    now = 10_000.0

    assert not disk.is_back()
