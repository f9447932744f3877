"""Computes which positions of the journal a trial reads."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from consumers.alerting.what_if.trial import TrialRequest
from consumers.store.journal.record import JournalReader

RUN_IN = timedelta(hours=1)
"""Before the span: windows fill, cool-downs pass, devices send."""
LATE = timedelta(hours=1)
"""After the span: events of it that come late, and the ends of what was raised in it."""


@dataclass(frozen=True, slots=True)
class PositionRange:
    """Positions `first` to `last`, none where `first` is behind `last`; `whole` where nothing was before them."""

    first: int
    last: int
    whole: bool
    start: datetime


def position_range(journal: JournalReader, asked: TrialRequest, run_in: timedelta = RUN_IN) -> PositionRange:
    """By the moment of arrival."""
    oldest = journal.floor()
    start = asked.since - run_in
    first = _first_from(journal, start, oldest)
    last = _first_from(journal, asked.until + LATE, oldest) - 1
    return PositionRange(first, last, whole=first == 1, start=_received(journal, first) or start)


def _received(journal: JournalReader, position: int) -> datetime | None:
    batch = journal.read(position - 1, None, 1)
    return batch.records[0].received if batch.records else None


def _first_from(journal: JournalReader, moment: datetime, oldest: int) -> int:
    """The first position that was received at this moment or later; the one after the head where there is none."""
    low, high = oldest, journal.head() + 1
    while low < high:
        middle = (low + high) // 2
        received = _received(journal, middle)
        if received is None or received >= moment:
            high = middle
        else:
            low = middle + 1
    return low
