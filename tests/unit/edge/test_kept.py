"""Settings that people have changed outlive the process."""

from pathlib import Path

from edge.adjustable import Adjustable, Motion
from edge.kept import SettingsFile

SOURCE = "/sites/YARD/devices/GATE"
CONFIGURED = Adjustable()
CHANGED = Adjustable(motion=Motion(sensitivity=77))


def test_what_was_changed_holds_after_a_restart(tmp_path: Path) -> None:
    SettingsFile(tmp_path / "agent" / "yard.json").keep(SOURCE, CHANGED)
    again = SettingsFile(tmp_path / "agent" / "yard.json")

    assert again.current(SOURCE, CONFIGURED) == CHANGED
    assert again.current("/sites/YARD/devices/DOOR", CONFIGURED) == CONFIGURED


def test_what_was_told_is_remembered_apart_from_what_was_changed(tmp_path: Path) -> None:
    SettingsFile(tmp_path / "yard.json").tell(SOURCE, CONFIGURED)
    again = SettingsFile(tmp_path / "yard.json")

    assert again.told(SOURCE) == CONFIGURED
    assert again.current(SOURCE, CHANGED) == CHANGED


def test_a_file_that_cannot_be_read_is_put_aside(tmp_path: Path) -> None:
    (tmp_path / "yard.json").write_text('{"changed": 7}')
    opened = SettingsFile(tmp_path / "yard.json")

    assert opened.current(SOURCE, CONFIGURED) == CONFIGURED
    assert (tmp_path / "yard.unreadable").exists()
