"""Pages of the log never skip and never repeat, whatever is written, begun or dropped between and during them."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus_schemas.codec import to_bytes
from bus_schemas.event import Event
from consumers.store.journal import selection
from consumers.store.journal.days import list_days
from consumers.store.journal.queries import JournalQueries
from consumers.store.journal.query_types import EventFilter, Order
from consumers.store.journal.retention_floor import drop
from consumers.store.journal.writer import Journal
from consumers.store.journal.writing import Accepted
from producer.times import micros
from tests import builders
from tests.examples import examples

START = datetime(2026, 1, 5, 10, tzinfo=UTC)
DAY = timedelta(days=1)
FILTERS = (
    EventFilter(),
    EventFilter(site="B"),
    EventFilter(types=("watchpost.detection.v1",)),
    EventFilter(start=START, end=START + DAY),
)


class Log:
    """A journal that a test writes; `days` begin and go at its word."""

    def __init__(self, directory: Path) -> None:
        self.now = START
        self.directory = directory
        self.written: list[Event] = []
        self._journal = Journal(directory, lambda: self.now)

    def write(self, *kinds: str) -> None:
        """A letter is an event: its site, and of what type it is."""
        events = [self._event(number, kind) for number, kind in enumerate(kinds, len(self.written))]
        self._journal.append([Accepted(event, to_bytes(event), micros(self.now)) for event in events])
        self.written += events

    def _event(self, number: int, kind: str) -> Event:
        build = builders.detection if kind.islower() else builders.frame
        return build(self.now, site=kind.upper(), id=f"event-{number}")

    def turn_the_day(self) -> None:
        self.now += DAY

    def drop_a_day(self) -> None:
        days = list_days(self.directory)
        if len(days) > 2:
            drop(self.directory, days[:1])

    def floor(self) -> int:
        with closing(JournalQueries(self.directory)) as asked:
            return asked.days()[0].first

    def close(self) -> None:
        self._journal.close()


def page(asked: JournalQueries, wanted: EventFilter, order: Order, limit: int) -> tuple[list[int], EventFilter]:
    """The positions of the next page, and where to go on."""
    found = [stored.position for stored in asked.select(wanted, limit, order)]
    if not found:
        return [], wanted
    return found, replace(wanted, after=found[-1]) if order == "asc" else replace(wanted, before=found[-1])


STEPS = st.sampled_from(["write A", "write b", "write Ab", "write aBaB", "day", "drop"])


def act(log: Log, step: str) -> None:
    match step.split():
        case ["day"]:
            log.turn_the_day()
        case ["drop"]:
            log.drop_a_day()
        case [_, kinds]:
            log.write(*kinds)


def meant(log: Log, wanted: EventFilter) -> list[int]:
    """The positions of everything ever written that a filter means."""
    return [
        position
        for position, event in enumerate(log.written, 1)
        if (wanted.site is None or builders.where(event)[0] == wanted.site)
        and (not wanted.types or event.type in wanted.types)
        and (wanted.start is None or event.time < START + DAY)
    ]


@examples(30)
@given(
    st.lists(STEPS, min_size=1, max_size=12), st.lists(STEPS, max_size=12), st.integers(1, 4), st.sampled_from(FILTERS)
)
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_between_pages_anything_may_happen(
    tmp_path_factory: pytest.TempPathFactory,
    order: Order,
    first: list[str],
    then: list[str],
    limit: int,
    wanted: EventFilter,
) -> None:
    with closing(Log(tmp_path_factory.mktemp("log"))) as log, closing(JournalQueries(log.directory)) as asked:
        for step in first:
            act(log, step)
        before = len(log.written)
        read, here = page(asked, wanted, order, limit)
        for step in then:
            act(log, step)
            found, here = page(asked, here, order, limit)
            read += found
        while found := page(asked, here, order, limit)[0]:
            read += found
            here = replace(here, after=found[-1]) if order == "asc" else replace(here, before=found[-1])
        possible, floor = meant(log, wanted), log.floor() if log.written else 1

    assert read == sorted(set(read), reverse=order == "desc")
    assert set(read) <= set(possible)
    # Downwards what came after the first page was asked for is not meant.
    newest = len(log.written) if order == "asc" else max(before, read[0] if read else 0)
    assert [position for position in possible if floor <= position <= newest] == sorted(
        position for position in read if position >= floor
    )


class Reader(threading.Thread):
    """Reads the whole log again and again until it is all written, and once more."""

    def __init__(self, directory: Path, order: Order, limit: int, written: threading.Event) -> None:
        super().__init__(name=f"{order} {limit}")
        self._asked = (directory, order, limit)
        self._written = written
        self.seen: list[list[int]] = []

    def run(self) -> None:
        ended = False
        while not ended:
            ended = self._written.is_set()
            self.seen.append(read_all(*self._asked))


def read_all(directory: Path, order: Order, limit: int) -> list[int]:
    read, here = [], EventFilter()
    with closing(JournalQueries(directory)) as asked:
        while (found := page(asked, here, order, limit))[0]:
            read += found[0]
            here = found[1]
    return read


@pytest.mark.thorough
def test_a_writer_beside_readers_that_page_both_ways(tmp_path: Path) -> None:
    """Over changes of the day."""
    log, written = Log(tmp_path), threading.Event()
    log.write("A", "b")
    readers = [Reader(tmp_path, order, size, written) for order in ("asc", "desc") for size in (7, 64)]
    for reader in readers:
        reader.start()
    for number in range(300):
        log.write(*("A", "b", "a")[: number % 3 + 1])
        if number % 100 == 50:
            log.turn_the_day()
    written.set()
    for reader in readers:
        reader.join(60)
    log.close()

    assert len(list_days(tmp_path)) == 4
    for reader in readers:
        downwards = reader.name.startswith("desc")
        for seen in reader.seen:
            assert seen == sorted(range(1, len(seen) + 1), reverse=downwards), reader.name
        assert len(reader.seen[-1]) == len(log.written)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    with closing(Log(tmp_path)) as made:
        yield made


@pytest.mark.parametrize(
    "wanted", [EventFilter(types=("watchpost.frame.v1", "watchpost.detection.v1")), EventFilter(device="yard")]
)
def test_the_first_event_of_a_new_type_or_stream_is_not_passed_over(
    log: Log, wanted: EventFilter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is committed just when the numbers of the known ones have been looked up, and a known one right after it."""
    log.write("A")
    look_up: Callable[..., Any] = selection._condition
    once = iter(["b", "A"])

    def look_up_and_lose_time(*arguments: Any) -> Any:
        found = look_up(*arguments)
        for kind in once:
            log.write(kind)
        return found

    monkeypatch.setattr(selection, "_condition", look_up_and_lose_time)
    with closing(JournalQueries(log.directory)) as asked:
        first, here = page(asked, wanted, "asc", 10)
        second, _ = page(asked, here, "asc", 10)

    assert first + second == [1, 2, 3]
