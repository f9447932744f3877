"""What no disk took when an agent ended is in memory for the next one."""

from contextlib import closing
from pathlib import Path

import pytest

from edge.agent import outbox_place as places
from edge.agent.outbox_place import outbox_place
from edge.agent.settings import DeviceSettings, NodeSettings
from edge.agent.source_settings import SceneSourceSettings
from edge.agent.unsaved_events import keep_unsaved
from producer.ids import utc_now
from producer.outbox.backlog import waiting_count
from producer.outbox.tables import Item, connect
from tests.node_parts import detection

SENSOR = DeviceSettings(site="YARD", device="SENSOR", thermal=SceneSourceSettings(kind="scene", scene="thermal"))
SETTINGS = NodeSettings(node="yard", devices=(SENSOR,))


@pytest.fixture(autouse=True)
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "memory").mkdir()
    monkeypatch.setattr(places, "MEMORY", tmp_path / "memory")
    return tmp_path / "memory"


def test_the_next_agent_finds_it_among_what_is_left_to_send(tmp_path: Path) -> None:
    unsaved: list[Item] = [detection(1), detection(2)]
    keep_unsaved(unsaved, tmp_path, SETTINGS, utc_now)
    unsaved.append(detection(3))
    keep_unsaved(unsaved, tmp_path, SETTINGS, utc_now)
    place = outbox_place(tmp_path, SETTINGS)

    assert unsaved == []
    assert (place.is_in_memory, place.leftovers is None) == (False, False)
    with closing(connect(place.leftovers or tmp_path)) as left:
        assert waiting_count(left) == 3


def test_an_agent_with_nothing_unsaved_leaves_nothing_in_memory(tmp_path: Path, memory: Path) -> None:
    keep_unsaved([], tmp_path, SETTINGS, utc_now)

    assert list(memory.iterdir()) == []


def test_without_any_memory_the_agent_ends_all_the_same(tmp_path: Path, memory: Path) -> None:
    memory.rmdir()
    memory.write_text("a file")
    unsaved: list[Item] = [detection(1)]
    with pytest.MonkeyPatch.context() as nowhere:
        nowhere.setattr("tempfile.tempdir", str(memory))
        keep_unsaved(unsaved, tmp_path, SETTINGS, utc_now)

    assert len(unsaved) == 1
