"""What every journal answers, wherever it is kept."""

from datetime import timedelta

from bus_schemas.node import GapEvent
from consumers.store.journal.query_types import EventFilter
from consumers.store.journal.store import JournalStore, JournalWriter
from consumers.store.journal.writing import Rejected
from consumers.upkeep.verify.bodies import check_bodies
from consumers.upkeep.verify.streams import check_streams
from producer.times import micros
from tests import builders
from tests.contract.journal.entries import OWNER, RECEIVED, SOURCE, Clock, accepted, asking, numbered

DAY = timedelta(days=1)


def a_gap() -> GapEvent:
    return builders.make(
        GapEvent,
        builders.START,
        {"first": 1, "last": 7, "count": 7, "cause": "outbox_full"},
        {"epoch": "one", "sequence": 7},
    )


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
