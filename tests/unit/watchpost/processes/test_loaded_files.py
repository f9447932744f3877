"""A module whose file is another one now, or was written while it was read."""

import importlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from watchpost.processes.loaded_files import LoadedFiles

NAME = "loaded_by_test"


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Imported, and written long before."""
    file = tmp_path / f"{NAME}.py"
    file.write_text("VALUE = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module(NAME)
    yield file
    del sys.modules[NAME]


def later() -> int:
    """When the imports began, of files that were written before."""
    return time.time_ns() + 1_000_000_000


def test_what_nobody_touches_has_not_changed(module: Path) -> None:
    assert not LoadedFiles(later()).have_changed()


def test_a_file_that_is_written_again_removed_or_replaced_has_changed(module: Path) -> None:
    files = LoadedFiles(later())
    before = module.stat()

    module.write_text("VALUE = 22\n")
    assert files.have_changed()

    module.unlink()
    assert files.have_changed()

    replaced = LoadedFiles(later())
    module.write_text("VALUE = 1\n")
    os.utime(module, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert replaced.have_changed()


def test_a_file_that_was_written_while_modules_were_imported_may_have_been_read_before(module: Path) -> None:
    began = module.stat().st_ctime_ns

    assert LoadedFiles(began).have_changed()


def test_a_clock_that_was_not_set_makes_no_file_look_new(module: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 30_000_000_000)

    assert not LoadedFiles(10_000_000_000).have_changed()
