"""The process of ingest: one loop that connects, takes in what arrives, and lets time pass in the journal."""

import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog

from bus_schemas.hub import Fault, FaultEvent
from bus_schemas.protocol import INGEST_RUNNING, INGEST_STOPPED
from bus_schemas.topics import FAULTS, INGEST
from consumers.hub_faults import key_of
from consumers.ingest.connection import BrokerConnection, ConnectFailed, Disconnected
from consumers.ingest.counters import IngestCounters
from consumers.ingest.disk_room import load_of, room_of
from consumers.ingest.faults import FaultTracker
from consumers.ingest.hub_stream import HubStream
from consumers.ingest.intake import CannotWrite, Intake, announcing
from consumers.ingest.media_batch import MediaBatch
from consumers.ingest.opening import open_with_retries
from consumers.ingest.packets import Published
from consumers.ingest.registry import Configured, RegistryKeeper
from consumers.ingest.subscriptions import TOPICS
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
TURN_S = 0.2
MEDIA_EVERY_S = 0.1
STANDSTILL_S = 20.0
BROKER_SILENT_S = 15.0
REPORTS_WITHIN_S = 7.0
"""Some process of the hub reports at least every five seconds."""


def run(
    data: Path,
    broker: BrokerAddress,
    stopping: threading.Event,
    clock: Clock = utc_now,
    store: JournalStore | None = None,
    configured: Configured | None = None,
) -> None:
    """Take in until stopped; into the files in the data directory where no store is named. What is configured and
    the journal does not say is published first.

    Raises `JournalInUse`.
    """
    with journal_lock(data / "journal"), ExitStack() as stack:
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
        Ingest(intake, OwnEvents(hub_stream, faults, registry), figures, broker, stopping).run()


def _id_of(store: JournalStore) -> str | None:
    with closing(store.reader()) as reader:
        return journal_id_text(reader.journal_id())


def _journaled(store: JournalStore) -> Iterator[Fault]:
    """Every fault that the journal tells of; read only where nothing else says which of them are open."""
    with closing(store.reader()) as reader:
        after = 0
        while (batch := reader.read(after, (FaultEvent,))).upto > after:
            yield from (record.event.data for record in batch.records if isinstance(record.event, FaultEvent))
            after = batch.upto


@dataclass(frozen=True, slots=True)
class OwnEvents:
    """The parts of ingest that make events of the hub itself."""

    hub_stream: HubStream
    faults: FaultTracker
    registry: RegistryKeeper


class Ingest:
    """The loop, and what it does when broker or disk fail it."""

    def __init__(
        self,
        intake: Intake,
        own: OwnEvents,
        figures: IngestCounters,
        broker: BrokerAddress,
        stopping: threading.Event,
    ) -> None:
        self._intake = intake
        self._hub_stream = own.hub_stream
        self._faults = own.faults
        self._registry = own.registry
        self._figures = figures
        self._broker = broker
        self._stopping = stopping
        self._is_short = False
        self._alive_at = time.clock_gettime(time.CLOCK_BOOTTIME)

    def run(self) -> None:
        retry = Retry(RETRY)
        log.info("ingest started", broker=str(self._broker), position=self._figures.position)
        self._publish_configuration(None)
        while not self._stopping.is_set():
            try:
                self._serve(BrokerConnection(self._broker, draw_client_id("ingest"), TOPICS))
                retry.reset()
                pause = retry.next_s()
            except ConnectFailed as error:
                pause = retry.next_s()
                log.warning("broker unreachable", reason=str(error), again_in_s=round(pause, 1))
                self._faults.raise_own("broker", "system_error", f"The broker cannot be reached: {error}")
            self._wait(pause)
        self._beat(None, last=True)
        self._registry.tend(time.monotonic(), is_last=True)
        log.info("ingest stopped", position=self._figures.position)

    def _serve(self, connection: BrokerConnection) -> None:
        """One connection, from its first announcements to its end."""
        log.info("connected", broker=str(self._broker))
        self._intake.announcer.begin(secrets.token_hex(4))
        try:
            while not self._stopping.is_set():
                self._tend(connection)
                messages = connection.receive(self._wait_s(time.monotonic()))
                if messages:
                    self._take(messages, connection)
                if not self._intake.media.wait_s():
                    self._until_written(partial(self._intake.take_media, connection), connection)
            self._take_rest(connection)
            self._figures.state = INGEST_STOPPED
            connection.publish(INGEST, self._figures.status(time.monotonic()).to_bytes(), retain=True, qos=0)
        except Disconnected as error:
            log.warning("connection lost", reason=str(error))
            self._take_rest(None)
        finally:
            self._faults.lost_contact()
            connection.close()

    def _wait_s(self, now: float) -> float:
        """For messages, until something else is due."""
        intake = self._intake
        return min(TURN_S, self._hub_stream.wait(now), intake.media.wait_s(), intake.announcer.wait_s(now))

    def _tend(self, connection: BrokerConnection) -> None:
        """Do what is due: a heartbeat, a round of watermarks, the status."""
        self._mark_alive()
        self._beat(connection)
        self._note_shortage()
        self._publish_configuration(connection)
        now = time.monotonic()
        self._registry.tend(now)
        if self._faults.is_due(now):
            self._check_broker(connection, now)
            self._write_faults(connection)
        self._intake.announcer.round(now, announcing(connection))
        if self._figures.due(now):
            connection.publish(INGEST, self._figures.status(now).to_bytes(), retain=True, qos=0)

    def _check_broker(self, connection: BrokerConnection, now: float) -> None:
        """While a broker that is connected stands still, nobody else is silent."""
        silent = connection.silent_s()
        if connection.refusal is not None:
            self._faults.raise_own("broker", "system_error", connection.refusal)
        elif silent > BROKER_SILENT_S:
            self._faults.raise_own("broker", "system_error", "The broker is connected, but sends nothing.")
        elif silent < 2 * TURN_S:
            self._faults.clear_own("broker", "system_error")
        if silent < REPORTS_WITHIN_S:
            self._faults.pass_time(now)
        else:
            self._faults.lost_contact()

    def _take(self, messages: Sequence[Published], connection: BrokerConnection) -> None:
        self._read_reports(messages)
        self._until_written(partial(self._intake.take, messages, connection), connection)

    def _until_written(self, write: Callable[[], None], connection: BrokerConnection) -> None:
        retry = Retry(RETRY)
        while not self._stopping.is_set():
            try:
                write()
            except CannotWrite as error:
                self._complain(error, connection)
                self._hold(retry.next_s(), connection)
            else:
                self._recover()
                return

    def _take_rest(self, connection: BrokerConnection | None) -> None:
        """Take in the media that wait at the end of a connection. What cannot be written comes again."""
        try:
            self._intake.take_media(connection)
        except CannotWrite as error:
            self._raise_own(error)
            self._intake.media.clear()

    def _read_reports(self, messages: Sequence[Published]) -> None:
        for message in messages:
            if message.topic.startswith(FAULTS) and (reason := self._faults.take(message.topic, message.payload)):
                log.warning("report of faults not taken", topic=message.topic, reason=reason)

    def _write_faults(self, connection: BrokerConnection | None) -> None:
        """Write changes of faults into the journal; if that fails, they are tried again in the next turn."""
        try:
            for fault in self._faults.changes():
                self._intake.record(self._hub_stream.fault(fault), connection)
                self._faults.wrote(fault)
                log.warning(
                    "fault of the hub", part=fault.part, kind=fault.kind, state=fault.state, reason=fault.reason
                )
        except CannotWrite as error:
            self._raise_own(error)

    def _publish_configuration(self, connection: BrokerConnection | None) -> None:
        """Write changes of the configuration into the journal; if that fails, they are tried again in the next turn."""
        try:
            for event in self._registry.pending():
                self._intake.record(event, connection)
        except CannotWrite as error:
            self._raise_own(error)

    def _raise_own(self, error: CannotWrite) -> None:
        part, kind = key_of(error.__cause__ or error, "journal")
        self._faults.raise_own(part, kind, f"Ingest cannot write: {error}")

    def _complain(self, error: CannotWrite, connection: BrokerConnection | None) -> None:
        self._raise_own(error)
        self._figures.state = f"cannot write: {error}"
        log.error("cannot write", reason=str(error))
        if connection is not None:
            connection.publish(INGEST, self._figures.status(time.monotonic()).to_bytes(), retain=True, qos=0)

    def _note_shortage(self) -> None:
        """What the hub says of itself is taken in, and time passes in the journal; what devices send waits for room."""
        shortage = self._intake.shortage
        if shortage is not None and not self._is_short:
            self._figures.state = f"cannot write: {shortage}"
            self._faults.raise_own(
                "disk", "storage_unwritable", f"Ingest does not take in what devices send: {shortage}."
            )
            log.error("cannot write", reason=shortage)
        elif shortage is None and self._is_short:
            self._recover()
        self._is_short = shortage is not None

    def _recover(self) -> None:
        if self._intake.shortage is not None:
            return
        self._forget_own()
        if self._figures.state != INGEST_RUNNING:
            self._figures.state = INGEST_RUNNING
            log.info("writing again", position=self._figures.position)

    def _forget_own(self) -> None:
        for part, kind in self._faults.own():
            if part != "broker":
                self._faults.clear_own(part, kind)

    def _hold(self, seconds: float, connection: BrokerConnection) -> None:
        """Keep the connection and take nothing more; producers keep theirs."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self._stopping.wait(TURN_S):
            self._mark_alive()
            connection.keep()

    def _wait(self, seconds: float) -> None:
        """Time passes in the journal also while nothing can be received."""
        until = time.monotonic() + seconds
        while not self._stopping.is_set() and (left := until - time.monotonic()) > 0:
            self._mark_alive()
            self._beat(None)
            self._write_faults(None)
            self._stopping.wait(min(left, self._hub_stream.wait(time.monotonic())))

    def _beat(self, connection: BrokerConnection | None, *, last: bool = False) -> None:
        now = time.monotonic()
        if not last and not self._hub_stream.due(now):
            return
        try:
            self._intake.record(self._hub_stream.beat(now, "stopping" if last else "online"), connection)
        except CannotWrite as error:
            self._complain(error, connection)
        else:
            self._recover()

    def _mark_alive(self) -> None:
        """Called at every turn. After a long pause nothing was received meanwhile, as on a suspended machine."""
        now = time.clock_gettime(time.CLOCK_BOOTTIME)
        stood_still, self._alive_at = now - self._alive_at, now
        if stood_still > STANDSTILL_S:
            log.error("ingest stood still", seconds=round(stood_still, 1))
            self._faults.note_standstill(stood_still)
