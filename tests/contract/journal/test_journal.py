"""What every journal does with what is written to it, wherever it is kept."""

import sqlite3
from datetime import date, timedelta

import pytest

from consumers.store.journal.clickhouse.group import NotNext
from consumers.store.journal.query_types import EventFilter
from consumers.store.journal.store import JournalStore, JournalWriter
from tests import builders
from tests.contract.journal.entries import (
    OWNER,
    RECEIVED,
    SOURCE,
    Clock,
    accepted,
    asking,
    numbered,
    positions,
    reading,
)

DAY = timedelta(days=1)


def test_a_journal_that_nobody_has_begun_is_empty(store: JournalStore) -> None:
    assert not store.exists()
    with reading(store) as reader, asking(store) as questions:
        assert (reader.head(), reader.journal_id(), reader.floor(), reader.read(0).records) == (0, 0, 1, ())
        assert (questions.days(), questions.streams(), questions.gaps(), questions.rejected()) == ([], [], [], [])
        assert (questions.streams_count(), questions.active_streams(10)) == (0, [])
        assert (questions.head(), questions.select(EventFilter()), questions.find("x")) == (0, [], None)
        assert questions.rejected_count() == 0
    assert list(store.each_day()) == []


def test_positions_count_from_one_and_go_on_after_a_restart(store: JournalStore, clock: Clock) -> None:
    with store.writer(clock, OWNER) as journal:
        assert journal.append(numbered(1, 3)) == 3
    with store.writer(clock, OWNER) as journal:
        assert journal.head == 3
        assert journal.watermark(SOURCE, "one") == 3
        assert journal.append(numbered(4, 5)) == 5

    assert positions(store) == [1, 2, 3, 4, 5]
    assert store.exists()


def test_what_is_read_is_what_was_written(store: JournalStore, journal: JournalWriter) -> None:
    written = [*numbered(1, 2), *accepted(builders.thermal(id="Größe 'x' {y:String} %(z)s", device="ofen"))]
    journal.append(written)

    with reading(store) as reader:
        records = reader.read(0).records
    with asking(store) as questions:
        stored = questions.select(EventFilter())

    assert [record.event for record in records] == [one.event for one in written]
    assert [row.body for row in stored] == [one.body for one in written]
    assert {int(row.received.timestamp() * 1_000_000) for row in stored} == {RECEIVED}


def test_a_new_day_goes_on_with_positions_and_streams(
    store: JournalStore, clock: Clock, journal: JournalWriter
) -> None:
    journal.append(numbered(1, 2))
    clock.now += DAY
    journal.append(numbered(3, 4))

    assert journal.watermark(SOURCE, "one") == 4
    with asking(store) as questions:
        assert [(day.date, day.first, day.last) for day in questions.days()] == [
            (date(2026, 1, 5), 1, 2),
            (date(2026, 1, 6), 3, 4),
        ]
        assert all(day.bytes > 0 for day in questions.days())
        assert [(row.source, row.epoch, row.sequence) for row in questions.streams()] == [(SOURCE, "one", 4)]


def test_of_the_streams_those_come_first_that_are_the_newest_of_their_source(
    store: JournalStore, journal: JournalWriter
) -> None:
    def taken(device: str, epoch: str | None, second: int) -> None:
        sequence = None if epoch is None else 1
        event = builders.detection(id=f"{device}-{epoch}", device=device, epoch=epoch, sequence=sequence)
        journal.append(accepted(event, received=RECEIVED + second * 1_000_000))

    taken("quiet", "one", 0)
    for number in range(4):
        taken("flooded", f"epoch-{number}", 1 + number)
    taken("yard", "one", 6)
    taken("yard", None, 7)

    with asking(store) as questions:
        rows = questions.active_streams(6)
        assert questions.streams_count() == 7
        assert len(questions.active_streams(100)) == 7
    assert [(row.source.split("/")[-1], row.epoch) for row in rows] == [
        ("yard", "one"),
        ("flooded", "epoch-3"),
        ("quiet", "one"),
        ("yard", None),
        ("flooded", "epoch-2"),
        ("flooded", "epoch-1"),
    ]


def test_a_clock_that_goes_back_never_goes_back_to_an_earlier_day(
    store: JournalStore, clock: Clock, journal: JournalWriter
) -> None:
    journal.append(numbered(1, 1))
    clock.now -= 3 * DAY
    journal.append(numbered(2, 2))
    with store.writer(clock, OWNER) as again:
        again.append(numbered(3, 3))

    with asking(store) as questions:
        assert [(day.date, day.last) for day in questions.days()] == [(date(2026, 1, 5), 3)]


def test_one_sequence_of_a_stream_is_never_written_twice(store: JournalStore, journal: JournalWriter) -> None:
    journal.append(numbered(1, 3))

    for torn in (numbered(2, 4), [*numbered(4, 5), *numbered(5, 5)]):
        with pytest.raises((sqlite3.IntegrityError, NotNext)):
            journal.append(torn)

    assert journal.watermark(SOURCE, "one") == 3
    assert journal.append(numbered(4, 4)) == 4
    assert positions(store) == [1, 2, 3, 4]


def test_an_id_without_a_sequence_is_known_over_midnight(clock: Clock, journal: JournalWriter) -> None:
    journal.append(accepted(builders.detection(id="mine")))
    clock.now += DAY
    journal.append(accepted(builders.detection(id="other")))

    asked = [(SOURCE, "mine"), (SOURCE, "other"), (SOURCE, "new"), ("/sites/DEMO/devices/door", "mine")]
    assert journal.known_ids(asked) == {(SOURCE, "mine"), (SOURCE, "other")}
    assert journal.known_ids([]) == set()


def test_the_id_of_an_event_with_a_sequence_does_not_count(journal: JournalWriter) -> None:
    journal.append(numbered(1, 1))

    assert journal.known_ids([(SOURCE, "yard-1")]) == set()


def test_the_body_of_an_event_without_a_sequence_is_found_by_its_id(clock: Clock, journal: JournalWriter) -> None:
    mine, other = accepted(builders.detection(id="mine")), accepted(builders.detection(id="other"))
    journal.append(mine)
    clock.now += DAY
    journal.append(other)

    asked = [(SOURCE, "mine"), (SOURCE, "other"), (SOURCE, "new"), ("/sites/DEMO/devices/door", "mine")]
    assert journal.foreign_bodies(asked) == {(SOURCE, "mine"): mine[0].body, (SOURCE, "other"): other[0].body}
    assert journal.foreign_bodies([]) == {}


def test_many_ids_are_asked_for_at_once(journal: JournalWriter) -> None:
    journal.append(accepted(*[builders.detection(id=f"it's {number}") for number in range(1200)]))

    known = journal.known_ids([(SOURCE, f"it's {number}") for number in range(0, 2400, 2)])

    assert known == {(SOURCE, f"it's {number}") for number in range(0, 1200, 2)}
