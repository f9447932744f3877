"""Compares the journal in a backup with the one that is copied, so that no backup gives way to that of another hub."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from consumers.store.journal.days import list_days, open_to_read


class OfAnotherHub(FileExistsError):
    """The directory holds a journal that has nothing in common with the one that is to be copied."""


class _DayMarks(NamedTuple):
    """The marks by which a day of one journal differs from that of another. An event is its position and its id."""

    journal: int
    origin: int | None
    """The id with which the journal began; days of earlier releases do not say it."""
    first: tuple[int, str] | None
    last: tuple[int, str] | None


def is_same_journal(journal: Path, copies: Path) -> bool:
    """False where the copies are of a journal from which this one was restored: it has another id, and the same events
    up to the restore. Raises `OfAnotherHub`.
    """
    copied, ours = _each_day(copies), _each_day(journal)
    ids = {marks.journal for marks in ours.values()}
    if all(marks.journal in ids for marks in copied.values()):
        return True
    if any(marks.journal in ids for marks in copied.values()) or _is_of_one_origin(ours, copied):
        return False
    raise OfAnotherHub(
        f"{copies.parent} holds the journal of another hub, or of one that was lost: name another directory, so that it"
        " stays"
    )


def _is_of_one_origin(ours: Mapping[str, _DayMarks], copied: Mapping[str, _DayMarks]) -> bool:
    """A log that was imported begins with the events of another hub, and is none that was restored from it."""
    origins, others = ({one.origin for one in days.values()} - {None} for days in (ours, copied))
    if origins and others:
        return not origins.isdisjoint(others)
    return any(
        marks.first is not None and name in ours and ours[name].first == marks.first for name, marks in copied.items()
    )


def ends_alike(day: Path, copy: Path) -> bool:
    """Whether a closed day is in the copy up to its last event, and as one of this journal."""
    found, copied = _marks(day), _marks(copy)
    return found is not None and copied is not None and (found.journal, found.last) == (copied.journal, copied.last)


def _each_day(journal: Path) -> dict[str, _DayMarks]:
    """Those that can be read."""
    return {day.path.name: marks for day in list_days(journal) if (marks := _marks(day.path)) is not None}


def _marks(day: Path) -> _DayMarks | None:
    """`None` where the file is gone, or cannot be read."""
    try:
        with closing(open_to_read(day)) as opened:
            (journal,) = opened.execute("select value from meta where key = 'life'").fetchone() or (0,)
            events = "select position, id from events order by position"
            first = opened.execute(f"{events} limit 1").fetchone()
            (origin,) = opened.execute("select value from meta where key = 'origin'").fetchone() or (None,)
            return _DayMarks(journal, origin, first, opened.execute(f"{events} desc limit 1").fetchone())
    except sqlite3.Error:
        return None
