"""How every journal is read, wherever it is kept."""

from datetime import date, timedelta

from bus_schemas.camera import DetectionEvent, MotionEvent
from bus_schemas.node import GapEvent
from consumers.store.journal.query_types import EventFilter
from consumers.store.journal.store import JournalStore, JournalWriter
from consumers.upkeep.verify.streams import check_streams
from tests import builders
from tests.contract.journal.entries import OWNER, SOURCE, Clock, accepted, asking, numbered, reading

DAY = timedelta(days=1)


def test_a_reader_goes_from_day_to_day_in_batches(store: JournalStore, clock: Clock, journal: JournalWriter) -> None:
    journal.append(numbered(1, 5))
    clock.now += DAY
    journal.append(numbered(6, 9))

    with reading(store) as reader:
        batches = [reader.read(after, limit=3) for after in (0, 3, 6, 9)]

    assert [[record.position for record in batch.records] for batch in batches] == [[1, 2, 3], [4, 5, 6], [7, 8, 9], []]
    assert [batch.upto for batch in batches] == [3, 6, 9, 9]


def test_a_reader_of_rare_events_is_taken_to_the_head(
    store: JournalStore, clock: Clock, journal: JournalWriter
) -> None:
    journal.append(numbered(1, 2))
    clock.now += DAY
    journal.append([*numbered(3, 3, builders.frame), *numbered(4, 4)])

    with reading(store) as reader:
        assert reader.read(0, [GapEvent]).upto == 4
        detections = reader.read(0, [DetectionEvent])
        assert ([record.position for record in detections.records], detections.upto) == ([1, 2, 4], 4)


def test_the_few_are_found_far_apart_in_a_long_log(store: JournalStore, journal: JournalWriter) -> None:
    rare = {1, 2500, 2501, 9_000, 9_999}
    makers = [builders.thermal if number in rare else builders.detection for number in range(1, 10_001)]
    journal.append([one for number, make in enumerate(makers, 1) for one in numbered(number, number, make)])
    thermal = ("watchpost.thermal.v1",)

    with reading(store) as reader, asking(store) as questions:
        first = reader.read(0, [type(builders.thermal())], limit=3)
        rest = reader.read(first.upto, [type(builders.thermal())], limit=3)
        down = [row.position for row in questions.select(EventFilter(types=thermal), 4, "desc")]
        up = [row.position for row in questions.select(EventFilter(types=thermal, after=1), 4)]

    assert [record.position for record in (*first.records, *rest.records)] == sorted(rare)
    assert (first.upto, rest.upto) == (2501, 10_000)
    assert down == [9_999, 9_000, 2501, 2500]
    assert up == [2500, 2501, 9_000, 9_999]


def test_old_versions_are_read_as_the_current_one(store: JournalStore, journal: JournalWriter) -> None:
    journal.append(accepted(builders.motion_v1()))

    with reading(store) as reader:
        (record,) = reader.read(0, [MotionEvent]).records

    assert isinstance(record.event, MotionEvent)


def test_a_reader_meets_a_day_that_begins_and_days_that_are_dropped(
    store: JournalStore, clock: Clock, journal: JournalWriter
) -> None:
    with reading(store) as reader:
        assert reader.head() == 0
        for day in range(4):
            journal.append(numbered(day + 1, day + 1))
            assert reader.head() == day + 1
            clock.now += DAY
        store.drop(date(2026, 1, 5))
        store.drop(date(2026, 1, 6))
        store.drop(date(2026, 1, 6))

        assert [record.position for record in reader.read(0).records] == [3, 4]
        assert (reader.floor(), reader.head()) == (3, 4)


def test_a_stream_is_known_when_its_days_are_dropped(store: JournalStore, clock: Clock) -> None:
    with store.writer(clock, OWNER) as journal:
        journal.append([*numbered(1, 3), *numbered(1, 1, device="door")])
        for sequence in (2, 3):
            clock.now += DAY
            journal.append(numbered(sequence, sequence, device="door"))
    store.drop(date(2026, 1, 5))

    with store.writer(clock, OWNER) as journal:
        assert journal.head == 6
        assert journal.watermark(SOURCE, "one") == 3
        assert journal.append(numbered(4, 4)) == 7
    assert check_streams(store).faults == ["position 1…4 is gone with its days, and no retention event says why"]


def test_a_journal_keeps_its_life_and_another_has_another(store: JournalStore, clock: Clock) -> None:
    with reading(store) as reader:
        with store.writer(clock, OWNER):
            first = reader.journal_id()
        with store.writer(clock, OWNER):
            assert reader.journal_id() == first
    assert first > 0
