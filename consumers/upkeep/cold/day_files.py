"""The closed days of a journal as files for the bucket, whether files or a server keep the journal."""

import errno
import gzip
import shutil
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import ClassVar, Final, Protocol

from consumers.store.journal.days import Day, list_days
from consumers.store.journal.retention_floor import NAME as FLOOR
from consumers.store.journal.retention_floor import Floor, floor_to_json, weigh
from consumers.store.journal.store import JournalStore
from consumers.upkeep.backup.files import copy_database
from consumers.upkeep.cold.server_day import PreviousDay, carry_on, write_day
from consumers.upkeep.rounds import RoundFailed

CHUNK_BYTES: Final = 1 << 20
MOST_GROWTH: Final = 200
"""A day of a journal grows ten times when it is unpacked."""


class DayDropped(RoundFailed, LookupError):
    """Retention has dropped the day since the days were listed."""

    def __init__(self, day: date) -> None:
        super().__init__(f"the journal has no day {day} any more")


@dataclass(frozen=True, slots=True)
class ClosedDay:
    """A day and its positions; `last` is `first - 1` in an empty one."""

    date: date
    first: int
    last: int


class DayFiles(Protocol):
    """`look_every` is for who asks again and again: what the days are costs a server a question about all of them.
    What is asked about one day raises `DayDropped` where it is gone.
    """

    look_every: ClassVar[timedelta]

    def days(self) -> list[date]:
        """All that are kept, oldest first, with the one that is written."""
        ...

    def write(self, day: date, path: Path, previous: PreviousDay) -> None:
        """Write a closed day into a file of its own, as the journal of a hub in files has it."""
        ...

    def describe(self, day: date) -> ClosedDay: ...

    def floor(self) -> bytes | None:
        """The summaries of the days that were dropped."""
        ...


@dataclass(frozen=True, slots=True)
class LocalDays:
    look_every: ClassVar[timedelta] = timedelta(0)
    directory: Path

    def days(self) -> list[date]:
        return [day.date for day in list_days(self.directory)]

    def write(self, day: date, path: Path, previous: PreviousDay) -> None:
        copy_database(self._listed(day).path, path)

    def describe(self, day: date) -> ClosedDay:
        what = weigh(self._listed(day))
        return ClosedDay(day, what.first, what.last)

    def floor(self) -> bytes | None:
        path = self.directory / FLOOR
        return path.read_bytes() if path.exists() else None

    def _listed(self, day: date) -> Day:
        for one in list_days(self.directory):
            if one.date == day:
                return one
        raise DayDropped(day)


@dataclass(frozen=True, slots=True)
class ServerDays:
    """`carried` is a directory for what goes on from day to day: the numbers of streams and types."""

    look_every: ClassVar[timedelta] = timedelta(minutes=10)
    journal: JournalStore
    carried: Path

    def days(self) -> list[date]:
        with closing(self.journal.questions()) as questions:
            return [row.date for row in questions.days()]

    def write(self, day: date, path: Path, previous: PreviousDay) -> None:
        # A day can be read as long as the next one is not asked for.
        for opened in self.journal.each_day():
            if opened.name == day.isoformat():
                written = write_day(opened, self.carried, previous)
                copy_database(written, path)
                carry_on(written)
                return
        raise DayDropped(day)

    def describe(self, day: date) -> ClosedDay:
        with closing(self.journal.questions()) as questions:
            for row in questions.days():
                if row.date == day:
                    return ClosedDay(day, row.first, row.last)
        raise DayDropped(day)

    def floor(self) -> bytes | None:
        with closing(self.journal.reader()) as reader:
            position, latest = reader.floor(), reader.latest_dropped()
        return None if position <= 1 else floor_to_json(Floor(position, latest or {}))


def compressed(source: Path, target: Path, level: int) -> None:
    """The same bytes give the same file."""
    with source.open("rb") as read, target.open("wb") as raw, gzip.GzipFile("", "wb", level, raw, mtime=0) as packed:
        shutil.copyfileobj(read, packed, 1 << 20)


def decompressed(chunks: Iterable[bytes], target: Path) -> None:
    """Raises `OSError` or `EOFError` where it is not whole."""
    packed = target.with_name(f".{target.name}.gz")
    try:
        with packed.open("wb") as file:
            file.writelines(chunks)
        unpack(packed, target)
    finally:
        packed.unlink(missing_ok=True)


def unpack(packed: Path, target: Path) -> None:
    """Raises `OSError` or `EOFError` where it is not whole, or grows as no day of a journal does."""
    left = packed.stat().st_size * MOST_GROWTH + CHUNK_BYTES
    with gzip.open(packed) as source, target.open("wb") as unpacked:
        while chunk := source.read(CHUNK_BYTES):
            left -= len(chunk)
            if left < 0:
                raise OSError(errno.EFBIG, f"it grows more than {MOST_GROWTH} times when it is unpacked", str(packed))
            unpacked.write(chunk)
