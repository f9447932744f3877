"""Explains for a device and a moment what each rule saw, and what it lacked to open an incident.

The journal around the moment is folded as the live view folds it, from how things stood before.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from bus_schemas.event import HUB_SOURCE
from consumers.alerting.incidents.device_state import Watched
from consumers.alerting.terms import Terms
from consumers.alerting.what_if.fold import MODELS, SCHEMA, Folding
from consumers.alerting.what_if.initial_state import before, begin
from consumers.alerting.what_if.rule_readings import Observed, RuleReading, readings
from consumers.store.journal.record import DeviceKey, JournalReader, Recorded

LONGEST_S: Final = 900.0
"""A longer window of a rule is read no further back."""
MARGIN_S: Final = 30.0
EVENTS_PER_READ: Final = 2000
MOST_EVENTS: Final = 200_000


@dataclass(frozen=True, slots=True)
class Past:
    """What can be read of the past: the live views in `data`, the journal, and the position that it had at a moment."""

    data: Path
    journal: JournalReader
    position_at: Callable[[datetime], int]
    now: datetime


@dataclass(frozen=True, slots=True)
class Explanation:
    """`readings` are the nearest that each rule came to an incident from `start` to `end`; `events` is of how many."""

    start: datetime
    end: datetime
    events: int
    readings: tuple[RuleReading, ...]


def explain(past: Past, where: DeviceKey, at: datetime, in_force: Terms) -> Explanation:
    """Raises `BeingRebuilt`."""
    window, run_in = _durations(where, in_force)
    end = min(at + window, past.now)
    start = at - run_in
    # An event of that time may have been received much later.
    first, last = past.journal.span(start, end) or (past.position_at(start) + 1, 0)
    known = before(past.data, first - 1, start, where[0])
    was_open = frozenset(str(row["type"]) for row in known.incidents if (row["site"], row["device"]) == where)
    observed = Observed(at.timestamp(), end.timestamp(), window.total_seconds(), was_open)
    fold = _DeviceFold(where, in_force, start.timestamp(), observed)
    with closing(sqlite3.connect(":memory:")) as view:
        view.executescript(SCHEMA)
        begin(view, known, in_force.rules)
        for record in _records(past.journal, (first - 1, last), where):
            fold.take(view, record)
    return Explanation(at - window, end, fold.events, readings(fold.observed, in_force, where, fold.watched))


def _durations(where: DeviceKey, in_force: Terms) -> tuple[timedelta, timedelta]:
    """The bounds of the window around the moment, and of what is read before it."""
    rules = in_force.rules
    window_s = min(rules.raise_window_s, LONGEST_S)
    silent_s = in_force.silent_after_s(where, is_agents=True) or 0.0
    run_in_s = min(max(2 * window_s, 2 * silent_s) + rules.clear_after_s + MARGIN_S, 2 * LONGEST_S)
    return timedelta(seconds=window_s), timedelta(seconds=run_in_s)


@dataclass(slots=True)
class _DeviceFold:
    """Folds the events of a device and the ticks of the hub one by one, and observes the device after each."""

    where: DeviceKey
    in_force: Terms
    start: float
    observed: Observed
    events: int = 0
    watched: Watched = field(default_factory=Watched)
    _folding: Folding | None = None

    def take(self, view: sqlite3.Connection, record: Recorded) -> None:
        if not self.start <= record.time_s < self.observed.end:
            return
        if self._folding is None:
            self._folding = Folding(self.in_force.rules)
        self._folding.fold(view, [record])
        self._folding.committed()
        known = self._folding.watched(self.where)
        if known is not None:
            self.watched = known
            self.observed.note_open(record.time_s, known)
        if record.where == self.where:
            self.events += 1
            self.observed.note(record, self.watched)


def _records(journal: JournalReader, positions: tuple[int, int], where: DeviceKey) -> Iterator[Recorded]:
    after, last = positions
    for _ in range(MOST_EVENTS // EVENTS_PER_READ):
        batch = journal.read(after, MODELS, EVENTS_PER_READ)
        for record in batch.records:
            if record.position > last:
                return
            if record.where == where or record.source == HUB_SOURCE:
                yield record
        if batch.upto <= after or batch.upto >= last:
            return
        after = batch.upto
