"""A journal that was lost and begun again: its positions mean other events, and who counted in the old one notices."""

import shutil
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from bus_schemas.camera import FrameEvent
from bus_schemas.codec import to_bytes
from bus_schemas.event import Event
from consumers.engine.deliverer import Deliverer
from consumers.engine.follower import ConsumerContext, Follower
from consumers.engine.rebuild.compare import verify
from consumers.engine.rebuild.whole import rebuild
from consumers.engine.sink import Sink
from consumers.store.journal.reader import SqliteJournalReader
from consumers.store.journal.record import JournalReader, Recorded
from consumers.store.journal.writer import Journal
from consumers.store.journal.writing import Accepted
from consumers.views.health.projection import HealthProjection
from tests.builders import START, at, frame, numbered
from tests.memory_journal import MemoryJournal


class Received(Sink):
    name: ClassVar[str] = "heard"
    models: ClassVar[tuple[type[Event], ...]] = (FrameEvent,)

    def __init__(self) -> None:
        self.ids: list[str] = []

    def begins_after(self, journal: JournalReader) -> int:
        return 0

    def deliver(self, state: object, batch: Sequence[Recorded]) -> Sequence[Event]:
        self.ids += [record.event.id for record in batch]
        return ()


def follow(data: Path, journal: MemoryJournal) -> ConsumerContext:
    context = ConsumerContext(data, journal, lambda: START)
    with closing(Follower(HealthProjection(), context)) as follower:
        while follower.advance():
            pass
    return context


def test_a_view_of_a_journal_that_was_lost_begins_again_with_the_new_one(tmp_path: Path) -> None:
    follow(tmp_path, MemoryJournal([frame(at(second), device="old") for second in range(9)], journal_id=1))

    source = follow(tmp_path, MemoryJournal([frame(at(20), device="new")], journal_id=2))

    assert verify(HealthProjection(), source) == []


def test_a_view_notices_while_it_follows_that_the_journal_is_another_one(tmp_path: Path) -> None:
    lost, found = MemoryJournal([frame(), frame()], journal_id=1), MemoryJournal([frame(device="new")], journal_id=2)
    with closing(Follower(HealthProjection(), ConsumerContext(tmp_path, lost, lambda: START))) as follower:
        follower.advance()
        follower._context = ConsumerContext(tmp_path, found, lambda: START)

        assert follower.advance() == 1
    assert verify(HealthProjection(), ConsumerContext(tmp_path, found, lambda: START)) == []


def test_a_rebuild_leaves_a_view_of_another_journal_to_whoever_follows(tmp_path: Path) -> None:
    follow(tmp_path, MemoryJournal([frame(), frame()], journal_id=1))
    found = ConsumerContext(tmp_path, MemoryJournal([frame()], journal_id=2), lambda: START)

    rebuild(HealthProjection(), found)

    follow(tmp_path, MemoryJournal([frame()], journal_id=2))
    assert verify(HealthProjection(), found) == []


def test_a_sink_is_given_everything_of_a_new_journal(tmp_path: Path) -> None:
    for life in (1, 2):
        sink = Received()
        journal = MemoryJournal([frame(id=f"{life}-{number}") for number in range(3 - life)], journal_id=life)
        with closing(Deliverer(sink, ConsumerContext(tmp_path, journal, lambda: START))) as deliverer:
            deliverer.advance()

    assert sink.ids == ["2-0"]


def accepted() -> list[Accepted]:
    return [Accepted(event, to_bytes(event), 0) for event in numbered([frame()])]


def test_a_journal_keeps_its_life_from_day_to_day(tmp_path: Path) -> None:
    days = iter(datetime(2026, 1, day, tzinfo=UTC) for day in (5, 5, 6, 7))
    with closing(Journal(tmp_path, lambda: next(days))) as journal, closing(SqliteJournalReader(tmp_path)) as reader:
        journal.append(accepted())
        first = reader.journal_id()
        journal.append([])

        assert reader.journal_id() == first > 0
        assert len(list(tmp_path.glob("*.sqlite"))) == 2


def test_a_reader_leaves_a_journal_in_whose_place_there_is_another(tmp_path: Path) -> None:
    directory = tmp_path / "journal"
    with closing(Journal(directory, lambda: START)) as journal:
        journal.append(accepted())
    with closing(SqliteJournalReader(directory)) as reader:
        before, head = reader.journal_id(), reader.head()
        shutil.rmtree(directory)
        Journal(directory, lambda: START).close()

        assert (head, reader.head()) == (1, 0)
        assert reader.journal_id() not in (0, before)
