"""The files of views: how they are written, read and swapped.

`views/{name}.sqlite` is a symbolic link to the file of one generation, so that a rebuilt view takes the place of
the old one in one rename while the write-ahead logs of the two never meet.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock, get_ident
from types import TracebackType
from typing import Self

from producer.file_identity import CutOff, Identity, identity, identity_and_size
from producer.locks import FileLock
from producer.sqlite_files import remove_database

_BUSY_MS = 10_000
_LOG_PAGES, _EMITTING_LOG_PAGES, _BULK_PAGES = 256, 1000, 4000
_LOG_BYTES = 1_048_576
"""The log of each of some twenty views: by SQLite's default of 4 MB they take a seventh of a disk of 700 MB."""


class NoView(LookupError):
    """The consumer has not folded anything yet."""


@lru_cache(maxsize=1024)
def link_of(data: Path, name: str) -> Path:
    return data / "views" / f"{name}.sqlite"


def _linked(data: Path, name: str) -> Path | None:
    """The file that the link names, whether it is there or not."""
    link = link_of(data, name)
    return link.parent / link.readlink() if link.is_symlink() else None


def file_of(data: Path, name: str) -> Path | None:
    """The file that holds the view now; `None` where the link or its file is gone."""
    file = _linked(data, name)
    while file is not None and not file.exists():
        # Another may have taken its place meanwhile.
        before, file = file, _linked(data, name)
        if file == before:
            return None
    return file


def identity_of(data: Path, name: str) -> Identity | None:
    """The identity of the file that holds the view now."""
    return identity(link_of(data, name))


def next_file(data: Path, name: str) -> Path:
    """Where the view is folded again; what is there already is an interrupted rebuild."""
    now = _linked(data, name)
    return _generation(data, name, 1 if now is None else _number(now.name, name) + 1)


def unused_file(data: Path, name: str, held: Path | None = None) -> Path:
    """Where the view begins anew: beyond every generation on the disk, the one that the link names, and `held`.

    A process that has an older file open, with its logs, does not find the new one under the same name.
    """
    known = [path.name for path in (_linked(data, name), held) if path is not None]
    known += [path.name for path in link_of(data, name).parent.glob(f"{name}.*.sqlite*")]
    return _generation(data, name, 1 + max((_number(one, name) for one in known), default=0))


def _generation(data: Path, name: str, number: int) -> Path:
    return link_of(data, name).with_suffix(f".{number}.sqlite")


def _number(file: str, name: str) -> int:
    """The generation of the view that a file is, or lies beside; 0 if it is none."""
    found = re.match(rf"{re.escape(name)}\.([0-9]+)\.sqlite", file)
    return int(found[1]) if found is not None else 0


def connect(file: Path) -> sqlite3.Connection:
    """A connection that writes; transactions are opened by hand."""
    view = sqlite3.connect(file, isolation_level=None)
    view.execute(f"pragma busy_timeout={_BUSY_MS}")
    view.execute("pragma journal_mode=wal")
    view.execute("pragma synchronous=normal")
    view.execute("pragma cache_size=-16000")
    view.execute(f"pragma wal_autocheckpoint={_LOG_PAGES}")
    view.execute(f"pragma journal_size_limit={_LOG_BYTES}")
    return view


def expect_emissions(view: sqlite3.Connection) -> None:
    """For a view that emits, which must not wait while the log is copied: a thread copies it."""
    view.execute(f"pragma wal_autocheckpoint={_EMITTING_LOG_PAGES}")


def expect_much(view: sqlite3.Connection) -> None:
    """For a whole fold: large transactions, whose pages need not go to the database after each."""
    view.execute(f"pragma wal_autocheckpoint={_BULK_PAGES}")


def place(data: Path, name: str, file: Path) -> None:
    """Make `file` the view, in one rename."""
    link = link_of(data, name)
    fresh = link.with_suffix(".swap")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(file.name)
    fresh.replace(link)


def remove(file: Path) -> None:
    """Remove a view's file and what SQLite keeps beside it.

    Whoever still has it open keeps its bytes on the disk: see `Views.close_removed`.
    """
    remove_database(file)


def drop(data: Path, name: str) -> bool:
    """Remove a view that no consumer makes any more, with its link and its lock; whether there was one."""
    link = link_of(data, name)
    if not link.is_symlink():
        return False
    for file in link.parent.glob(f"{name}.*.sqlite"):
        remove(file)
    link.unlink()
    link.with_suffix(".lock").unlink(missing_ok=True)
    return True


@lru_cache(maxsize=1024)
def _lock_of(data: Path, name: str) -> Path:
    return link_of(data, name).with_suffix(".lock")


@contextmanager
def locked(data: Path, name: str) -> Iterator[None]:
    """Nobody else folds into the view or swaps it meanwhile, in this process or another."""
    with FileLock(_lock_of(data, name), wait_s=None):
        yield


def open_file(file: Path) -> sqlite3.Connection:
    """A connection that only reads, for one thread at a time; a `Views` hands each thread its own."""
    view = sqlite3.connect(
        f"{file.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
    )
    view.execute(f"pragma busy_timeout={_BUSY_MS}")
    view.execute("pragma query_only=on")
    # Nothing is mapped: where a mapped file is cut off, the next read of it kills the process.
    return view


def open_view(data: Path, name: str) -> sqlite3.Connection:
    """A read-only connection to the view as it is now; the caller closes it. Raises `NoView`."""
    while (file := file_of(data, name)) is not None:
        try:
            view = _open_with_its_log(file)
        except sqlite3.OperationalError:
            if file_of(data, name) == file:
                raise
            continue
        if file_of(data, name) == file:
            return view
        view.close()
    raise NoView(f"the consumer {name!r} has no view yet")


def _open_with_its_log(file: Path) -> sqlite3.Connection:
    """The write-ahead log, which a swap removes with the file, is opened by the first read. Where that fails and
    nothing was swapped, the question of the caller fails too.
    """
    view = open_file(file)
    with suppress(sqlite3.Error):
        view.execute("select 1 from sqlite_master limit 1").fetchone()
    return view


@dataclass(slots=True)
class _OpenView:
    """A connection, which file it leads to, and how long that was when it was last asked."""

    identity: Identity
    size: int
    view: sqlite3.Connection


class Views:
    """Read-only connections, one for each thread and view, opened again where a view was swapped."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._lock = Lock()
        self._open: dict[tuple[int, str], _OpenView] = {}

    def __getitem__(self, name: str) -> sqlite3.Connection:
        """The view for this thread. Raises `NoView`, and `CutOff` where its consumer has yet to find that out."""
        now, key = identity_and_size(link_of(self._data, name)), (get_ident(), name)
        held = self._open.get(key)
        if held is not None and now is not None and held.identity == now[0]:
            if now[1] < held.size:
                raise CutOff(f"the file of the view {name!r} was cut off")
            held.size = now[1]
            return held.view
        if held is not None:
            self._close(key)
        view = open_view(self._data, name)
        if now is not None:
            # Asked for before it was opened: where another file came in between, the next look finds that out.
            with self._lock:
                self._open[key] = _OpenView(*now, view)
        return view

    def close_removed(self) -> None:
        """Close what this thread holds of views that were swapped since, so that their bytes are given back."""
        for (thread, name), held in list(self._open.items()):
            if thread == get_ident() and identity_of(self._data, name) != held.identity:
                self._close((thread, name))

    def _close(self, key: tuple[int, str]) -> None:
        with self._lock:
            held = self._open.pop(key)
        held.view.close()

    def close(self) -> None:
        with self._lock:
            for held in self._open.values():
                held.view.close()
            self._open.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
