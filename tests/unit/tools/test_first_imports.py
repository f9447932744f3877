"""What is imported once after an installation."""

import sys
from pathlib import Path

import pytest

from tools.first_imports import import_all


def test_all_modules_of_a_room_are_imported_but_for_its_command_and_what_is_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = tmp_path / "hall" / "corner"
    inner.mkdir(parents=True)
    for name in ("__init__", "corner/__init__", "corner/lamp", "window"):
        (tmp_path / "hall" / f"{name}.py").write_text("")
    (tmp_path / "hall" / "__main__.py").write_text("raise SystemExit(1)")
    (tmp_path / "hall" / "door.py").write_text("import a_module_that_nobody_has")
    monkeypatch.syspath_prepend(tmp_path)

    import_all(["hall"])

    assert {name for name in sys.modules if name.startswith("hall.")} == {
        "hall.corner",
        "hall.corner.lamp",
        "hall.window",
    }
