"""Sets aside days of the journal whose files cannot be read, and says what is lost by it."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import structlog

from consumers.store.journal.days import Day, list_days, open_to_read
from producer.sqlite_files import is_cut_off, is_unusable, keep_aside

KEPT: Final = ".broken"
_NOTE: Final = ".suspect"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LostDay:
    """A day that is kept as another file and read no more. Its events had the positions from `first` to `last`, where
    that is known.
    """

    date: date
    kept: Path
    reason: str
    is_newest: bool
    first: int
    last: int | None


@dataclass(frozen=True, slots=True)
class _Positions:
    first: int
    last: int


def note(path: Path) -> None:
    """Have every page of this file looked at before it is opened again to be written."""
    with suppress(OSError):
        path.with_suffix(_NOTE).touch()


def set_aside_broken(directory: Path) -> list[LostDay]:
    """Those that cannot be read, oldest first. Raises `OSError`."""
    days = list_days(directory)
    found = [(day, _read(day)) for day in days]
    lost = []
    for index, (day, read) in enumerate(found):
        if isinstance(read, str):
            before = [it.last for _, it in found[:index] if isinstance(it, _Positions)]
            after = [it.first for _, it in found[index + 1 :] if isinstance(it, _Positions)]
            kept = day.path.with_suffix(KEPT)
            keep_aside(day.path, kept)
            last = after[0] - 1 if after else None
            lost.append(LostDay(day.date, kept, read, not after, before[-1] + 1 if before else 1, last))
            log.error("a day of the journal cannot be read", day=str(day.date), reason=read, kept=str(kept))
        day.path.with_suffix(_NOTE).unlink(missing_ok=True)
    return lost


def newest_of(lost: Sequence[LostDay]) -> LostDay | None:
    """The last day of all, where it is lost."""
    return lost[-1] if lost and lost[-1].is_newest else None


def _read(day: Day) -> _Positions | str:
    """The positions that the day holds, or a sentence that says why it cannot be read."""
    try:
        with closing(open_to_read(day.path)) as connection:
            (first,) = connection.execute("select value from meta where key = 'first'").fetchone()
            (last,) = connection.execute("select max(position) from events").fetchone()
            if is_cut_off(connection, day.path):
                return "it was cut off"
            if day.path.with_suffix(_NOTE).exists():
                (found,) = connection.execute("pragma quick_check(1)").fetchone()
                if found != "ok":
                    return str(found)
    except sqlite3.DatabaseError as error:
        is_empty = getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_ERROR
        if not is_empty and not is_unusable(error, day.path):
            raise
        return "it holds no events" if is_empty else str(error)
    return _Positions(int(first), int(first) - 1 if last is None else int(last))
