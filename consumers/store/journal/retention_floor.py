"""The retention floor of the journal: its first position, and the newest event time among the dropped days."""

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from consumers.store.journal.days import Day, DroppedDay, open_to_read, remove
from producer.sqlite_files import size_of
from producer.whole_file import write_whole

NAME = "floor.json"


@dataclass(frozen=True, slots=True)
class Floor:
    """`position` is the first one that is kept; `latest` the time of the newest event of each source that is gone, in
    microseconds since 1970: an event that happened after it was not dropped.
    """

    position: int = 1
    latest: Mapping[str, int] = field(default_factory=dict)


_floor = TypeAdapter(Floor)


def read_floor(directory: Path) -> Floor:
    """The floor as it was written when days were last dropped; that of a whole journal where none was written."""
    try:
        return _floor.validate_json((directory / NAME).read_bytes())
    except (OSError, ValidationError):
        return Floor()


def floor_to_json(floor: Floor) -> bytes:
    """The floor as the file beside the days has it."""
    return _floor.dump_json(floor)


def weigh(day: Day) -> DroppedDay:
    """The positions and bytes that would be dropped with a day."""
    with closing(open_to_read(day.path)) as connection:
        (first,) = connection.execute("select value from meta where key = 'first'").fetchone()
        (last,) = connection.execute("select max(position) from events").fetchone()
    return DroppedDay(day.date, size_of(day.path), int(first), first - 1 if last is None else int(last))


def drop(directory: Path, days: Iterable[Day]) -> list[DroppedDay]:
    """Delete the files of days, the oldest ones; written down first, so that what is gone is always known."""
    dropped = []
    for day in days:
        if day.path.exists():
            _write(directory, _beyond(read_floor(directory), day))
            dropped.append(weigh(day))
            remove(day)
    return dropped


def _beyond(floor: Floor, day: Day) -> Floor:
    latest = dict(floor.latest)
    with closing(open_to_read(day.path)) as connection:
        for source, newest in _newest(connection):
            latest[source] = max(newest, latest.get(source, newest))
    return Floor(weigh(day).last + 1, latest)


def _newest(connection: sqlite3.Connection) -> Iterable[tuple[str, int]]:
    return connection.execute("select source, max(time) from events join streams using (stream) group by source")


def _write(directory: Path, floor: Floor) -> None:
    write_whole(directory / NAME, floor_to_json(floor))
