"""What every journal does, wherever it is kept."""

import sqlite3
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from bus_schemas.camera import DetectionEvent, MotionEvent
from bus_schemas.node import GapEvent
from consumers.store.journal.clickhouse.group import NotNext
from consumers.store.journal.query_types import EventFilter
from consumers.store.journal.store import JournalStore, JournalWriter
from consumers.store.journal.writing import Rejected
from consumers.upkeep.verify.bodies import check_bodies
from consumers.upkeep.verify.streams import check_streams
from producer.times import micros
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


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def journal(store: JournalStore, clock: Clock) -> Iterator[JournalWriter]:
    with store.writer(clock, OWNER) as opened:
        yield opened


def a_gap() -> GapEvent:
    return builders.make(
        GapEvent,
        builders.START,
        {"first": 1, "last": 7, "count": 7, "cause": "outbox_full"},
        {"epoch": "one", "sequence": 7},
    )


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


def test_the_log_can_be_filtered_and_paged_in_both_directions(
    store: JournalStore, clock: Clock, journal: JournalWriter
) -> None:
    journal.append(accepted(*[builders.detection(builders.at(second), device="yard") for second in range(3)]))
    clock.now += DAY
    journal.append(accepted(*[builders.frame(builders.at(second), device="door") for second in range(3)]))

    def found(wanted: EventFilter, **how: object) -> list[int]:
        with asking(store) as questions:
            return [row.position for row in questions.select(wanted, **how)]  # type: ignore[arg-type]  # as each test names them

    assert found(EventFilter()) == [1, 2, 3, 4, 5, 6]
    assert found(EventFilter(), order="desc", limit=4) == [6, 5, 4, 3]
    assert found(EventFilter(before=3), order="desc") == [2, 1]
    assert found(EventFilter(after=2), limit=2) == [3, 4]
    assert found(EventFilter(device="door")) == [4, 5, 6]
    assert found(EventFilter(site="OTHER")) == []
    assert found(EventFilter(source=SOURCE, types=("watchpost.frame.v1",))) == []
    assert found(EventFilter(types=("watchpost.frame.v1", "watchpost.detection.v1"), after=5)) == [6]
    assert found(EventFilter(start=builders.at(1), end=builders.at(2))) == [2, 5]


def test_what_arrived_in_a_stretch_is_read_by_source(store: JournalStore, clock: Clock, journal: JournalWriter) -> None:
    for second in range(6):
        received = RECEIVED + second * 1_000_000
        device = "yard" if second % 2 else "door"
        journal.append(accepted(builders.detection(id=f"{second}", device=device), received=received))
    span = clock.now + timedelta(hours=1) + timedelta(seconds=1), clock.now + timedelta(hours=1) + timedelta(seconds=5)

    with asking(store) as questions:
        everything = questions.arrived(0, span, lambda source: True, 10)
        paged = questions.arrived(3, span, lambda source: True, 1)
        yard = questions.arrived(0, span, lambda source: source == SOURCE, 10)

    assert [position for position, _, _ in everything] == [2, 3, 4, 5]
    assert [position for position, _, _ in paged] == [4]
    assert [position for position, _, _ in yard] == [2, 4]


def test_an_event_is_found_by_its_id_in_whatever_day_it_is(
    store: JournalStore, clock: Clock, journal: JournalWriter
) -> None:
    journal.append(numbered(1, 1))
    clock.now += DAY
    journal.append(numbered(2, 2))

    with asking(store) as questions:
        found = [questions.find(name) for name in ("yard-1", "yard-2", "yard-3")]

    assert [one.position if one else None for one in found] == [1, 2, None]


def test_gaps_and_rejections_are_told_newest_first_over_the_days(
    store: JournalStore, clock: Clock, journal: JournalWriter
) -> None:
    journal.append(accepted(a_gap()), [Rejected(RECEIVED, "some/topic", "no event", b"\xff\x00x" * 10_000)])
    clock.now += DAY
    journal.append([], [Rejected(RECEIVED + 1, "some/topic", "neither", b"")])

    with asking(store) as questions:
        assert [(row.source, row.first, row.last, row.count, row.cause, row.time) for row in questions.gaps()] == [
            (SOURCE, 1, 7, 7, "outbox_full", builders.START)
        ]
        assert [row.gaps for row in questions.streams()] == [1]
        assert [(row.reason, row.size, row.body[:3], len(row.body)) for row in questions.rejected()] == [
            ("neither", 0, b"", 0),
            ("no event", 30_000, b"\xff\x00x", 4096),
        ]
        assert questions.rejected_count() == 2


def test_what_was_rejected_is_counted_on_when_the_oldest_are_not_kept(
    store: JournalStore, journal: JournalWriter
) -> None:
    for _ in range(5):
        journal.append([], [Rejected(RECEIVED, "some/topic", "no event", b"x")] * 7_000)

    with asking(store) as questions:
        kept = questions.rejected(100_000)
        assert questions.rejected_count() == 35_000
    assert 10_000 <= len(kept) <= 20_000
    assert len({row.id for row in kept}) == len(kept)


def test_a_new_day_knows_the_streams_of_the_day_before_after_a_restart_too(store: JournalStore, clock: Clock) -> None:
    with store.writer(clock, OWNER) as journal:
        journal.append(numbered(1, 3))
        clock.now += DAY
        journal.append(accepted(builders.detection(id="foreign")))

    with store.writer(clock, OWNER) as journal:
        assert journal.watermark(SOURCE, "one") == 3
        assert journal.append(numbered(4, 4)) == 5


def test_the_streams_are_one_mapping_for_the_life_of_a_writer(journal: JournalWriter) -> None:
    streams = journal.streams
    journal.append([*numbered(1, 3), *accepted(builders.detection(id="foreign"))])

    assert journal.streams is streams
    assert {key: (state.watermark, state.gaps) for key, state in streams.items()} == {
        (SOURCE, "one"): (3, 0),
        (SOURCE, ""): (0, 0),
    }


def test_a_whole_journal_is_found_to_be_whole(store: JournalStore, clock: Clock, journal: JournalWriter) -> None:
    journal.append(numbered(1, 3, device="door"))
    journal.append([*accepted(a_gap()), *accepted(builders.detection(id="foreign", device="street"))])
    clock.now += DAY
    journal.append([*numbered(8, 9), *numbered(4, 6, device="door")])

    found = check_streams(store)
    bodies = check_bodies(store)

    assert (found.faults, bodies.faults) == ([], [])
    assert found.notes == [
        "10 events in 2 streams, positions 1…10",
        "1 events come from devices that do not number theirs",
        "/sites/DEMO/devices/door (one): 1…6, no gap",
        "/sites/DEMO/devices/yard (one): 1…9, gaps: 7 outbox_full (1…7 outbox_full)",
    ]
    assert bodies.notes == ["10 events say what their columns say"]


def test_a_stretch_that_no_gap_explains_is_found(store: JournalStore, journal: JournalWriter) -> None:
    journal.append([*numbered(1, 3), *numbered(6, 7)])

    assert check_streams(store).faults == [f"{SOURCE} (one): 4…5 is missing, and no gap event says why"]


def test_a_question_tells_the_last_position_received_by_a_moment(
    store: JournalStore, clock: Clock, journal: JournalWriter
) -> None:
    for second in (0, 0, 7, 7):
        journal.append(accepted(builders.detection(), received=micros(builders.at(second))))
    clock.now += DAY
    journal.append(accepted(builders.detection(), received=micros(builders.at(9))))

    with asking(store) as questions:
        found = [questions.position_at(builders.at(second)) for second in (-1, 0, 6, 7, 8, 9, 100)]
    assert found == [0, 2, 2, 4, 4, 5, 5]


def test_the_ids_of_the_events_of_a_stream_are_known_over_midnight(clock: Clock, journal: JournalWriter) -> None:
    journal.append(numbered(1, 3))
    journal.append([*numbered(1, 3, device="door"), *accepted(a_gap())])
    clock.now += DAY
    journal.append(numbered(8, 9))

    asked = [(SOURCE, "one", sequence) for sequence in (2, 7, 8, 10)]
    assert journal.event_ids([*asked, (SOURCE.replace("yard", "door"), "one", 3), (SOURCE, "other", 2)]) == {
        (SOURCE, "one", 2): "yard-2",
        (SOURCE, "one", 8): "yard-8",
        (SOURCE.replace("yard", "door"), "one", 3): "door-3",
    }
    assert journal.event_ids([]) == {}
