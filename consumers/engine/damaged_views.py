"""Finds views whose files cannot be read, and sets the files aside, so that the views are folded again.

A process that only reads leaves a note beside such a file. The consumer of the view, which may change it, looks then.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

import structlog

from consumers.engine import checkpoint, view_files
from producer.file_identity import Identity, identity, identity_and_size
from producer.sqlite_files import is_cut_off, is_unusable, keep_aside

KEPT: Final = ".broken"
NOTE: Final = ".suspect"
_MAX_NOTE: Final = 400

log = structlog.get_logger()


class ViewDamaged(sqlite3.DatabaseError):
    """The file of a view, or of the state of a sink, could not be read. It was set aside."""


def find_damage(file: Path, *, whole: bool = False) -> str | None:
    """Why nothing can be read from this file, as the rest of a sentence; `None` where it can. With `whole` every page
    of it is looked at.
    """
    try:
        with closing(view_files.open_file(file)) as view:
            if checkpoint.version(view) is None:
                return "it holds no view"
            if is_cut_off(view, file):
                return "it was cut off"
            found = view.execute("pragma quick_check(1)").fetchone()[0] if whole else "ok"
    except sqlite3.DatabaseError as error:
        return str(error) if is_unusable(error, file) else None
    return None if found == "ok" else str(found)


def set_aside(data: Path, name: str, file: Path) -> Path:
    """Keep the file under another name, with its log; only the last such file of a view is kept. Raises `OSError`."""
    kept = _kept_of(data, name)
    keep_aside(file, kept)
    _note_of(data, name).unlink(missing_ok=True)
    return kept


def note(data: Path, name: str, reason: str) -> None:
    """Ask the consumer to look at the file of its view."""
    with suppress(OSError):
        if view_files.file_of(data, name) is not None and not is_noted(data, name):
            log.error("a view cannot be read", consumer=name, reason=reason)
            _note_of(data, name).write_text(reason[:_MAX_NOTE])


def is_noted(data: Path, name: str) -> bool:
    return os.path.exists(_note_of(data, name))  # noqa: PTH110 - asked for each batch, at half the cost of a path


def forget_note(data: Path, name: str) -> None:
    _note_of(data, name).unlink(missing_ok=True)


def _kept_of(data: Path, name: str) -> Path:
    return view_files.link_of(data, name).with_suffix(KEPT)


def _note_of(data: Path, name: str) -> Path:
    return view_files.link_of(data, name).with_suffix(NOTE)


class HeldFile:
    """The file of a view, or of the state of a sink, while its consumer has it open. The consumer holds the lock."""

    def __init__(self, data: Path, name: str, remedy: str) -> None:
        """`remedy` says what becomes of the view once its file is set aside."""
        self._data = data
        self._name = name
        self._remedy = remedy
        self._size = 0
        self.path: Path | None = None
        self.identity: Identity | None = None
        self.was_damaged = False
        """Since the file was taken last."""

    def take(self, path: Path) -> None:
        self.path, self.identity, self._size = path, identity(path), 0
        self.was_damaged = False

    def is_current(self) -> bool:
        """Whether the name of the view still leads to this file."""
        return self.identity is not None and view_files.identity_of(self._data, self._name) == self.identity

    @contextmanager
    def guarded(self, let_go: Callable[[], None]) -> Iterator[None]:
        """Raises `ViewDamaged` where the file proves to be damaged, once it is set aside. After any error the file is
        let go: what was opened on a disk that took nothing writes nothing once it takes again.
        """
        try:
            self._check()
            yield
        except ViewDamaged:
            let_go()
            raise
        except sqlite3.Error as error:
            let_go()
            file = view_files.file_of(self._data, self._name)
            # It may be another file that the work has opened, such as the index of the archive.
            why = None if file is None or not is_unusable(error, file) else find_damage(file, whole=True)
            if file is None or why is None:
                raise
            raise self.set_aside(file, why) from error

    def check_content(self, file: Path) -> None:
        """Before it is opened. Raises `ViewDamaged`."""
        why = find_damage(file)
        if why is not None:
            raise self.set_aside(file, why)

    def set_aside(self, file: Path, why: str) -> ViewDamaged:
        kept = set_aside(self._data, self._name, file)
        self.was_damaged = True
        return ViewDamaged(f"{file} cannot be read ({why}) and is kept as {kept.name}; {self._remedy}")

    def salvaged_position(self) -> int:
        """The checkpoint of the file that was set aside; 0 where there is none, or it cannot be read."""
        if not self.was_damaged:
            return 0
        try:
            with closing(view_files.open_file(_kept_of(self._data, self._name))) as state:
                return checkpoint.load(state)
        except sqlite3.DatabaseError:
            return 0

    def _check(self) -> None:
        """Raises `ViewDamaged` where the file is shorter than it was, or a reader could not read it."""
        now = identity_and_size(view_files.link_of(self._data, self._name))
        if self.path is None or now is None or now[0] != self.identity:
            return
        why = "it was cut off" if now[1] < self._size else None
        self._size = now[1]
        if is_noted(self._data, self._name):
            forget_note(self._data, self._name)
            why = why or find_damage(self.path, whole=True)
        if why is not None:
            raise self.set_aside(self.path, why)
