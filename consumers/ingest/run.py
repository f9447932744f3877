"""The process of ingest: one loop that connects, takes in what arrives, and lets time pass in the journal."""

import fcntl
import random
import secrets
import shutil
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path

import structlog

from bus_schemas.hub import Fault, FaultEvent
from bus_schemas.node import SystemLoad
from bus_schemas.topics import ALL_EVENTS, ALL_FAULTS, ALL_MEDIA, ALL_STATES, FAULTS, ROOT
from consumers.archive.disk import Archive
from consumers.faults import key_of
from consumers.ingest import figures as told
from consumers.ingest.connection import Connection, Disconnected, Unreachable
from consumers.ingest.faults import FaultTracker
from consumers.ingest.figures import Figures
from consumers.ingest.intake import CannotWrite, Intake, announcing
from consumers.ingest.packets import Published
from consumers.ingest.pulse import Pulse
from consumers.journal.files import SqliteStore
from consumers.journal.store import JournalAway, JournalInUse, JournalStore, OpenJournal
from producer.broker import BrokerAddress
from producer.disk_id import disk_id
from producer.ids import Clock, utc_now

log = structlog.get_logger(__name__)


# In the place of our version any: what speaks another one is kept as rejected, not overheard.
TOPICS = (*(topic.replace(ROOT, "watchpost/+") for topic in (ALL_EVENTS, ALL_MEDIA, ALL_STATES)), ALL_FAULTS)
FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 4.0
TURN_SECONDS = 0.2
STANDSTILL_SECONDS = 20.0


def run(
    data: Path,
    broker: BrokerAddress,
    stopping: threading.Event,
    clock: Clock = utc_now,
    store: JournalStore | None = None,
) -> None:
    """Take in until told to stop; into the files in the data directory where no store is named.

    Raises `JournalInUse`.
    """
    with alone(data / "journal"), ExitStack() as stack:
        archive = stack.enter_context(Archive(data / "archive", clock))
        store = store or SqliteStore(data / "journal")
        journal = _open(store, data, clock, stopping)
        if journal is None:
            return
        stack.enter_context(journal)
        figures = Figures(clock, started=clock(), position=journal.head)
        pulse = Pulse(journal.streams, clock, time.monotonic(), partial(_room, data), disk_id(data))
        faults = FaultTracker(clock, data / "journal" / "faults.json")
        faults.load(_journaled(store))
        Ingest(Intake(archive, journal, clock, figures), pulse, faults, figures, broker, stopping).run()


def _open(store: JournalStore, data: Path, clock: Clock, stopping: threading.Event) -> OpenJournal | None:
    """Where it is away, try again until told to stop; producers keep what they have."""
    pause = FIRST_PAUSE_SECONDS
    while not stopping.is_set():
        try:
            return store.writer(clock, owner_in(data))
        except JournalAway as away:
            log.warning("journal away", reason=str(away), again_in_s=pause)
            stopping.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
    return None


def _journaled(store: JournalStore) -> Iterator[Fault]:
    """Every fault that the journal tells of; read only where nothing else says which of them are open."""
    with closing(store.reader()) as reader:
        after = 0
        while (batch := reader.read(after, (FaultEvent,))).upto > after:
            yield from (record.event.data for record in batch.records if isinstance(record.event, FaultEvent))
            after = batch.upto


def owner_in(data: Path) -> str:
    """Who writes from this data directory, for which only one at a time can hold the lock."""
    return f"{socket.gethostname()}:{data.resolve()}"


def _room(data: Path) -> SystemLoad:
    """How full the disk is that holds the hub's data: by this, storage incidents and clean-ups are decided."""
    usage = shutil.disk_usage(data)
    return SystemLoad(disk_percent=round(usage.used / usage.total * 100, 1), disk_free_bytes=usage.free)


@contextmanager
def alone(directory: Path) -> Iterator[None]:
    """Two writers would give positions twice. The lock ends with the process. Raises `JournalInUse`."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise JournalInUse(f"another ingest writes the journal in {directory}") from error
        yield


class Ingest:
    """The loop, and what it does when broker or disk fail it."""

    def __init__(
        self,
        intake: Intake,
        pulse: Pulse,
        faults: FaultTracker,
        figures: Figures,
        broker: BrokerAddress,
        stopping: threading.Event,
    ) -> None:
        self._intake = intake
        self._pulse = pulse
        self._faults = faults
        self._figures = figures
        self._broker = broker
        self._stopping = stopping
        self._alive_at = time.clock_gettime(time.CLOCK_BOOTTIME)

    def run(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        log.info("ingest started", broker=str(self._broker), position=self._figures.position)
        while not self._stopping.is_set():
            try:
                self._serve(Connection(self._broker, f"watchpost-ingest-{secrets.token_hex(4)}", TOPICS))
                pause = FIRST_PAUSE_SECONDS
            except Unreachable as error:
                log.warning("broker unreachable", reason=str(error), again_in_s=round(pause, 1))
                self._faults.raise_own("broker", "system_error", f"The broker cannot be reached: {error}")
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            self._wait(pause * random.uniform(0.5, 1.0))
        self._beat(None, last=True)
        log.info("ingest stopped", position=self._figures.position)

    def _serve(self, connection: Connection) -> None:
        """One connection, from its first announcements to its end."""
        log.info("connected", broker=str(self._broker))
        self._faults.clear_own("broker", "system_error")
        self._intake.announcer.begin(secrets.token_hex(4))
        try:
            while not self._stopping.is_set():
                self._tend(connection)
                messages = connection.receive(min(TURN_SECONDS, self._pulse.wait(time.monotonic())))
                if messages:
                    self._take(messages, connection)
            self._figures.state = told.STOPPED
            connection.publish(told.TOPIC, self._figures.tell(time.monotonic()), retain=True, qos=0)
        except Disconnected as error:
            log.warning("connection lost", reason=str(error))
        finally:
            self._faults.lost_contact()
            connection.close()

    def _tend(self, connection: Connection) -> None:
        """What time asks for: a beat, a round of watermarks, the figures."""
        self._mark_alive()
        self._beat(connection)
        now = time.monotonic()
        if self._faults.is_due(now):
            self._faults.pass_time(now)
            self._write_faults(connection)
        self._intake.announcer.round(now, announcing(connection))
        if self._figures.due(now):
            connection.publish(told.TOPIC, self._figures.tell(now), retain=True, qos=0)

    def _take(self, messages: Sequence[Published], connection: Connection) -> None:
        self._read_reports(messages)
        pause = FIRST_PAUSE_SECONDS
        while not self._stopping.is_set():
            try:
                self._intake.take(messages, connection)
            except CannotWrite as error:
                self._complain(error, connection)
                self._hold(pause, connection)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            else:
                self._recover()
                return

    def _read_reports(self, messages: Sequence[Published]) -> None:
        for message in messages:
            if message.topic.startswith(FAULTS) and (reason := self._faults.take(message.topic, message.payload)):
                log.warning("report of faults not taken", topic=message.topic, reason=reason)

    def _write_faults(self, connection: Connection | None) -> None:
        """What changed goes into the journal; where that takes nothing, it is tried again with the next turn."""
        try:
            for fault in self._faults.changes():
                self._intake.record(self._pulse.fault(fault), connection)
                self._faults.wrote(fault)
                log.warning(
                    "fault of the hub", part=fault.part, kind=fault.kind, state=fault.state, reason=fault.reason
                )
        except CannotWrite as error:
            self._raise_own(error)

    def _raise_own(self, error: CannotWrite) -> None:
        part, kind = key_of(error.__cause__ or error, "journal")
        self._faults.raise_own(part, kind, f"Ingest cannot write: {error}")

    def _complain(self, error: CannotWrite, connection: Connection | None) -> None:
        self._raise_own(error)
        self._figures.state = f"cannot write: {error}"
        log.error("cannot write", reason=str(error))
        if connection is not None:
            connection.publish(told.TOPIC, self._figures.tell(time.monotonic()), retain=True, qos=0)

    def _recover(self) -> None:
        if self._figures.state != told.RUNNING:
            self._figures.state = told.RUNNING
            self._forget_own()
            log.info("writing again", position=self._figures.position)

    def _forget_own(self) -> None:
        for part, kind in self._faults.own():
            if part != "broker":
                self._faults.clear_own(part, kind)

    def _hold(self, seconds: float, connection: Connection) -> None:
        """Keep the connection and take nothing more; producers keep theirs."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self._stopping.wait(TURN_SECONDS):
            self._mark_alive()
            connection.keep()

    def _wait(self, seconds: float) -> None:
        """Time passes in the journal also while nobody can be heard."""
        until = time.monotonic() + seconds
        while not self._stopping.is_set() and (left := until - time.monotonic()) > 0:
            self._mark_alive()
            self._beat(None)
            self._write_faults(None)
            self._stopping.wait(min(left, self._pulse.wait(time.monotonic())))

    def _beat(self, connection: Connection | None, *, last: bool = False) -> None:
        now = time.monotonic()
        if not last and not self._pulse.due(now):
            return
        try:
            self._intake.record(self._pulse.beat(now, "stopping" if last else "online"), connection)
        except CannotWrite as error:
            self._complain(error, connection)
        else:
            self._recover()

    def _mark_alive(self) -> None:
        """Said at every turn. Where it was not said for long, nobody was heard meanwhile; a suspended machine too."""
        now = time.clock_gettime(time.CLOCK_BOOTTIME)
        stood_still, self._alive_at = now - self._alive_at, now
        if stood_still > STANDSTILL_SECONDS:
            log.error("ingest stood still", seconds=round(stood_still, 1))
            self._faults.note_standstill(stood_still)
