"""The process of ingest: one loop that connects, takes in what arrives, and lets time pass in the journal."""

import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

import structlog

from bus_schemas.hub import Fault, FaultEvent
from bus_schemas.topics import FAULTS, INGEST
from consumers.ingest.connection import BrokerConnection, ConnectFailed, Disconnected
from consumers.ingest.counters import IngestCounters
from consumers.ingest.disk_room import load_of, room_of
from consumers.ingest.ended_days import EndedDays
from consumers.ingest.faults import FaultTracker
from consumers.ingest.hub_stream import HubStream
from consumers.ingest.intake import CannotWrite, Intake, announcing
from consumers.ingest.media_batch import MediaBatch
from consumers.ingest.opening import open_with_retries
from consumers.ingest.own_events import TURN_S, OwnEvents
from consumers.ingest.packets import Published
from consumers.ingest.registry import Configured, RegistryKeeper
from consumers.ingest.retained_events import RetainedEvents
from consumers.ingest.subscriptions import LIVE
from consumers.store.archive.disk import Archive
from consumers.store.journal.files import SqliteStore
from consumers.store.journal.lock import journal_lock, owner_in
from consumers.store.journal.record import journal_id_text
from consumers.store.journal.store import JournalStore
from producer.backoff import Backoff, Retry
from producer.broker import BrokerAddress
from producer.client_ids import draw_client_id
from producer.ids import Clock, utc_now
from producer.outbox.disk_id import disk_id

log = structlog.get_logger(__name__)

RETRY = Backoff(0.25, 4.0)
"""After the broker could not be reached, and after a group could not be written."""
MEDIA_EVERY_S = 0.1
RETAINED_TURN_S = 0.01
STORING_TURN_S = 0.002
"""How late media are taken in that a thread has stored, at most."""


def run(
    data: Path,
    broker: BrokerAddress,
    stopping: threading.Event,
    clock: Clock = utc_now,
    store: JournalStore | None = None,
    configured: Configured | None = None,
) -> None:
    """Take in until stopped; into the files in the data directory where no store is named. Configured values that the
    journal does not have yet are published first.

    Raises `JournalInUse`.
    """
    with journal_lock(data / "journal", stopping), ExitStack() as stack:
        archive = open_with_retries(lambda: Archive(data / "archive", clock), stopping)
        if archive is None:
            return
        stack.enter_context(archive)
        store = store or SqliteStore(data / "journal")
        journal = open_with_retries(lambda: store.writer(clock, owner_in(data)), stopping)
        if journal is None:
            return
        stack.enter_context(journal)
        figures = IngestCounters(clock, started=clock(), position=journal.head, journal_id=_id_of(store))
        hub_stream = HubStream(journal.streams, clock, time.monotonic(), partial(load_of, data), disk_id(data))
        faults = FaultTracker(clock, data / "journal" / "faults.json")
        faults.load(_journaled(store))
        registry = RegistryKeeper(clock, data / "journal" / "registry.json", configured)
        for lost in journal.lost_days:
            faults.note_lost_day(lost, registry.saved_position())
        registry.load(store)
        journal.day_opening = registry.day_opening
        room = room_of(data, archive.bytes_of_devices)
        intake = Intake(archive, journal, clock, figures, room, registry)
        intake.media = MediaBatch(MEDIA_EVERY_S)
        stack.callback(intake.close)
        own = OwnEvents(intake, hub_stream, faults, registry, figures)
        stack.enter_context(EndedDays(data / "journal"))
        Ingest(intake, own, broker, stopping).run()


def _id_of(store: JournalStore) -> str | None:
    with closing(store.reader()) as reader:
        return journal_id_text(reader.journal_id())


def _journaled(store: JournalStore) -> Iterator[Fault]:
    """Every fault in the journal; read only where nothing else says which of them are open."""
    with closing(store.reader()) as reader:
        after = 0
        while (batch := reader.read(after, (FaultEvent,))).upto > after:
            yield from (record.event.data for record in batch.records if isinstance(record.event, FaultEvent))
            after = batch.upto


class Ingest:
    """The loop, and what it does when broker or disk fail it."""

    def __init__(self, intake: Intake, own: OwnEvents, broker: BrokerAddress, stopping: threading.Event) -> None:
        self._intake = intake
        self._own = own
        self._broker = broker
        self._retained = RetainedEvents(broker)
        self._stopping = stopping

    def run(self) -> None:
        retry = Retry(RETRY)
        log.info("ingest started", broker=str(self._broker), position=self._own.figures.position)
        self._own.write_configuration(None)
        while not self._stopping.is_set():
            try:
                self._serve(BrokerConnection(self._broker, draw_client_id("ingest"), LIVE))
                retry.reset()
                pause = retry.next_s()
            except ConnectFailed as error:
                pause = retry.next_s()
                log.warning("broker unreachable", reason=str(error), again_in_s=round(pause, 1))
                self._own.faults.raise_own("broker", "system_error", f"The broker cannot be reached: {error}")
            self._wait(pause)
        self._refuse_waiting()
        self._own.stop()
        log.info("ingest stopped", position=self._own.figures.position)

    def _serve(self, connection: BrokerConnection) -> None:
        """One connection, from its first announcements to its end."""
        log.info("connected", broker=str(self._broker))
        self._intake.announcer.begin(secrets.token_hex(4))
        self._retained.begin()
        try:
            while not self._stopping.is_set():
                self._own.tend(connection)
                self._intake.announcer.round(time.monotonic(), announcing(connection))
                messages = connection.receive(self._wait_s(time.monotonic()))
                if messages or not self._intake.waiting.wait_s():
                    self._take(messages, connection)
                if retained := self._retained.receive():
                    self._take(retained, connection)
                self._tend_media(connection)
            self._take_rest(connection)
            self._own.publish_end(connection)
        except Disconnected as error:
            log.warning("connection lost", reason=str(error))
            self._take_rest(None)
        finally:
            self._own.faults.lost_contact()
            self._retained.close()
            connection.close()

    def _tend_media(self, connection: BrokerConnection) -> None:
        """Take in those that a thread has stored, and have those stored that are due."""
        intake = self._intake
        end = partial(intake.end_media, connection)
        if intake.has_stored:
            self._until_written(end, connection)
        if not intake.media.wait_s():
            try:
                intake.begin_media()
            except CannotWrite:
                # Whoever waits for it until it is written says so, too.
                self._until_written(end, connection)

    def _wait_s(self, now: float) -> float:
        """For messages, until something else is due."""
        intake = self._intake
        own_s, waiting_s = self._own.hub_stream.wait(now), min(intake.media.wait_s(), intake.waiting.wait_s())
        turn_s = RETAINED_TURN_S if self._retained.is_open else TURN_S
        turn_s = STORING_TURN_S if intake.is_storing else turn_s
        return min(turn_s, own_s, waiting_s, intake.announcer.wait_s(now))

    def _take(self, messages: Sequence[Published], connection: BrokerConnection) -> None:
        self._read_reports(messages)
        self._until_written(partial(self._intake.take, messages, connection), connection)

    def _read_reports(self, messages: Sequence[Published]) -> None:
        faults = self._own.faults
        for message in messages:
            if message.topic == INGEST:
                self._own.other_hubs.take(message.payload, time.monotonic())
            elif message.topic.startswith(FAULTS) and (reason := faults.take(message.topic, message.payload)):
                log.warning("report of faults not taken", topic=message.topic, reason=reason)

    def _until_written(self, write: Callable[[], None], connection: BrokerConnection) -> None:
        retry = Retry(RETRY)
        while not self._stopping.is_set():
            try:
                write()
            except CannotWrite as error:
                self._own.complain(error, connection)
                self._hold(retry.next_s(), connection)
            else:
                self._own.recover()
                return

    def _take_rest(self, connection: BrokerConnection | None) -> None:
        """Take in the media that wait at the end of a connection. Messages that cannot be written come again."""
        try:
            self._intake.take_media(connection)
        except CannotWrite as error:
            self._own.raise_fault(error)
            self._intake.media.clear()

    def _refuse_waiting(self) -> None:
        try:
            self._intake.refuse_waiting()
        except CannotWrite as error:
            log.error("events that nobody sends again are lost", reason=str(error))

    def _hold(self, seconds: float, connection: BrokerConnection) -> None:
        """Keep the connection and take nothing more; producers keep theirs."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self._stopping.wait(TURN_S):
            self._own.mark_alive()
            connection.keep()

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._stopping.is_set() and (left := until - time.monotonic()) > 0:
            self._own.tend_without_broker()
            self._stopping.wait(min(left, self._own.hub_stream.wait(time.monotonic())))
