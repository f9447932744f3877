"""The export file of a range of the log. It is an SQLite database, so that any tool can read it.

Version 1: `about` (key, value), `events` (position, received in microseconds since 1970, body as it was stored) in
commit order, `media` (key, body). Its `application_id` is 0x57504C47 ("WPLG"), its version is in `user_version`.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from bus_schemas.codec import Malformed, decode, read_stored
from bus_schemas.event import AFTER_LATEST, EARLIEST, Event, iso
from bus_schemas.media import MediaEvent
from consumers.upkeep.log_transfer.log_slice import PAGE, LogEntry, LogRange
from producer.times import micros
from producer.whole_file import name_whole

APPLICATION = 0x57504C47
VERSION = 1
_EARLIEST_US: Final = micros(EARLIEST)
_AFTER_LATEST_US: Final = micros(AFTER_LATEST)

_SCHEMA = """
create table about (key text primary key, value text not null) strict, without rowid;
create table events (position integer primary key, received integer not null, body blob not null) strict;
create table media (key text primary key, body blob not null) strict;
"""


class NotALogExport(ValueError):
    """The file is not an exported log, or not one that can be read here."""


class AlreadyThere(ValueError):
    """A file of this name is there."""


@dataclass(frozen=True, slots=True)
class Written:
    events: int
    media: int
    media_left_out: int
    bytes: int


def write(file: Path, entries: Iterable[list[LogEntry]], wanted: LogRange) -> Written:
    """Complete under its name or not at all. Raises `AlreadyThere`, and `OSError` where no file can be made there."""
    if file.exists():
        raise AlreadyThere(f"{file} is there already")
    draft = file.with_name(f".{file.name}.draft")
    draft.unlink(missing_ok=True)
    draft.touch()
    try:
        with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
            written = _fill(connection, entries, wanted)
        name_whole(draft, file)
    finally:
        draft.unlink(missing_ok=True)
    return Written(*written, file.stat().st_size)


def _fill(connection: sqlite3.Connection, entries: Iterable[list[LogEntry]], wanted: LogRange) -> tuple[int, int, int]:
    events = media = left_out = 0
    connection.execute("pragma journal_mode = off")
    connection.executescript(f"{_SCHEMA} pragma application_id = {APPLICATION}; pragma user_version = {VERSION};")
    connection.execute("begin")
    for page in entries:
        connection.executemany(
            "insert into events (received, body) values (?, ?)", [(p.received, p.body) for p in page]
        )
        bodies = [(p.event.data.key, p.medium) for p in page if isinstance(p.event, MediaEvent)]
        there = [(key, body) for key, body in bodies if body is not None]
        connection.executemany("insert or ignore into media values (?, ?)", there)
        events, media, left_out = events + len(page), media + len(there), left_out + len(bodies) - len(there)
    about = {"from": iso(wanted.start), "to": iso(wanted.end), "site": wanted.site or "", "events": str(events)}
    connection.executemany("insert into about values (?, ?)", about.items())
    connection.execute("commit")
    return events, media, left_out


class LogExport:
    """Such a file, opened to be read; what is in it is not trusted."""

    def __init__(self, connection: sqlite3.Connection, file: Path) -> None:
        self._connection = connection
        self._file = file
        self.about: dict[str, str] = dict(self._rows("select key, value from about"))

    def entries(self) -> Iterator[list[LogEntry]]:
        """In commit order. Raises `NotALogExport` where an event or a medium is not what it says."""
        after = 0
        query = "select position, received, body from events where position > ? order by position limit ?"
        while rows := self._rows(query, after, PAGE):
            bodies = [self._bytes(body, f"the event at position {position}") for position, _, body in rows]
            events = self._events(bodies, after)
            yield [
                LogEntry(self._moment(received, position), event, body, self._medium(event))
                for (position, received, _), event, body in zip(rows, events, bodies, strict=True)
            ]
            after = rows[-1][0]

    def _rows(self, query: str, *values: object) -> list[Any]:
        """Raises `NotALogExport` where a table is missing, or the file is damaged."""
        try:
            return self._connection.execute(query, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise NotALogExport(f"{self._file} cannot be read as an exported log: {error}") from error

    def _bytes(self, value: object, what: str) -> bytes:
        if not isinstance(value, bytes):
            raise NotALogExport(f"{self._file}: {what} has no bytes")
        return value

    def _moment(self, received: object, position: int) -> int:
        if not isinstance(received, int) or not _EARLIEST_US <= received < _AFTER_LATEST_US:
            raise NotALogExport(f"{self._file}: the event at position {position} was received at no moment")
        return received

    def _events(self, bodies: list[bytes], after: int) -> list[Event]:
        try:
            return read_stored(bodies)
        except ValidationError:
            reasons = [found.reason for body in bodies for found in decode(body) if isinstance(found, Malformed)]
        raise NotALogExport(f"{self._file}: an event after position {after} cannot be read: {'; '.join(reasons[:1])}")

    def _medium(self, event: Event) -> bytes | None:
        if not isinstance(event, MediaEvent):
            return None
        found = self._rows("select body from media where key = ?", event.data.key)
        if not found:
            return None
        body = self._bytes(found[0][0], event.data.key)
        if sha256(body).hexdigest() != event.data.sha256:
            raise NotALogExport(f"{self._file}: the bytes of {event.data.key} are not those of its sha256")
        return body


@contextmanager
def open_export(file: Path) -> Iterator[LogExport]:
    """Raises `NotALogExport`."""
    if not file.is_file():
        raise NotALogExport(f"there is no file {file}")
    connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    with closing(connection):
        try:
            connection.execute("pragma trusted_schema = off")
            (application,) = connection.execute("pragma application_id").fetchone()
            (version,) = connection.execute("pragma user_version").fetchone()
        except sqlite3.DatabaseError as error:
            raise NotALogExport(f"{file} is not an exported log: {error}") from error
        if application != APPLICATION:
            raise NotALogExport(f"{file} is not an exported log")
        if version != VERSION:
            raise NotALogExport(f"{file} is of version {version}; version {VERSION} can be read here")
        yield LogExport(connection, file)
