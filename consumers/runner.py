"""A process of consumers: projections in one loop, each sink in a thread of its own, each outbox with its relay."""

import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from functools import partial
from pathlib import Path

import structlog

from consumers.deliver import Deliverer
from consumers.follow import BATCH, Faulty, Follower, Source, Stopped
from consumers.hub import Hub
from consumers.journal.configured import journal_of
from consumers.journal.record import JournalReader
from consumers.journal.store import JournalAway
from consumers.news import POLL_S, News
from consumers.projection import Projection
from consumers.rebuilding.whole import Progress, needs_rebuild, rebuild
from consumers.rebuilding.wish import Wish
from consumers.registry import roster
from consumers.sink import Sink
from producer.broker import BrokerAddress
from producer.ids import Clock, utc_now
from producer.relay import Relay

log = structlog.get_logger()

Advance = Callable[[], int]


class _Ended(Exception):
    """The process is to end in the middle of a rebuild, which goes on when it is back."""


def _as_long_as_it_runs(stopping: threading.Event) -> Progress:
    def progress(done: int, of: int) -> None:
        if stopping.is_set():
            raise _Ended

    return progress


class Sender:
    """The relay of what one consumer emits; begun again where a rebuild has swapped the file of its outbox."""

    def __init__(self, broker: BrokerAddress, clock: Clock) -> None:
        self._broker = broker
        self._clock = clock
        self._file: Path | None = None
        self._relay: Relay | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def serve(self, file: Path | None) -> None:
        """Send from this file; called after each batch, and cheap where nothing changed."""
        if file is None or file == self._file:
            return
        self.close()
        self._file, self._stopping = file, threading.Event()
        self._relay = Relay(file, self._broker, self._clock)
        self._thread = threading.Thread(target=self._relay.run, args=(self._stopping,), name=f"relay {file.stem}")
        self._thread.start()

    def wake(self) -> None:
        if self._relay is not None:
            self._relay.wake()

    def close(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        self._thread = None


def advance(consumer: Follower | Deliverer, sender: Sender | None) -> int:
    """Take the consumer one batch on, and have what it emitted sent."""
    told = consumer.told
    moved = consumer.advance()
    if sender is not None:
        sender.serve(consumer.file)
        if consumer.told != told:
            sender.wake()
    return moved


def loop(consumers: dict[str, Advance], news: threading.Event, stopping: threading.Event, pace_s: float = 0.0) -> None:
    """Keep all of them at the head. One that fails stops, is named in its view and the log, and the others go on.

    Rounds that find little are `pace_s` apart, so that each finds more.
    """
    going = dict(consumers)
    patience = Patience()
    while not stopping.is_set():
        news.clear()
        moved = 0
        with patience:
            for name, step in list(going.items()):
                try:
                    moved = max(moved, step())
                except Stopped as stopped:
                    del going[name]
                    log.error("consumer stopped", consumer=name, reason=str(stopped), position=stopped.failure.position)
        if not moved:
            news.wait(POLL_S)
        elif moved < BATCH:
            stopping.wait(pace_s)


class Patience:
    """With what passes by itself: a journal on a server that is away, a file that another process holds for long."""

    def __init__(self) -> None:
        self._waits = False

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        passes = isinstance(error, JournalAway) or _is_held(error)
        if passes != self._waits:
            log.warning("waiting", reason=str(error)) if passes else log.info("going on")
        self._waits = passes
        return passes


def _is_held(error: BaseException | None) -> bool:
    """Whether who has a database locked has kept it for longer than one waits for that; he may stand still himself."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return isinstance(error, sqlite3.OperationalError) and code == sqlite3.SQLITE_BUSY


def deliver(sink: Deliverer, sender: Sender | None, news: threading.Event, stopping: threading.Event) -> None:
    """Keep one sink at the head, and let it try again what waits."""
    patience = Patience()
    while not stopping.is_set():
        news.clear()
        moved = 0
        try:
            with patience:
                moved = advance(sink, sender)
                sink.idle()
        except (Stopped, Faulty) as stopped:
            log.error("sink stopped", consumer=sink.name, reason=str(stopped.__cause__ or stopped))
            return
        if not moved:
            news.wait(POLL_S)
        elif moved < BATCH:
            stopping.wait(sink.sink.pace_s)


class Process:
    """What runs in one process; `journal` opens a reader for one thread."""

    def __init__(
        self, hub: Hub, broker: BrokerAddress | None, journal: Callable[[], JournalReader], clock: Clock = utc_now
    ) -> None:
        self._hub = hub
        self._broker = broker
        self._journal = journal
        self._clock = clock

    def run(self, consumers: Sequence[Projection | Sink], stopping: threading.Event) -> None:
        """Until `stopping`. Raises what stops the whole process, such as a full disk."""
        halted = threading.Event()
        with suppress(_Ended), ExitStack() as stack:
            news = stack.enter_context(News(self._broker))
            pool = stack.enter_context(ThreadPoolExecutor(max_workers=len(consumers) + 1))
            stack.callback(news.tell)
            stack.callback(halted.set)
            source = self._source(stack)
            steps: dict[str, Advance] = {}
            for consumer in consumers:
                if isinstance(consumer, Sink):
                    stack.callback(consumer.halt)
                    sink = pool.submit(self._deliver, consumer, news.reader(), halted)
                    steps[consumer.name] = partial(_is_well, sink)
                else:
                    steps[consumer.name] = self._follow(consumer, source, stack, stopping)
            loop(steps, news.reader(), stopping, min(consumer.pace_s for consumer in consumers))

    def _source(self, stack: ExitStack) -> Source:
        return Source(self._hub.data, stack.enter_context(closing(self._journal())), self._clock)

    def _follow(self, projection: Projection, source: Source, stack: ExitStack, stopping: threading.Event) -> Advance:
        if needs_rebuild(projection, self._hub.data):
            # The code of the new version cannot go on with the old rows; what would be lost is kept beside.
            rebuild(projection, source, _as_long_as_it_runs(stopping), Wish(force=True))
        follower = stack.enter_context(closing(Follower(projection, source)))
        return partial(advance, follower, self._sender(projection, stack))

    def _deliver(self, sink: Sink, news: threading.Event, halted: threading.Event) -> None:
        with ExitStack() as stack:
            deliverer = stack.enter_context(closing(Deliverer(sink, self._source(stack))))
            deliver(deliverer, self._sender(sink, stack), news, halted)

    def _sender(self, consumer: Projection | Sink, stack: ExitStack) -> Sender | None:
        if self._broker is None or not consumer.emits:
            return None
        return stack.enter_context(closing(Sender(self._broker, self._clock)))


def _is_well(sink: Future[None]) -> int:
    """Nothing moves here; but what the machine did to a sink stops the process."""
    if sink.done():
        sink.result()
    return 0


def run(names: Sequence[str], hub: Hub, broker: BrokerAddress | None, stopping: threading.Event) -> None:
    """The process of these consumers, or of all. Raises `UnknownConsumer`."""
    known = roster(hub)
    consumers = [known.make(name) for name in names or known]
    Process(hub, broker, journal_of(hub).reader).run(consumers, stopping)
