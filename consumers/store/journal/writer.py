"""Writes the journal: groups of events, each group durable as a whole when `append` returns."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path

from bus_schemas.catalogue import type_of
from bus_schemas.event import Event
from bus_schemas.node import GapEvent
from consumers.store.journal.broken_days import LostDay, newest_of, note, set_aside_broken
from consumers.store.journal.days import (
    create_day,
    day_path,
    list_days,
    open_to_read,
    open_to_write,
)
from consumers.store.journal.envelope import Envelope, instant_of
from consumers.store.journal.writing import (
    IDS_PER_QUERY,
    Accepted,
    ForeignId,
    Rejected,
    SequenceKey,
    StreamKey,
    StreamState,
    Writer,
)
from producer.file_identity import FileGone, OpenFile
from producer.ids import Clock
from producer.log_copier import LogCopier
from producer.sqlite_files import is_broken
from producer.transaction import transaction

MAX_REJECTED = 10_000
MAX_REJECTED_BYTES = 4096
MAX_TOPIC = 512
MAX_REASON = 2000
EVENT_COLUMNS = 8
ONE_EVENT = f"({','.join('?' * EVENT_COLUMNS)})"
ROWS_PER_STATEMENT = (500, 50, 5, 1)
LOG_PAGES = 2000
"""After this many pages, about, the log is copied: 8 MB."""
PAGES_OF_A_COMMIT = 8
EVENTS_OF_A_PAGE = 2


class Journal(Writer):
    """The one writer of the journal in `directory`."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        super().__init__()
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._clock = clock
        self._previous: sqlite3.Connection | None = None
        self.lost_days = set_aside_broken(directory)
        if newest := newest_of(self.lost_days):
            self._begin_behind(newest)
        days = list_days(directory)
        self._day = days[-1].date if days else clock().date()
        path = days[-1].path if days else create_day(directory, self._day, 1, None)
        self._today, self._held, self._log_copier = open_to_write(path), OpenFile.now(path), LogCopier(path, LOG_PAGES)
        if len(days) > 1:
            self._previous = open_to_read(days[-2].path)
        self._load()

    def _begin_behind(self, lost: LostDay) -> None:
        """In place of the newest day, which cannot be read, begin another journal behind the days before it.

        Producers send again what those days lack, and all views are folded again.
        """
        with ExitStack() as stack:
            days = list_days(self._directory)
            before = stack.enter_context(closing(open_to_read(days[-1].path))) if days else None
            create_day(self._directory, lost.date, lost.first, before, is_another=True)

    def _load(self) -> None:
        (first,) = self._today.execute("select value from meta where key = 'first'").fetchone()
        (last,) = self._today.execute("select max(position) from events").fetchone()
        self._head = first - 1 if last is None else last
        self._is_empty = last is None
        """Whether the day has no event yet."""
        self._streams = {
            (source, epoch): StreamState(*state)
            for source, epoch, *state in self._today.execute(
                "select source, epoch, stream, watermark, received, gaps from streams"
            )
        }
        self._types: dict[str, int] = dict(self._today.execute("select name, type from types"))

    def known_ids(self, ids: Sequence[ForeignId]) -> set[ForeignId]:
        """The ids of these events without a sequence that the journal has already, from today or the day before."""
        known: set[ForeignId] = set()
        for start in range(0, len(ids), IDS_PER_QUERY):
            some = ids[start : start + IDS_PER_QUERY]
            marks = ",".join("?" * len(some))
            query = (
                f"select source, id from events join streams using (stream) where sequence is null and id in ({marks})"
            )
            for connection in filter(None, (self._today, self._previous)):
                known.update(connection.execute(query, [name for _, name in some]))
        return known.intersection(ids)

    def foreign_bodies(self, ids: Sequence[ForeignId]) -> dict[ForeignId, bytes]:
        """The bodies of these events without a sequence, as far as today and the day before have them."""
        found: dict[ForeignId, bytes] = {}
        wanted = set(ids)
        for start in range(0, len(ids), IDS_PER_QUERY):
            some = ids[start : start + IDS_PER_QUERY]
            query = (
                "select source, id, body from events join streams using (stream)"
                f" where sequence is null and id in ({','.join('?' * len(some))})"
            )
            for connection in filter(None, (self._today, self._previous)):
                rows = connection.execute(query, [name for _, name in some])
                found.update(((source, name), body) for source, name, body in rows if (source, name) in wanted)
        return found

    def event_ids(self, keys: Sequence[SequenceKey]) -> dict[SequenceKey, str]:
        """The ids of these events, as far as today and the day before have them; gaps are left out."""
        states = ((key, self._streams.get(key[:2])) for key in keys)
        wanted = {(state.stream, key[2]): key for key, state in states if state is not None}
        found: dict[SequenceKey, str] = {}
        for start in range(0, len(wanted), IDS_PER_QUERY):
            some = list(wanted)[start : start + IDS_PER_QUERY]
            query = (
                f"with wanted (stream, sequence) as (values {','.join(['(?,?)'] * len(some))})"
                " select stream, sequence, id from wanted cross join events using (stream, sequence)"
                " join types using (type) where name <> ?"
            )
            values = [*(number for pair in some for number in pair), type_of(GapEvent)]
            for connection in filter(None, (self._previous, self._today)):
                rows = connection.execute(query, values)
                found.update((wanted[stream, sequence], event_id) for stream, sequence, event_id in rows)
        return found

    def append(self, accepted: Sequence[Accepted], rejected: Sequence[Rejected] = ()) -> int:
        """Write a group; on return it is on the disk. The caller has seen to order and duplicates. The new head.

        Raises `FileGone` where the file of the day is gone: nothing of the group is in the journal then.
        """
        try:
            self._held.check()
            self._follow_the_day()
            opening = self.day_opening() if self._is_empty else ()
            return self._append([*opening, *accepted] if opening else accepted, rejected)
        except FileGone:
            self._leave_a_successor()
            raise
        except sqlite3.DatabaseError as error:
            if is_broken(error):
                note(self._held.path)
            raise

    def _append(self, accepted: Sequence[Accepted], rejected: Sequence[Rejected]) -> int:
        group = _Group(self._head, dict(self._types), self._streams)
        group.add(accepted)
        with transaction(self._today) as today:
            group.write(today)
            _reject(today, rejected)
            self._held.check()
        self._types = group.types
        self._streams.update(group.changed)
        self._head += len(accepted)
        self._is_empty = self._is_empty and not accepted
        self._log_copier.note(PAGES_OF_A_COMMIT + len(accepted) // EVENTS_OF_A_PAGE)
        return self._head

    def _leave_a_successor(self) -> None:
        """In place of the file that is gone, one that goes on with its positions and watermarks: others have seen them.

        Its own events are lost.
        """
        if not self._held.path.exists():
            with suppress(OSError, sqlite3.Error):
                create_day(self._directory, self._day, self._head + 1, self._today)

    def _follow_the_day(self) -> None:
        """Begin a new file when the day is over. A clock that goes back changes nothing."""
        now = self._clock().date()
        if now <= self._day:
            return
        path = create_day(self._directory, now, self._head + 1, self._today)
        today = open_to_write(path)
        ended = day_path(self._directory, self._day)
        self._log_copier.close()
        self._today.close()
        if self._previous is not None:
            self._previous.close()
        self._today, self._held, self._log_copier = today, OpenFile.now(path), LogCopier(path, LOG_PAGES)
        self._previous, self._day, self._is_empty = open_to_read(ended), now, True

    def close(self) -> None:
        self._log_copier.close()
        self._today.close()
        if self._previous is not None:
            self._previous.close()


@dataclass(slots=True)
class _Mark:
    """The state of a stream while a group is added to it."""

    stream: int
    watermark: int
    received: int
    gaps: int


class _Group:
    """The rows that one commit adds, and the state of the streams after it. The hot loop of the hub is `add`."""

    def __init__(self, head: int, types: dict[str, int], streams: Mapping[StreamKey, StreamState]) -> None:
        self.types = types
        self._marks: dict[StreamKey, _Mark] = {}
        self._new_types: list[tuple[int, str]] = []
        self._streams = streams
        self._next_stream = len(streams) + 1
        self._position = head
        self._values: list[int | str | bytes | None] = []
        self._gaps: list[tuple[int, int, int, int, int, str, int]] = []

    def add(self, accepted: Iterable[Accepted]) -> None:
        marks, types = self._marks, self.types
        for position, (event, body, received) in enumerate(accepted, self._position + 1):
            time, sequence = instant_of(event, received), event.sequence
            mark = marks.get((event.source, event.epoch or "")) or self._mark(event, received)
            mark.received = received
            if sequence is not None:
                mark.watermark = sequence
            kind = types.get(event.type) or self._new_type(event.type)
            self._values += (position, mark.stream, sequence, kind, time, received, event.id, body)
            if isinstance(event, GapEvent):
                gap = event.data
                mark.gaps += 1
                self._gaps.append((position, mark.stream, gap.first, gap.last, gap.count, gap.cause, time))

    def _mark(self, event: Event | Envelope, received: int) -> _Mark:
        key = (event.source, event.epoch or "")
        state = self._streams.get(key)
        if state is None:
            mark = _Mark(self._next_stream, 0, received, 0)
            self._next_stream += 1
        else:
            mark = _Mark(state.stream, state.watermark, received, state.gaps)
        self._marks[key] = mark
        return mark

    @property
    def changed(self) -> dict[StreamKey, StreamState]:
        return {
            key: StreamState(mark.stream, mark.watermark, mark.received, mark.gaps) for key, mark in self._marks.items()
        }

    def _new_type(self, name: str) -> int:
        number = self.types[name] = len(self.types) + 1
        self._new_types.append((number, name))
        return number

    def write(self, today: sqlite3.Connection) -> None:
        today.executemany("insert into types values (?, ?)", self._new_types)
        _insert_events(today, self._values)
        today.executemany("insert into gaps values (?, ?, ?, ?, ?, ?, ?)", self._gaps)
        today.executemany(
            "insert or replace into streams values (?, ?, ?, ?, ?, ?)",
            [(s.stream, source, epoch, s.watermark, s.received, s.gaps) for (source, epoch), s in self.changed.items()],
        )


def _insert_events(today: sqlite3.Connection, values: Sequence[int | str | bytes | None]) -> None:
    """Many rows a statement, which takes half the time of a row a statement. `values` are those of the rows in line."""
    start = 0
    for rows in ROWS_PER_STATEMENT:
        size = rows * EVENT_COLUMNS
        statement = f"insert into events values {','.join([ONE_EVENT] * rows)}"
        while start + size <= len(values):
            today.execute(statement, values[start : start + size])
            start += size


def _reject(today: sqlite3.Connection, rejected: Sequence[Rejected]) -> None:
    """Keep the newest; the count in `meta` goes on over all days."""
    if not rejected:
        return
    today.executemany(
        "insert into rejected (received, topic, reason, size, body) values (?, ?, ?, ?, ?)",
        [
            (one.received, one.topic[:MAX_TOPIC], one.reason[:MAX_REASON], len(one.body), one.body[:MAX_REJECTED_BYTES])
            for one in rejected
        ],
    )
    today.execute("delete from rejected where id <= (select max(id) from rejected) - ?", (MAX_REJECTED,))
    today.execute("update meta set value = value + ? where key = 'rejected'", (len(rejected),))
