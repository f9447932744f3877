"""Writes the journal on ClickHouse: a group is one block of one partition, there as a whole or not at all.

An insert whose answer is lost may have taken effect, may take effect in a moment, or never will. So after every error
the writer first drops its insert tables (see `insert_tables`), waits for the inserts that are under way, and reads what
is there; only then does it write again. In the same way it shuts out a writer that was cut off before it.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from secrets import randbits
from threading import Event as Flag
from time import monotonic
from typing import Any

from consumers.store.clickhouse.engine import Columns, EngineError, OpenEngine
from consumers.store.clickhouse.insert_tables import open_insert_tables
from consumers.store.clickhouse.table import Table
from consumers.store.journal.clickhouse import summary, tables
from consumers.store.journal.clickhouse.claim import TIMEOUT_S, claim, confirm
from consumers.store.journal.clickhouse.event_ids import EventIds
from consumers.store.journal.clickhouse.group import Group
from consumers.store.journal.clickhouse.log import one_of
from consumers.store.journal.clickhouse.rejections import Rejections
from consumers.store.journal.clickhouse.tables import EVENTS, STREAMS, TABLES
from consumers.store.journal.store import JournalAway, Unwritable
from consumers.store.journal.writing import (
    IDS_PER_QUERY,
    Accepted,
    ForeignId,
    Rejected,
    SequenceKey,
    StreamState,
    Writer,
)
from producer.ids import Clock

# Positions after which the state of the streams is saved: a start reads no more than these, and one group.
SAVE_EVERY = 100_000
# Each insert makes a part, and a server that has to merge too many takes no more: groups grow while one waits here.
PACE_S = 0.02


class ClickHouseJournal(Writer):
    """The one writer of the journal in a database."""

    def __init__(
        self, open_engine: OpenEngine, database: str, clock: Clock, owner: str, timeout_s: float = TIMEOUT_S
    ) -> None:
        """Raises `JournalAway` or `JournalInUse`."""
        super().__init__()
        self._database = database
        self._clock = clock
        self._targets: Mapping[Table, Table] = {table: tables.within(database, table) for table in TABLES}
        self._next_at = 0.0
        try:
            self._engine = open_engine()
        except EngineError as error:
            raise JournalAway(f"the journal cannot be written: {error}") from error
        try:
            self._begin(owner, timeout_s)
        except EngineError as error:
            self._engine.close()
            raise JournalAway(f"the journal cannot be written: {error}") from error
        except BaseException:
            self._engine.close()
            raise

    def _begin(self, owner: str, timeout_s: float) -> None:
        tables.create(self._engine, self._database)
        self._term = claim(self._engine, self._database, owner, timeout_s)
        if self._engine.query(f"select count() from {self._database}.lives") == [[0]]:
            self._engine.insert(tables.within(self._database, tables.JOURNAL_IDS), [[1 + randbits(62)]])
        self._rejections = Rejections(self._engine, self._database)
        self._event_ids = EventIds(self._engine, self._database)
        self._recover()

    def _recover(self) -> None:
        """Shut out whatever is still under way, and read what is there."""
        confirm(self._engine, self._database, self._term)
        if self._engine.lingers:
            self._targets = open_insert_tables(self._engine, self._database, TABLES)
            # A writer that began a term meanwhile has shut us out, or we have shut out that one: the newer term stays.
            confirm(self._engine, self._database, self._term)
        found = summary.load(self._engine.query, self._database)
        self._saved, self._changed = found.saved, found.beyond
        self._streams.clear()
        for number, (key, known) in enumerate(found.known.items(), 1):
            self._streams[key] = StreamState(number, known.watermark, known.received, known.gaps)
        self._load_ends()
        self._rejections.load()
        self._unsure = False

    def _load_ends(self) -> None:
        events = f"{self._database}.events"
        [[last]] = self._engine.query(
            f"select max(position) from {events} where position >= {{saved:UInt64}}",
            {"saved": self._saved},
        )
        self._head = max(self._saved, int(last))
        days = self._engine.query(f"select distinct day from {events} order by day desc limit 2")
        self._day = int(days[0][0]) if days else self._today()
        self._since = int(days[-1][0]) if days else self._day
        self._before_today = 0

    def _today(self) -> int:
        return tables.day_number(self._clock().date())

    def _begins_a_day(self) -> bool:
        return self._head == 0 or self._today() > self._day

    def known_ids(self, ids: Sequence[ForeignId]) -> set[ForeignId]:
        """The ids of these events without a sequence that are there already, from today or the day before.

        Raises `Unwritable`. Asked before a group is planned, it is where the writer finds out what became of the last.
        """
        return {(source, name) for source, name in self._foreign(ids, "source, id")}.intersection(ids)

    def foreign_bodies(self, ids: Sequence[ForeignId]) -> dict[ForeignId, bytes]:
        """The bodies of these events without a sequence, from today or the day before. Raises `Unwritable`."""
        wanted, rows = set(ids), self._foreign(ids, "source, id, hex(body)")
        return {(row[0], row[1]): bytes.fromhex(row[2]) for row in rows if (row[0], row[1]) in wanted}

    def _foreign(self, ids: Sequence[ForeignId], columns: str) -> list[list[Any]]:
        """Columns of the events without a sequence that have one of these ids, from today or the day before."""
        found: list[list[Any]] = []
        with self._sure():
            for start in range(0, len(ids), IDS_PER_QUERY):
                some = one_of("id", [name for _, name in ids[start : start + IDS_PER_QUERY]])
                found += self._engine.query(
                    f"select {columns} from {self._database}.events prewhere sequence = 0"
                    f" where day >= {{since:UInt32}} and {some.text}",
                    {**some.parameters, "since": self._since},
                )
        return found

    def event_ids(self, keys: Sequence[SequenceKey]) -> dict[SequenceKey, str]:
        """The ids of these events, as far as they can be found soon; gaps are left out. Raises `Unwritable`."""
        with self._sure():
            return self._event_ids.find(keys, self._head, self._since)

    def append(self, accepted: Sequence[Accepted], rejected: Sequence[Rejected] = ()) -> int:
        """Write a group; on return the server has it. The caller has seen to order and duplicates. The new head.

        Raises `Unwritable`: then the caller asks anew what of the group is there. Raises `NotNext`.
        """
        if self._unsure:
            with self._sure():
                pass
            raise Unwritable("what the journal holds had to be read again")
        opening = self.day_opening() if self._begins_a_day() and accepted else ()
        accepted = [*opening, *accepted]
        group = Group(accepted, self._head, self._streams)
        with self._sure():
            self._follow_the_day()
            self._rejections.insert(rejected, self._targets)
            if accepted:
                self._wait_for_the_pace()
                self._engine.insert(self._targets[EVENTS], group.columns(self._day))
        self._rejections.settle()
        self._streams.update(group.changed)
        self._changed.update(group.changed)
        self._head = group.head
        return self._head

    @contextmanager
    def _sure(self) -> Iterator[None]:
        """Knows what is there before and, unless it raises `Unwritable`, after."""
        try:
            if self._unsure:
                self._recover()
            yield
        except EngineError as error:
            self._unsure = True
            raise Unwritable(f"the journal cannot be written: {error}") from error

    def _wait_for_the_pace(self) -> None:
        wait = self._next_at - monotonic()
        if wait > 0:
            Flag().wait(wait)
        self._next_at = monotonic() + PACE_S

    def _follow_the_day(self) -> None:
        """Before a day begins, what was is saved: days are dropped whole. A clock that goes back is ignored."""
        today = self._today()
        if today > self._day:
            self._save()
            if self._head > self._before_today:
                self._since = self._day
            self._day, self._before_today = today, self._head
        elif self._head - self._saved >= SAVE_EVERY:
            self._save()

    def _save(self) -> None:
        keys = list(self._changed)
        states = [self._streams[key] for key in keys]
        if keys:
            columns: Columns = [
                [self._head] * len(keys),
                [source for source, _ in keys],
                [epoch for _, epoch in keys],
                [state.watermark for state in states],
                [state.received for state in states],
                [state.gaps for state in states],
            ]
            self._engine.insert(self._targets[STREAMS], columns)
        self._changed.clear()
        self._saved = self._head

    def close(self) -> None:
        """If this fails, it is read from the events at the next start."""
        if not self._unsure:
            with suppress(EngineError):
                self._save()
        self._engine.close()
