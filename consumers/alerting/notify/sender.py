"""The thread that posts: one task a receiver, so that none waits for another."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import structlog

from consumers.alerting.notify import legacy
from consumers.alerting.notify.delivery import AlertDelivery, DeliveryOutcome, DeliveryVerdict, Notifier
from consumers.alerting.notify.message import message_of
from consumers.alerting.notify.queue import SCHEMA, DeliveryQueue, forget_others
from consumers.engine import view_files
from consumers.engine.sink import FaultSink
from producer.file_identity import identity
from producer.ids import Clock

IDLE_S = 60.0
PAUSE_S = 5.0
LOOKUPS_PER_RECEIVER = 8
"""A name server that does not answer holds a thread for up to half a minute, while the receiver is tried again."""

log = structlog.get_logger()


class Courier:
    """Empties the queues of all receivers. `wake` and `stop` may be called from any thread."""

    def __init__(self, file: Path, notifiers: Sequence[Notifier], clock: Clock, faults: FaultSink) -> None:
        self.file = file
        self.identity = identity(file)
        self._notifiers = tuple(notifiers)
        self._clock = clock
        self._faults = faults
        self._loop = asyncio.new_event_loop()
        lookups = LOOKUPS_PER_RECEIVER * max(1, len(self._notifiers))
        self._loop.set_default_executor(ThreadPoolExecutor(lookups, thread_name_prefix="lookup"))
        self._stopping = asyncio.Event()
        self._wakeups: list[asyncio.Event] = []
        self._failure: BaseException | None = None
        self._closing = threading.Lock()
        """Held while the loop is closed or called: a thread that just failed is alive with a loop that is closed."""
        self._thread = threading.Thread(target=self._run, name="courier")

    def start(self) -> None:
        """Raises RuntimeError when the machine has no thread left."""
        try:
            self._thread.start()
        except RuntimeError:
            self._loop.close()
            raise

    def wake(self) -> None:
        """Say that there is news. Raises what ended the thread, if anything did: a file that cannot be opened."""
        self._call(self._wake_all)
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """A post that is on its way is broken off, and made again after the next start."""
        self._call(self._stopping.set)
        self._thread.join()

    def _call(self, act: Callable[[], None]) -> None:
        with self._closing:
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(act)

    def _wake_all(self) -> None:
        for wakeup in self._wakeups:
            wakeup.set()

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve_all())
        except BaseException as error:  # noqa: BLE001 - raised again in the thread of the sink
            self._failure = error
        finally:
            # Not `asyncio.run`, which would wait here for a name server that does not answer.
            with self._closing:
                self._loop.close()

    async def _serve_all(self) -> None:
        state = view_files.connect(self.file)
        try:
            state.executescript(SCHEMA)
            legacy.carry_over(state)
            forget_others(state, [notifier.receiver for notifier in self._notifiers])
            tasks = [asyncio.create_task(self._serve(state, notifier)) for notifier in self._notifiers]
            await self._stopping.wait()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            state.close()

    async def _serve(self, state: sqlite3.Connection, notifier: Notifier) -> None:
        wakeup = asyncio.Event()
        self._wakeups.append(wakeup)
        rounds = _Rounds(state, notifier, self._clock, self._faults)
        try:
            await rounds.open()
            while True:
                wakeup.clear()
                wait_s = await rounds.turn()
                if wait_s:
                    await _set_within(wakeup, wait_s)
        finally:
            await notifier.close()


class _Rounds:
    """Posts to one receiver, one message a turn."""

    def __init__(self, state: sqlite3.Connection, notifier: Notifier, clock: Clock, faults: FaultSink) -> None:
        self._state = state
        self._notifier = notifier
        self._clock = clock
        self._faults = faults
        self._part = f"receiver-{notifier.receiver}"
        self._queue: DeliveryQueue | None = None
        self._unwritten: tuple[Sequence[AlertDelivery], DeliveryOutcome] | None = None
        """The outcome of a message that could not be written yet. Nothing else is posted before it is."""

    async def open(self) -> None:
        try:
            await self._notifier.open()
        except Exception as error:  # noqa: BLE001 - the first message says what it is
            log.warning("a notifier is not ready", receiver=self._notifier.receiver, error=type(error).__name__)

    async def turn(self) -> float:
        """Post what is due; how many seconds to wait for the next turn, unless there is news."""
        receiver = self._notifier.receiver
        try:
            return await self._turn()
        except sqlite3.Error as error:
            # A full disk, or a file that is held for long: what is durable stays as it is.
            log.warning("the queue of a receiver cannot be written", receiver=receiver, reason=str(error))
        except Exception as error:
            log.exception("the queue of a receiver cannot be served", receiver=receiver)
            self._raise_fault(f"the hub failed on what waits for it ({type(error).__name__}); its log says why")
        return PAUSE_S

    async def _turn(self) -> float:
        if self._queue is None:
            self._queue = DeliveryQueue(self._state, self._notifier.receiver)
            if (reason := self._queue.known_trouble()) is not None:
                self._raise_fault(reason)
        if self._unwritten is not None:
            self._settle(self._queue, *self._unwritten)
        surplus = self._queue.bound()
        if surplus:
            self._say_set_aside(surplus, "too many alerts wait for it")
        now = self._clock().timestamp()
        choice = self._queue.next(now)
        if not choice.deliveries:
            return IDLE_S if choice.at is None else min(IDLE_S, max(0.001, choice.at - now))
        self._unwritten = choice.deliveries, await self._post(choice.deliveries)
        self._settle(self._queue, *self._unwritten)
        return 0.0

    async def _post(self, deliveries: Sequence[AlertDelivery]) -> DeliveryOutcome:
        try:
            return await self._notifier.send(message_of(deliveries))
        except Exception as error:  # noqa: BLE001 - whatever it is, it costs this delivery and nothing else
            # Its message may name the address.
            log.error("a notifier failed", receiver=self._notifier.receiver, error=type(error).__name__)
            return DeliveryOutcome(DeliveryVerdict.FAILED, f"the hub failed on it ({type(error).__name__})")

    def _settle(self, queue: DeliveryQueue, deliveries: Sequence[AlertDelivery], outcome: DeliveryOutcome) -> None:
        settled = queue.settle(deliveries, outcome, self._clock().timestamp())
        self._unwritten = None
        if outcome.verdict is not DeliveryVerdict.TAKEN:
            log.warning(
                "alerts not taken", receiver=self._notifier.receiver, alerts=len(deliveries), reason=outcome.reason
            )
        if settled.set_aside:
            self._say_set_aside(settled.set_aside, outcome.reason)
        elif queue.is_stuck():
            self._raise_fault(outcome.reason)
        elif settled.delivered:
            self._faults.clear_fault(self._part, "write_failed")

    def _say_set_aside(self, count: int, reason: str) -> None:
        log.error("alerts set aside", receiver=self._notifier.receiver, alerts=count, reason=reason)
        self._raise_fault(reason)

    def _raise_fault(self, reason: str) -> None:
        self._faults.raise_fault(self._part, "write_failed", f"Alerts do not reach {self._notifier.receiver}: {reason}")


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
