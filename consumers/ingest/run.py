"""The process of ingest: one loop that connects, takes in what arrives, and lets time pass in the journal."""

import fcntl
import random
import secrets
import shutil
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import structlog

from bus_schemas.node import SystemLoad
from bus_schemas.topics import ALL_EVENTS, ALL_MEDIA, ALL_STATES, ROOT
from consumers.archive.disk import Archive
from consumers.ingest import figures as told
from consumers.ingest.connection import Connection, Disconnected, Unreachable
from consumers.ingest.figures import Figures
from consumers.ingest.intake import CannotWrite, Intake
from consumers.ingest.packets import Published
from consumers.ingest.pulse import Pulse
from consumers.journal.files import SqliteStore
from consumers.journal.store import JournalAway, JournalInUse, JournalStore, OpenJournal
from producer.broker import BrokerAddress
from producer.ids import Clock, utc_now

log = structlog.get_logger(__name__)


# In the place of our version any: what speaks another one is kept as rejected, not overheard.
TOPICS = tuple(topic.replace(ROOT, "watchpost/+") for topic in (ALL_EVENTS, ALL_MEDIA, ALL_STATES))
FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 4.0
TURN_SECONDS = 0.2


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
        journal = _open(store or SqliteStore(data / "journal"), data, clock, stopping)
        if journal is None:
            return
        stack.enter_context(journal)
        figures = Figures(clock, started=clock(), position=journal.head)
        pulse = Pulse(journal.streams, clock, time.monotonic(), partial(_room, data))
        Ingest(Intake(archive, journal, clock, figures), pulse, figures, broker, stopping).run()


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
        self, intake: Intake, pulse: Pulse, figures: Figures, broker: BrokerAddress, stopping: threading.Event
    ) -> None:
        self._intake = intake
        self._pulse = pulse
        self._figures = figures
        self._broker = broker
        self._stopping = stopping

    def run(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        log.info("ingest started", broker=str(self._broker), position=self._figures.position)
        while not self._stopping.is_set():
            try:
                self._serve(Connection(self._broker, f"watchpost-ingest-{secrets.token_hex(4)}", TOPICS))
                pause = FIRST_PAUSE_SECONDS
            except Unreachable as error:
                log.warning("broker unreachable", reason=str(error), again_in_s=round(pause, 1))
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            self._wait(pause * random.uniform(0.5, 1.0))
        self._beat(None, last=True)
        log.info("ingest stopped", position=self._figures.position)

    def _serve(self, connection: Connection) -> None:
        """One connection, from its first announcements to its end."""
        log.info("connected", broker=str(self._broker))
        self._intake.announcer.everything()
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
            connection.close()

    def _tend(self, connection: Connection) -> None:
        """What time asks for: a beat, a round of watermarks, the figures."""
        self._beat(connection)
        now = time.monotonic()
        self._intake.announcer.round(now, lambda topic, body: connection.publish(topic, body, retain=True))
        if self._figures.due(now):
            connection.publish(told.TOPIC, self._figures.tell(now), retain=True, qos=0)

    def _take(self, messages: Sequence[Published], connection: Connection) -> None:
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

    def _complain(self, error: CannotWrite, connection: Connection) -> None:
        self._figures.state = f"cannot write: {error}"
        log.error("cannot write", reason=str(error))
        connection.publish(told.TOPIC, self._figures.tell(time.monotonic()), retain=True, qos=0)

    def _recover(self) -> None:
        if self._figures.state != told.RUNNING:
            self._figures.state = told.RUNNING
            log.info("writing again", position=self._figures.position)

    def _hold(self, seconds: float, connection: Connection) -> None:
        """Keep the connection and take nothing more; producers keep theirs."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self._stopping.wait(TURN_SECONDS):
            connection.keep()

    def _wait(self, seconds: float) -> None:
        """Time passes in the journal also while nobody can be heard."""
        until = time.monotonic() + seconds
        while not self._stopping.is_set() and (left := until - time.monotonic()) > 0:
            self._beat(None)
            self._stopping.wait(min(left, self._pulse.wait(time.monotonic())))

    def _beat(self, connection: Connection | None, *, last: bool = False) -> None:
        now = time.monotonic()
        if not last and not self._pulse.due(now):
            return
        try:
            self._intake.record(self._pulse.beat(now, "stopping" if last else "online"), connection)
        except CannotWrite as error:
            log.error("cannot write", reason=str(error))
