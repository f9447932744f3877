"""A view that is swapped while somebody opens it is opened as it is then."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from consumers.engine import view_files

NAME = "numbers"


def generation(data: Path, number: int) -> Path:
    """A file of the view, which holds its number."""
    file = view_files.link_of(data, NAME).with_suffix(f".{number}.sqlite")
    file.parent.mkdir(exist_ok=True)
    with closing(view_files.connect(file)) as view:
        view.execute("create table held (number integer)")
        view.execute("insert into held values (?)", (number,))
    return file


@pytest.fixture
def swap(tmp_path: Path) -> Callable[[], None]:
    """The view is of generation 1; calling this puts generation 2 in its place, once."""
    old, new = generation(tmp_path, 1), generation(tmp_path, 2)
    view_files.place(tmp_path, NAME, old)

    def swapped() -> None:
        if old.exists():
            view_files.place(tmp_path, NAME, new)
            view_files.remove(old)

    return swapped


@pytest.mark.parametrize("is_opened_first", [False, True])
def test_a_view_that_is_swapped_while_it_is_opened_is_the_new_one(
    tmp_path: Path, swap: Callable[[], None], is_opened_first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_file = view_files.open_file

    def late(file: Path) -> sqlite3.Connection:
        if not is_opened_first:
            swap()
        view = open_file(file)
        swap()
        return view

    monkeypatch.setattr(view_files, "open_file", late)
    with closing(view_files.open_view(tmp_path, NAME)) as view:
        assert view.execute("select number from held").fetchone() == (2,)


def test_a_view_that_is_swapped_while_its_file_is_looked_for_is_there(
    tmp_path: Path, swap: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    exists = Path.exists

    def late(path: Path) -> bool:
        monkeypatch.undo()
        swap()
        return exists(path)

    monkeypatch.setattr(Path, "exists", late)
    file = view_files.file_of(tmp_path, NAME)

    assert file is not None
    assert file.name == f"{NAME}.2.sqlite"


def test_a_view_whose_file_is_gone_is_none(tmp_path: Path) -> None:
    file = generation(tmp_path, 1)
    view_files.place(tmp_path, NAME, file)
    view_files.remove(file)

    assert view_files.file_of(tmp_path, NAME) is None
    with pytest.raises(view_files.NoView, match="the consumer 'numbers' has no view yet"):
        view_files.open_view(tmp_path, NAME)


def test_what_waits_in_the_log_of_a_view_takes_a_megabyte_of_the_disk(tmp_path: Path) -> None:
    """Also after a transaction that was larger."""
    file = generation(tmp_path, 1)
    log = file.with_name(f"{file.name}-wal")
    with closing(view_files.connect(file)) as view:
        view.execute("create table bytes (held blob)")
        view.execute("insert into bytes values (zeroblob(3000000))")
        assert log.stat().st_size > 3_000_000
        for number in range(2000):
            view.execute("update held set number = ?", (number,))
        assert log.stat().st_size <= 1_100_000
