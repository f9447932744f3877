"""Takes in groups of messages: media before the journal, then the watermarks, then the acknowledgement."""

import errno
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Protocol

from bus_schemas.protocol import Head
from bus_schemas.topics import FAULTS, HEAD
from consumers.ingest.admission import Admission
from consumers.ingest.announcer import Announcer, Publish
from consumers.ingest.conflicts import Conflicts
from consumers.ingest.counters import IngestCounters
from consumers.ingest.decoding import read
from consumers.ingest.disk_room import DiskRoom
from consumers.ingest.items import Item
from consumers.ingest.media_batch import MediaBatch
from consumers.ingest.packets import Published
from consumers.ingest.plan import IngestPlan, foreign_ids, make_plan, media_keys
from consumers.ingest.registry import RegistryKeeper
from consumers.ingest.reused_ids import find_reused
from consumers.ingest.room_queue import RoomQueue
from consumers.store.archive.disk import Medium
from consumers.store.journal.store import JournalWriter, Unwritable
from consumers.store.journal.writing import Accepted, Rejected
from producer.ids import Clock
from producer.os_errors import describe_storage_error
from producer.times import micros

_PASSES = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EMFILE, errno.ENFILE}
# Busy is a file that somebody holds who stands still himself.
_SQLITE_PASSES = {
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY,
}  # fmt: skip


class MediaStore(Protocol):
    def store(self, media: Sequence[Medium]) -> int: ...
    def digests(self, keys: Iterable[str]) -> Mapping[str, str]: ...


class BusClient(Protocol):
    def publish(self, topic: str, payload: bytes, *, retain: bool = False, qos: int = 1, about: str = "") -> None: ...
    def acknowledge(self, messages: Sequence[Published]) -> None: ...
    def flush(self) -> None: ...


def announcing(bus: BusClient) -> Publish:
    """Retained; of those that wait to be sent, the newest of each stream is enough."""
    return lambda topic, body, epoch: bus.publish(topic, body, retain=True, about=epoch)


class CannotWrite(OSError):
    """Disk or journal take no more. Nothing of the group is acknowledged; it can be taken in again."""


@contextmanager
def _as_cannot_write() -> Iterator[None]:
    """Raises `CannotWrite` for an error that may pass by itself, and others as they are."""
    try:
        yield
    except (OSError, sqlite3.OperationalError) as error:
        if is_away(error):
            raise CannotWrite(describe_storage_error(error)) from error
        raise


class Intake:
    """Takes in one group at a time. The order of its steps is the guarantee of delivery."""

    def __init__(
        self,
        archive: MediaStore,
        journal: JournalWriter,
        clock: Clock,
        figures: IngestCounters,
        room: DiskRoom | None = None,
        registry: RegistryKeeper | None = None,
    ) -> None:
        self._archive = archive
        self._journal = journal
        self._clock = clock
        self._figures = figures
        self._room = room
        self._registry = registry
        self._conflicts = Conflicts(journal.event_ids)
        self._admission = Admission(journal.streams)
        self.announcer = Announcer(journal.streams)
        self.media = MediaBatch()
        self.waiting = RoomQueue()
        self._thread = ThreadPoolExecutor(1, "media")
        self._storing: tuple[Sequence[Item], Future[int]] | None = None

    @property
    def shortage(self) -> str | None:
        """Why what devices send is not taken in; `None` where it is."""
        return None if self._room is None else self._room.shortage

    def take(self, messages: Sequence[Published], bus: BusClient) -> None:
        """Raises `CannotWrite`; then call it again with the same messages. Reports of faults are acknowledged only.

        Media may wait for more, in `media`, until `begin_media`.
        """
        began = time.monotonic()
        received = micros(self._clock())
        items = read([message for message in messages if not message.topic.startswith(FAULTS)], received)
        settled = None
        if self._room is not None:
            tried = self.waiting.due(received)
            fitting = self._room.fitting([*tried, *items])
            settled = self.waiting.settle(fitting.unfitting, were_tried=bool(tried))
            items = [*fitting.taken, *settled.refused]
        at_once, waiting = self.media.split(items)
        plan = self._commit(at_once)
        if settled is not None:
            self.waiting.keep(settled)
        self._answer(plan, self.media.add(waiting, messages), bus)
        self._count(time.monotonic() - began, len(messages), plan)

    def begin_media(self) -> None:
        """Have the media that wait stored by a thread: events wait for the disk of the journal, and for no other.

        `end_media` takes them in. Raises `CannotWrite`; then they go on waiting.
        """
        items = self.media.items
        with _as_cannot_write():
            media = self._plan(items).media
        self.media.take()
        self._storing = items, self._thread.submit(self._archive.store, media)

    @property
    def is_storing(self) -> bool:
        """Whether a thread stores media, or has stored some that are to be taken in."""
        return self._storing is not None

    @property
    def has_stored(self) -> bool:
        """Whether `end_media` has nothing to wait for."""
        return self._storing is not None and self._storing[1].done()

    def end_media(self, bus: BusClient | None) -> None:
        """Take in the media that are being stored, or else those that wait. Raises `CannotWrite`; then all go on
        waiting.
        """
        began = time.monotonic()
        if self._storing is None:
            self.begin_media()
        assert self._storing is not None
        (items, stored), self._storing = self._storing, None
        try:
            with _as_cannot_write():
                stored.result()
                # What was taken in meanwhile may hold an event of theirs: a foreign device may repeat it by itself.
                plan = self._plan(items)
                if plan.accepted or plan.rejected:
                    self._append(plan.accepted, plan.rejected)
        except CannotWrite:
            self.media.put_back()
            raise
        messages = self.media.settle()
        if bus is not None:
            self._answer(plan, messages, bus)
        self._count(time.monotonic() - began, 0, plan)

    def take_media(self, bus: BusClient | None) -> None:
        """Take in all media that wait. Raises `CannotWrite`; then they go on waiting."""
        while self._storing is not None or self.media.items:
            self.end_media(bus)

    def close(self) -> None:
        self._thread.shutdown()

    def refuse_waiting(self) -> None:
        """At the end of the process: what waits for room is kept as refused. Raises `CannotWrite`."""
        if refused := self.waiting.refused_at_the_end():
            self._count(0.0, 0, self._commit(refused))

    def _answer(self, plan: IngestPlan, messages: Sequence[Published], bus: BusClient) -> None:
        """Say what was committed, and acknowledge these messages."""
        if plan.accepted:
            # The first thing that the broker passes on: alerts wait for it, and watermarks are in no hurry.
            self._publish_head(bus)
        now = time.monotonic()
        self.announcer.advanced(plan.advanced, now, announcing(bus))
        self.announcer.again((plan.holes | plan.repeated) - plan.advanced, now, announcing(bus))
        bus.acknowledge(messages)
        bus.flush()

    def _commit(self, items: Sequence[Item]) -> IngestPlan:
        with _as_cannot_write():
            plan = self._plan(items)
            self._archive.store(plan.media)
            if plan.accepted or plan.rejected:
                self._append(plan.accepted, plan.rejected)
        return plan

    def _plan(self, items: Sequence[Item]) -> IngestPlan:
        refusal = partial(self._admission.refusal, micros(self._clock()))
        known = self._journal.known_ids(foreign_ids(items))
        held = self._archive.digests(media_keys(items))
        plan = make_plan(items, self._journal.watermark, known, held, refusal)
        if plan.passed_over:
            plan.rejected += self._conflicts.find(plan.passed_over)
        if plan.repeats:
            plan.rejected += find_reused(plan.repeats, plan.accepted, self._journal.foreign_bodies)
        return plan

    def _append(self, accepted: Sequence[Accepted], rejected: Sequence[Rejected] = ()) -> None:
        head = self._journal.append(accepted, rejected)
        if self._registry is not None:
            self._registry.take(accepted, head)

    def record(self, event: Accepted, bus: BusClient | None) -> None:
        """An event of the hub's own, which came over no bus. Raises `CannotWrite`."""
        if self._room is not None:
            self._room.refresh()
        with _as_cannot_write():
            self._append([event])
        self._figures.position = self._journal.head
        if bus is not None:
            self._publish_head(bus)

    def _publish_head(self, bus: BusClient) -> None:
        bus.publish(HEAD, Head(position=self._journal.head).to_bytes(), qos=0)

    def _count(self, seconds: float, messages: int, plan: IngestPlan) -> None:
        counts = {
            "messages": messages,
            "accepted": len(plan.accepted),
            "rejected": len(plan.rejected),
            "media": len(plan.media),
        }
        self._figures.add(seconds, self._journal.head, counts)


def is_away(error: OSError | sqlite3.OperationalError) -> bool:
    """Whether an error may pass by itself, such as a full disk, a lock, or a journal that is away."""
    if isinstance(error, Unwritable):
        return True
    if isinstance(error, OSError):
        return error.errno in _PASSES
    # The low byte is the primary code; the others say where it happened.
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _SQLITE_PASSES
