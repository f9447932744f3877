"""The list of days, which is read again only where the directory has changed."""

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

from consumers.store.journal.days import DayList, day_path
from tests.settable_clock import SettableClock

FIRST, SECOND = date(2026, 1, 5), date(2026, 1, 6)


def dates(days: DayList) -> list[date]:
    return [day.date for day in days.read()]


def unnoticed(directory: Path, change: Callable[[], object]) -> None:
    """A change within the same tick of the file system as the one before it."""
    before = directory.stat()
    change()
    os.utime(directory, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_a_new_day_is_found_at_once(tmp_path: Path) -> None:
    clock, days = SettableClock(100.0), DayList(tmp_path)
    assert dates(days) == []
    day_path(tmp_path, FIRST).touch()
    assert dates(days) == [FIRST]
    clock.now += 10
    day_path(tmp_path, SECOND).touch()
    assert dates(days) == [FIRST, SECOND]
    day_path(tmp_path, FIRST).unlink()
    assert dates(days) == [SECOND]


def test_a_directory_that_is_made_later_is_found(tmp_path: Path) -> None:
    days = DayList(tmp_path / "journal")
    assert dates(days) == []
    (tmp_path / "journal").mkdir()
    day_path(tmp_path / "journal", FIRST).touch()
    assert dates(days) == [FIRST]


def test_a_directory_in_the_place_of_another_is_read_again(tmp_path: Path) -> None:
    journal, clock = tmp_path / "journal", SettableClock(100.0)
    journal.mkdir()
    day_path(journal, FIRST).touch()
    days = DayList(journal, clock)
    assert dates(days) == [FIRST]
    clock.now += 1
    assert dates(days) == [FIRST]
    before = journal.stat()
    journal.rename(tmp_path / "gone")
    journal.mkdir()
    os.utime(journal, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert dates(days) == []


def test_a_change_in_the_tick_of_the_one_before_it_is_found(tmp_path: Path) -> None:
    clock = SettableClock(100.0)
    days = DayList(tmp_path, clock)
    day_path(tmp_path, FIRST).touch()
    assert dates(days) == [FIRST]
    clock.now += 0.01
    unnoticed(tmp_path, day_path(tmp_path, SECOND).touch)
    assert dates(days) == [FIRST, SECOND]


def test_what_has_not_changed_for_a_while_is_not_read_again(tmp_path: Path) -> None:
    clock = SettableClock(100.0)
    day_path(tmp_path, FIRST).touch()
    days = DayList(tmp_path, clock)
    days.read()
    clock.now += 1
    listed = days.read()
    assert days.read() is listed
    day_path(tmp_path, SECOND).touch()
    assert days.read() is not listed
