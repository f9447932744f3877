"""The sink of retention: writes each deletion down, deletes, then emits, so that a crash hides nothing."""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, suppress
from datetime import date, datetime, timedelta
from threading import Event as Flag
from time import monotonic
from typing import ClassVar
from uuid import NAMESPACE_URL, uuid5

import structlog
from pydantic_core import from_json, to_json

from bus_schemas.alert import RetentionEvent
from bus_schemas.codec import read_stored, to_bytes
from bus_schemas.event import HUB, HUB_SOURCE, Event, device_source
from bus_schemas.node import Command, CommandEvent, HeartbeatEvent
from consumers.engine.requests import before_unanswered
from consumers.engine.sink import Sink
from consumers.store.archive.keys import PackInterval
from consumers.store.archive.retention import ArchiveRetention, Dropped
from consumers.store.disk import DiskSpace, ReserveFile, disk_of
from consumers.store.journal.record import JournalReader, Recorded
from consumers.upkeep.retention.cleanup import Cleanup, cleanup_answer
from consumers.upkeep.retention.copy_check import CopyCheck
from consumers.upkeep.retention.days import DayBlockers, ExpiredDay, expired_days
from consumers.upkeep.retention.held_bytes import HeldBeyond, held_now, report_held
from consumers.upkeep.retention.holding import CurrentHolds, HoldsUnknown
from consumers.upkeep.retention.past_tiles import PastTileRetention
from consumers.upkeep.retention.plan import ExpiredPacks, events, journal_event
from consumers.upkeep.retention.scope import RetentionScope
from consumers.upkeep.retention.selection import PackSelection, all_held
from producer.ids import Clock, utc_now
from producer.transaction import transaction

CLEANUP = "cleanup"
"""The command that asks the hub for a clean-up at once."""

CHECK_EVERY = timedelta(seconds=1)
MEASURE_S = 2.0
MEASURE_EVERY_S = 0.05
_NAMESPACE = uuid5(NAMESPACE_URL, "watchpost:cleanup")

log = structlog.get_logger()


class RetentionSink(Sink):
    """Looks once a minute of the hub's ticks, when a clean-up is asked for, and each second whether there is room."""

    name: ClassVar[str] = "retention"
    version: ClassVar[int] = 2
    models: ClassVar[tuple[type[Event], ...]] = (HeartbeatEvent, CommandEvent)
    emits: ClassVar[tuple[type[Event], ...]] = (RetentionEvent, CommandEvent)
    schema: ClassVar[str] = """
    create table if not exists planned (event_id text primary key, body text not null) strict;
    create table if not exists packs (
        kind text not null, site text not null, device text not null, start integer not null, minutes integer not null
    ) strict;
    create table if not exists days (date text primary key) strict;
    create table if not exists past_tiles (name text primary key) strict;
    create table if not exists waits (date text primary key, rule text not null, reason text not null) strict;
    create table if not exists runs (
        request_id text primary key, answer text not null
    ) strict;
    """

    def __init__(
        self, scope: RetentionScope, clock: Clock = utc_now, disk: Callable[[], DiskSpace] | None = None
    ) -> None:
        self._scope = scope
        self._policy = scope.policy
        self._journal = scope.journal
        self._archive = ArchiveRetention(scope.archive, clock)
        self._clock = clock
        self._disk = disk or (lambda: disk_of(scope.data))
        self._holds = CurrentHolds(scope.data, self._journal.reader)
        self._copies = None if scope.cold is None else CopyCheck(scope.cold)
        self._selection = PackSelection(scope.data, self._policy, self._archive, self._disk, self._holds, self._copies)
        self._past_tiles = PastTileRetention(scope.data, scope.past_tile_days)
        self._reserve = ReserveFile(scope.data)
        self._minute = -1
        self._checked: datetime | None = None
        self._bounds_wait = False
        """Holds keep what a bound of bytes would delete: all packs are looked through for nothing, so once a minute."""
        self._halted = Flag()

    def begins_after(self, journal: JournalReader) -> int:
        """Nobody else answers what was asked before it was there."""
        return before_unanswered(journal, CLEANUP)

    def deliver(self, state: sqlite3.Connection, batch: Sequence[Recorded]) -> Sequence[Event]:
        self._reserve.tend(self._disk())
        emitted: list[Event] = list(self._finish(state))
        ticks = [record.event for record in batch if record.event.source == HUB_SOURCE]
        if ticks and ticks[-1].time.timestamp() // 60 != self._minute:
            emitted += self._plan_expiry(state, ticks[-1].time)
            self._minute = int(ticks[-1].time.timestamp() // 60)
        for record in batch:
            event = record.event
            if isinstance(event, CommandEvent) and event.data.is_for_hub(CLEANUP):
                emitted += self._clean_up(state, event)
        return emitted

    def settle(self, state: sqlite3.Connection) -> None:
        state.execute("delete from planned")

    def idle(self, state: sqlite3.Connection) -> None:
        """Make room as fast as it is used up; rows of packs that are gone leave the index a few at a time.

        Not by ticks: a journal that cannot be written has none, and has to get room all the same. The deletions are
        emitted with the next tick.
        """
        now = self._clock()
        if self._checked is None or abs(now - self._checked) >= CHECK_EVERY:
            self._checked = now
            self._reserve.tend(self._disk())
            if self._archive.exists:
                with suppress(HoldsUnknown):
                    self._make_room(state, now, by_bytes=not self._bounds_wait)
        if self._archive.exists:
            self._archive.sweep()

    def halt(self) -> None:
        self._halted.set()

    def close(self) -> None:
        if self._copies is not None:
            self._copies.close()

    def _plan_expiry(self, state: sqlite3.Connection, now: datetime) -> Iterable[Event]:
        if self._archive.exists:
            try:
                yield from self._expire(state, now)
            except HoldsUnknown as unknown:
                log.warning("no media are deleted for now", reason=str(unknown))
        yield from self._drop_days(state, now)
        yield from self._drop_past_tiles(state, now)

    def _expire(self, state: sqlite3.Connection, now: datetime) -> Iterable[Event]:
        """Raises `HoldsUnknown`."""
        for kind, _ in self._policy.media:
            selected = self._selection.too_old(kind, now)
            self._archive.hold(kind, all_held(selected))
            for expired in selected:
                yield from self._drop(state, expired, now)
            # Also where no whole pack goes: what is older within its pack is answered no more.
            self._archive.keep_from(kind, now - max(self._policy.keeps(kind)))
        yield from self._make_room(state, now)
        beyond = self._held_beyond(now)
        self._bounds_wait = bool(beyond)
        report_held(self.faults, beyond)

    def _held_beyond(self, now: datetime) -> list[HeldBeyond]:
        """With cold storage there is none: the disk lets go of what is held as soon as it is copied."""
        if self._scope.cold is not None:
            return []
        return held_now(self._policy, self._scope.archive, self._holds.rows, now)

    def _make_room(self, state: sqlite3.Connection, now: datetime, *, by_bytes: bool = True) -> Sequence[Event]:
        """Raises `HoldsUnknown`."""
        selected = self._selection.too_much(now) if by_bytes else ()
        emitted = [event for expired in selected for event in self._drop(state, expired, now)]
        return [*emitted, *self._drop(state, self._selection.too_full(now), now)]

    def _drop(self, state: sqlite3.Connection, expired: ExpiredPacks, now: datetime) -> Sequence[Event]:
        if not expired.packs:
            return []
        emitted = events(expired, now)
        try:
            self._write_down(state, emitted, expired.packs)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_FULL:
                raise
            # There is no room to write down what is to go. One pack goes first, and makes some.
            log.warning("the disk is full; the oldest media go at once", rule=expired.rule)
            self._reserve.release()
            self._archive.drop(expired.packs[:1])
            self._write_down(state, emitted, expired.packs)
        self._execute(state)
        return emitted

    def _write_down(
        self,
        state: sqlite3.Connection,
        emitted: Sequence[Event],
        packs: Sequence[Dropped],
        days: Sequence[str] = (),
        past_tiles: Sequence[str] = (),
    ) -> None:
        bodies = [(event.id, to_bytes(event).decode()) for event in emitted]
        rows = [(one.kind, one.site, one.device, one.interval.start, one.interval.minutes) for one in packs]
        with transaction(state):
            state.executemany("insert into packs values (?, ?, ?, ?, ?)", rows)
            state.executemany("insert or ignore into days values (?)", [(day,) for day in days])
            state.executemany("insert or ignore into past_tiles values (?)", [(name,) for name in past_tiles])
            state.executemany("insert or ignore into planned values (?, ?)", bodies)

    def _execute(self, state: sqlite3.Connection) -> None:
        """Drop what is written down. Doing it twice does it once."""
        rows = state.execute("select * from packs order by start").fetchall()
        if rows:
            self._archive.drop(
                Dropped(site, device, kind, PackInterval(start, minutes), 0, 0)
                for kind, site, device, start, minutes in rows
            )
            state.execute("delete from packs")
        for (day,) in state.execute("select date from days order by date").fetchall():
            self._journal.drop(date.fromisoformat(day))
            state.execute("delete from days")
        names = state.execute("select name from past_tiles").fetchall()
        for (name,) in names:
            self._past_tiles.delete(name)
        if names:
            state.execute("delete from past_tiles")

    def _finish(self, state: sqlite3.Connection) -> Iterable[Event]:
        """Carry out and emit what was written down before a crash."""
        self._execute(state)
        return read_stored(body.encode() for (body,) in state.execute("select body from planned order by rowid"))

    def _drop_days(self, state: sqlite3.Connection, now: datetime) -> Iterable[Event]:
        """The oldest first; one that has to stay for now holds back those after it, for the journal has no holes."""
        policy = self._policy
        with closing(self._journal.questions()) as questions:
            expired = expired_days(questions.days(), now, policy.journal, policy.journal_bytes)
        if not expired:
            return
        with closing(self._journal.reader()) as journal:
            holds = DayBlockers(self._scope, journal)
            for one in expired:
                reason = holds.why(one)
                self._wait(state, one if reason else None, reason or "")
                if reason:
                    return
                emitted = journal_event(one.rule, one.what, now)
                self._write_down(state, [emitted], [], [one.what.date.isoformat()])
                self._execute(state)
                yield emitted

    def _drop_past_tiles(self, state: sqlite3.Connection, now: datetime) -> Iterable[Event]:
        for expired in self._past_tiles.expired(now):
            self._write_down(state, [expired.event], [], past_tiles=[file.name for file in expired.files])
            self._execute(state)
            yield expired.event

    def _wait(self, state: sqlite3.Connection, waiting: ExpiredDay | None, reason: str) -> None:
        """Keep for those who ask what a day waits for, and say so once."""
        before = state.execute("select date, reason from waits").fetchone()
        now = None if waiting is None else (waiting.what.date.isoformat(), reason)
        with transaction(state):
            state.execute("delete from waits")
            if waiting is not None:
                row = (waiting.what.date.isoformat(), waiting.rule, reason)
                state.execute("insert into waits values (?, ?, ?)", row)
        if now is not None and (before is None or before[0] != now[0]):
            log.warning("a day of the journal has to stay for now", day=now[0], reason=reason)

    def _clean_up(self, state: sqlite3.Connection, asked: CommandEvent) -> Iterable[Event]:
        """Answer as the storage page wants it; asked twice with one id, it is done once."""
        known = state.execute("select answer from runs where request_id = ?", (asked.data.request_id,)).fetchone()
        if known is None:
            before = self._disk()
            expired = self._selection.too_full(asked.time)
            yield from self._drop(state, expired, asked.time)
            after = self._measure(before.used - sum(pack.bytes for pack in expired.packs))
            answer = cleanup_answer(Cleanup(self._policy, before, after, expired.packs, expired.spares, expired.held))
            row = (asked.data.request_id, to_json(answer).decode())
            state.execute("insert into runs values (?, ?)", row)
        else:
            answer = from_json(known[0])
        yield CommandEvent(
            id=str(uuid5(_NAMESPACE, asked.data.request_id)),
            source=device_source(HUB, HUB),
            time=asked.time,
            data=Command(
                request_id=asked.data.request_id,
                name=CLEANUP,
                state="done",
                detail=str(answer["message"]),
                arguments=answer,
            ),
        )

    def _measure(self, expected: int) -> DiskSpace:
        """The disk once it has so few bytes in use, or no longer gets fewer: others may write meanwhile."""
        until = monotonic() + MEASURE_S
        disk = self._disk()
        while disk.used > expected and monotonic() < until and not self._halted.wait(MEASURE_EVERY_S):
            disk = self._disk()
        return disk
