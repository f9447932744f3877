"""Runs the consumers of one process: projections in one loop, each sink in its own thread, each outbox with its relay.

None of them ends before the process stops: what fails waits and is tried again, and the others go on meanwhile.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from functools import partial
from pathlib import Path

import structlog

from consumers.engine.consumer_loop import Advance, Paces, loop, rest
from consumers.engine.deliverer import Deliverer
from consumers.engine.follower import BATCH, ConsumerContext, Follower
from consumers.engine.head_listener import POLL_S, HeadListener
from consumers.engine.projection import Projection
from consumers.engine.rebuild.request import RebuildRequest
from consumers.engine.rebuild.whole import rebuild, why_rebuild
from consumers.engine.retrying import AGAIN, Attempts
from consumers.engine.set_aside import SetAsideEvent
from consumers.engine.sink import Sink
from consumers.hub_config import HubConfig
from consumers.hub_faults import FaultReporter
from consumers.registry import consumer_registry
from consumers.store.claims.claims import NotClaimed, claimed
from consumers.store.journal.configured import journal_of
from consumers.store.journal.record import JournalReader, journal_id_text
from consumers.store.journal.store import JournalAway
from producer.backoff import Backoff, Retry
from producer.broker import BrokerAddress
from producer.clock import Elapsed
from producer.file_identity import Identity, identity
from producer.ids import Clock, utc_now
from producer.relay.relay import Relay

log = structlog.get_logger()

JOURNAL = "journal"
CHECK_JOURNAL_S = 0.1
RELAY_AGAIN = Backoff(0.5, 10.0)
"""Between two starts of a relay that ended by itself, as where a disk gives back nothing that was written to it."""


class _Ended(Exception):
    """The process is to end in the middle of a rebuild, which goes on when it is back."""


class Sender:
    """The relay of what one consumer emits; begun again where the file of its outbox is another one."""

    def __init__(self, broker: BrokerAddress, clock: Clock, elapsed: Elapsed = time.monotonic) -> None:
        self._broker = broker
        self._clock = clock
        self._elapsed = elapsed
        self._retry = Retry(RELAY_AGAIN)
        self._started_at = self._due_at = float("-inf")
        self._identity: Identity | None = None
        self._relay: Relay | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def is_running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def serve(self, file: Path | None) -> None:
        """Send from this file; called after each batch, and cheap where nothing changed."""
        ended = self._thread is not None and not self.is_running
        now = None if file is None else identity(file)
        if file is None or now is None or (now == self._identity and not (ended and self._is_due())):
            return
        self.close()
        self._identity, self._stopping = now, threading.Event()
        self._relay = Relay(file, self._broker, self._clock)
        self._thread = threading.Thread(target=self._relay.run, args=(self._stopping,), name=f"relay {file.stem}")
        self._thread.start()

    def _is_due(self) -> bool:
        """Whether a relay that has ended may begin again; then the next one has to wait for longer."""
        now = self._elapsed()
        if now < self._due_at:
            return False
        if now - self._started_at > RELAY_AGAIN.longest_s:
            self._retry.reset()
        self._started_at, self._due_at = now, now + self._retry.next_s()
        return True

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
    before = consumer.emitted_count
    moved = consumer.advance()
    if sender is not None:
        sender.serve(consumer.file)
        if consumer.emitted_count != before:
            sender.wake()
    if isinstance(consumer, Follower):
        consumer.shrink_log()
    return moved


def deliver(
    sink: Deliverer, sender: Sender | None, wakeup: threading.Event, stopping: threading.Event, attempts: Attempts
) -> None:
    """Keep one sink at the head, and let it try again what waits."""
    while not stopping.is_set():
        wakeup.clear()
        moved = attempts.act(sink.name, partial(advance, sink, sender)) or 0
        attempts.act(f"{sink.name} idle", sink.idle, part=sink.name)
        if moved < BATCH:
            rest(wakeup, stopping, sink.sink.pace_s if moved else 0.0)


def check_journal(context: ConsumerContext, written: Callable[[], str | None]) -> int:
    """Raises `JournalAway` where ingest writes another journal than the one that is read here: all wait for it."""
    elsewhere, here = written(), journal_id_text(context.journal.journal_id())
    if elsewhere is not None and elsewhere != here:
        what = "no journal" if here is None else "another journal"
        raise JournalAway(
            f"there is {what} in {context.data}: start this process with the data directory, or the server, of ingest"
        )
    return 0


class _ProjectionStep:
    """A projection in the loop. It is opened, and folded again where its version or configuration is another, when it
    is first asked.

    `meanwhile` is called between two batches of such a rebuild.
    """

    def __init__(
        self, projection: Projection, context: ConsumerContext, sender: Sender | None, meanwhile: Callable[[], None]
    ) -> None:
        self._projection = projection
        self._context = context
        self._sender = sender
        self._meanwhile = meanwhile
        self._follower: Follower | None = None

    @property
    def is_open(self) -> bool:
        return self._follower is not None

    def __call__(self) -> int:
        if self._follower is None:
            if why := why_rebuild(self._projection, self._context.data):
                # This code cannot go on with those rows; what would be lost is kept beside.
                log.warning("the view is folded again", consumer=self._projection.name, reason=why)
                rebuild(self._projection, self._context, lambda done, of: self._meanwhile(), RebuildRequest(force=True))
            self._follower = Follower(self._projection, self._context)
        return advance(self._follower, self._sender)

    def last_set_aside(self) -> SetAsideEvent | None:
        return None if self._follower is None else self._follower.last_set_aside

    def is_refolding(self) -> bool:
        return self._follower is not None and self._follower.is_refolding

    def close(self) -> None:
        if self._follower is not None:
            self._follower.close()


def _advance_others(steps: Mapping[str, _ProjectionStep], attempts: Attempts, stopping: threading.Event) -> None:
    """Between two batches of a view that is folded again. Raises `_Ended`."""
    if stopping.is_set():
        raise _Ended
    for name, step in steps.items():
        if step.is_open:
            attempts.act(name, step)


class ConsumerProcess:
    """The consumers of one process; `journal` opens a reader for one thread."""

    def __init__(
        self,
        hub: HubConfig,
        broker: BrokerAddress | None,
        journal: Callable[[], JournalReader],
        clock: Clock = utc_now,
        faults: FaultReporter | None = None,
    ) -> None:
        self._hub = hub
        self._broker = broker
        self._journal = journal
        self._clock = clock
        self._faults = faults or FaultReporter("consumers", None, clock)

    def run(self, consumers: Sequence[Projection | Sink], stopping: threading.Event) -> None:
        """Until `stopping`."""
        halted = threading.Event()
        with suppress(_Ended), ExitStack() as stack:
            wakeup = stack.enter_context(HeadListener(self._broker))
            # Woken first: what a projection decides must not wait for sinks that read the same events.
            news = wakeup.reader()
            pool = stack.enter_context(ThreadPoolExecutor(max_workers=len(consumers) + 1))
            stack.callback(wakeup.wake_all)
            stack.callback(halted.set)
            attempts = Attempts(self._faults, raises=_Ended)
            source = self._context(stack, attempts, stopping)
            steps: dict[str, _ProjectionStep] = {}
            meanwhile = partial(_advance_others, steps, attempts, stopping)
            for consumer in consumers:
                if isinstance(consumer, Sink):
                    consumer.faults, consumer.broker = self._faults, self._broker
                    stack.callback(consumer.halt)
                    pool.submit(self._deliver, consumer, wakeup.reader(), halted)
                else:
                    following = _ProjectionStep(consumer, source, self._sender(consumer, stack), meanwhile)
                    steps[consumer.name] = stack.enter_context(closing(following))
                    attempts.watch(consumer.name, following.last_set_aside, following.is_refolding)
            paces_s = {JOURNAL: CHECK_JOURNAL_S} | {it.name: it.pace_s for it in consumers if it.name in steps}
            first: dict[str, Advance] = {JOURNAL: partial(check_journal, source, lambda: wakeup.journal_id)}
            loop(first | steps, news, stopping, Paces(paces_s), attempts)

    def _context(self, stack: ExitStack, attempts: Attempts, stopping: threading.Event) -> ConsumerContext:
        """Once the journal can be opened, for one thread."""
        while (journal := attempts.act(JOURNAL, self._journal)) is None:
            if stopping.wait(POLL_S):
                raise _Ended
        return ConsumerContext(self._hub.data, stack.enter_context(closing(journal)), self._clock)

    def _deliver(self, sink: Sink, wakeup: threading.Event, halted: threading.Event) -> None:
        """The thread of a sink. Whatever ends it, it begins again."""
        attempts, retry = Attempts(self._faults, raises=_Ended), Retry(AGAIN)
        while not halted.is_set():
            began = time.monotonic()
            attempts.act(f"{sink.name} thread", partial(self._serve, sink, wakeup, halted, attempts), part=sink.name)
            if time.monotonic() - began >= AGAIN.longest_s:
                retry.reset()
            halted.wait(retry.next_s())

    def _serve(self, sink: Sink, wakeup: threading.Event, halted: threading.Event, attempts: Attempts) -> int:
        with ExitStack() as stack:
            deliverer = stack.enter_context(closing(Deliverer(sink, self._context(stack, attempts, halted))))
            attempts.watch(sink.name, lambda: deliverer.last_set_aside)
            deliver(deliverer, self._sender(sink, stack), wakeup, halted, attempts)
        return 0

    def _sender(self, consumer: Projection | Sink, stack: ExitStack) -> Sender | None:
        if self._broker is None or not consumer.emits:
            return None
        return stack.enter_context(closing(Sender(self._broker, self._clock)))


def process_name(names: Sequence[str]) -> str:
    """The name of the process that runs these consumers; all of them if none is named."""
    name = "-".join(["consume", *names]) if names else "consumers"
    return name if len(name) <= MAX_NAME_LENGTH else f"consume-{names[0]}-and-{len(names) - 1}-more"


MAX_NAME_LENGTH = 64


def run(names: Sequence[str], hub: HubConfig, broker: BrokerAddress | None, stopping: threading.Event) -> None:
    """The process of these consumers, or of all. Raises `UnknownConsumer`, or `ClaimTaken` where one runs already."""
    known = consumer_registry(hub)
    consumers = [known.make(name) for name in known.by_urgency(names)]
    with (
        suppress(NotClaimed),
        # Claimed first: whoever is refused reports no faults in the name of the one that runs.
        claimed(hub, [consumer.name for consumer in consumers], stopping, hub.journal) as claim,
        FaultReporter(process_name(names), broker) as faults,
    ):
        ConsumerProcess(hub, broker, claim.reading(journal_of(hub).reader), faults=faults).run(consumers, stopping)
