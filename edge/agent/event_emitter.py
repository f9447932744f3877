"""Hands events to the outbox, and emits a clock event before the first event after a clock step."""

import threading
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import structlog

from bus_schemas.event import iso, place
from bus_schemas.node import ClockStep
from edge.agent.event_factory import EventFactory
from producer.clock import DisciplinedClock, WallClockStep
from producer.ids import Ids
from producer.outbox.outbox import Outbox
from producer.outbox.tables import Draft

LOST_FILE_REPORTED_FOR_S: Final = 600.0
DURABLE_WITHIN_S: Final = 5.0
"""On a full disk events wait in memory. The thread that resets the watchdog and takes commands must not wait for room
with them: the restart would cost all that waits.
"""
FULL_FOR_S: Final = 60.0
"""So long after a wait for nothing the next ones are short."""
BRIEFLY_S: Final = 0.1

log = structlog.get_logger(__name__)


class EventEmitter:
    """Shared by all threads of an agent with the devices `sources`.

    In each stream the clock event of a step precedes all events with times after the step.
    """

    def __init__(self, outbox: Outbox, clock: DisciplinedClock, sources: Sequence[str]) -> None:
        self._outbox = outbox
        self._clock = clock
        self._lock = threading.Lock()
        self._full_until = float("-inf")
        """By the monotonic clock."""
        new_id = Ids(clock)
        self.event_factories = {source: EventFactory(*place(source), new_id) for source in sources}

    @property
    def outbox_bytes(self) -> int:
        return self._outbox.usage.waiting_bytes

    @property
    def trouble(self) -> str | None:
        """A recent loss of the outbox file, in a sentence."""
        lost = self._outbox.lost_file
        if lost is None or time.monotonic() - lost.at_s > LOST_FILE_REPORTED_FOR_S:
            return None
        if lost.events is None:
            cost = "what it held and had not been confirmed is lost"
        else:
            unconfirmed = f"{lost.events} events that had not been confirmed are lost"
            cost = unconfirmed if lost.events else "nothing is lost by it"
        return f"the file of its outbox {lost.what}, and a new one begins: {cost}"

    def is_committed(self, timeout_s: float) -> bool:
        """Wait until the events that were put before are committed."""
        return self._outbox.flush(timeout_s)

    def put(self, drafts: Sequence[Draft], *, durable: bool = False) -> bool:
        """Put events into the outbox as `Outbox.put` does. Where they are `durable` it waits for a moment only, and
        returns whether they are committed.
        """
        self.emit_clock_steps()
        if not drafts:
            return True
        if not durable:
            return self._outbox.put(*drafts)
        began = time.monotonic()
        is_committed = self._outbox.put(
            *drafts, durable=True, wait_s=BRIEFLY_S if began < self._full_until else DURABLE_WITHIN_S
        )
        if not is_committed:
            self._full_until = time.monotonic() + FULL_FOR_S
        return is_committed

    def emit_clock_steps(self) -> None:
        # Under a lock: a thread that finds no step must not overtake the one that is about to emit it.
        with self._lock:
            for step in self._clock.take_steps():
                self._emit(step)

    def _emit(self, step: WallClockStep) -> None:
        before, after = in_milliseconds(step.before), in_milliseconds(step.after)
        step_s = (after - before).total_seconds()
        log.warning("clock stepped", step_s=step_s, before=iso(before), after=iso(after))
        data = ClockStep(step_s=step_s, before=before, after=after, since=step.since)
        self._outbox.put(*[event_factory.event(data, step.after) for event_factory in self.event_factories.values()])


def in_milliseconds(moment: datetime) -> datetime:
    """In the precision of events, so that the difference of two written times is exact."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
