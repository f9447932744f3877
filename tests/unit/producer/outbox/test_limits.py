"""What an outbox gives up, and that it tells of it."""

import contextlib
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from bus_schemas.catalogue import MODELS, short_name
from bus_schemas.codec import read_stored
from bus_schemas.event import Event
from bus_schemas.node import GapEvent
from bus_schemas.streams import Traffic
from producer.outbox import backlog
from producer.outbox.limits import DISK_FULL, OutboxLimits, drop_stale, enforce, release, usage
from producer.outbox.priority import BY_TYPE, DROPPABLE, Priority, priority_of
from producer.outbox.tables import Draft, connect, open_tables, put_many
from producer.transaction import transaction
from tests.examples import examples
from tests.node_parts import NOON, OTHER, SOURCE, detection, frame, health, medium

PLENTY = 1_000_000_000


def opened(path: Path) -> sqlite3.Connection:
    connection = connect(path)
    open_tables(connection)
    return connection


def stored(connection: sqlite3.Connection, source: str = SOURCE, traffic: Traffic = Traffic.EVENTS) -> list[Event]:
    streams = {(stream.source, stream.traffic): stream.id for stream in backlog.streams(connection)}
    return read_stored(row.body for row in backlog.rows_after(connection, streams.get((source, traffic), 0), 0, 10_000))


def pictures(connection: sqlite3.Connection) -> list[Event]:
    return stored(connection, traffic=Traffic.PICTURES)


def put_all(connection: sqlite3.Connection, *drafts: Draft) -> None:
    with transaction(connection):
        put_many(connection, drafts)


def bound(connection: sqlite3.Connection, limits: OutboxLimits) -> None:
    with transaction(connection):
        enforce(connection, limits, NOON)


def confirm(connection: sqlite3.Connection, source: str, sequence: int) -> None:
    with transaction(connection):
        stream = next(stream for stream in backlog.streams(connection) if stream.source == source)
        backlog.confirm(connection, stream.id, sequence)


def shape(events: list[Event]) -> list[str]:
    return [
        f"gap {event.data.first}-{event.data.last}" if isinstance(event, GapEvent) else event.type.split(".")[1]
        for event in events
    ]


def steps(connection: sqlite3.Connection, limits: OutboxLimits) -> int:
    """What SQLite does to keep to the limits, in steps of its machine, to the next hundred."""
    counted: list[None] = []
    connection.set_progress_handler(lambda: counted.append(None), 100)
    bound(connection, limits)
    connection.set_progress_handler(None, 0)
    return len(counted) * 100


def test_a_commit_does_not_go_through_all_that_an_outage_has_left(tmp_path: Path) -> None:
    with contextlib.closing(opened(tmp_path / "node.sqlite")) as outbox:
        put_all(outbox, *[detection(source=source) for source in (SOURCE, OTHER) for _ in range(2000)])

        assert steps(outbox, OutboxLimits()) < 1000


def test_the_oldest_of_the_lowest_class_goes_first(tmp_path: Path) -> None:
    with contextlib.closing(opened(tmp_path / "node.sqlite")) as outbox:
        put_all(outbox, medium(b"x" * 5000), health(), medium(b"x" * 5000), detection(), medium(b"x" * 5000))
        bound(outbox, OutboxLimits(max_bytes=13_000, tail_bytes=0))

        assert shape(stored(outbox)) == ["health", "detection"]
        assert shape(pictures(outbox)) == ["gap 1-1", "media", "media"]


def test_neighbours_that_go_become_one_gap(tmp_path: Path) -> None:
    with contextlib.closing(opened(tmp_path / "node.sqlite")) as outbox:
        put_all(outbox, detection(), *[medium(b"x" * 5000) for _ in range(4)], frame(), health())
        bound(outbox, OutboxLimits(max_bytes=2200, tail_bytes=0))
        after_media = shape(stored(outbox)), shape(pictures(outbox))
        bound(outbox, OutboxLimits(max_bytes=1500, tail_bytes=0))

        assert after_media == (["detection", "frame", "health"], ["gap 1-4"])
        assert shape(stored(outbox)) == ["gap 1-2", "health"]


def test_the_confirmed_tail_goes_before_anything_that_is_not_confirmed(tmp_path: Path) -> None:
    with contextlib.closing(opened(tmp_path / "node.sqlite")) as outbox:
        put_all(outbox, health(), health(), medium(b"x" * 1000), medium(b"x" * 1000))
        confirm(outbox, SOURCE, 2)
        bound(outbox, OutboxLimits(max_bytes=3200, tail_bytes=3200))

        assert stored(outbox) == []
        assert shape(pictures(outbox)) == ["media", "media"]


def test_the_tail_is_kept_up_to_its_bytes_and_age(tmp_path: Path) -> None:
    with contextlib.closing(opened(tmp_path / "node.sqlite")) as outbox:
        old = NOON - timedelta(hours=25)
        put_all(outbox, detection(at=old), *[detection(at=NOON) for _ in range(9)], detection(at=old))
        confirm(outbox, SOURCE, 10)
        each = usage(outbox).tail_bytes // 10
        bound(outbox, OutboxLimits(tail_bytes=PLENTY, max_bytes=PLENTY))
        by_age = [event.sequence for event in stored(outbox)]
        bound(outbox, OutboxLimits(tail_bytes=3 * each + 10, max_bytes=PLENTY))

        assert by_age == list(range(2, 12))
        assert [event.sequence for event in stored(outbox)] == [8, 9, 10, 11]


@pytest.mark.parametrize(("disk", "tail"), [(700_000_000, 35_000_000), (1_000_000_000_000, 1_000_000_000)])
def test_the_tail_is_a_small_share_of_a_small_disk(disk: int, tail: int) -> None:
    assert OutboxLimits().on_disk(disk) == OutboxLimits(tail_bytes=tail)


def test_a_watermark_that_goes_back_makes_the_tail_unconfirmed_again(tmp_path: Path) -> None:
    with contextlib.closing(opened(tmp_path / "node.sqlite")) as outbox:
        put_all(outbox, *[detection() for _ in range(10)])
        confirm(outbox, SOURCE, 10)
        confirm(outbox, SOURCE, 4)
        bound(outbox, OutboxLimits(tail_bytes=0, max_bytes=PLENTY))

        assert [event.sequence for event in stored(outbox)] == [5, 6, 7, 8, 9, 10]
        assert usage(outbox).tail_bytes == 0


def test_pictures_that_are_too_old_for_a_slow_link_become_one_gap(tmp_path: Path) -> None:
    with contextlib.closing(opened(tmp_path / "node.sqlite")) as outbox:
        moments = [NOON + timedelta(seconds=seconds) for seconds in (0, 0.5, 1, 6, 7, 8)]
        put_all(outbox, health(), *[medium(b"x" * 100, at=moment) for moment in moments])
        [stream] = [stream for stream in backlog.streams(outbox) if stream.traffic is Traffic.PICTURES]
        with transaction(outbox):
            assert drop_stale(outbox, stream, 1, NOON) == 2
            assert drop_stale(outbox, stream, 3, NOON) == 0

        assert shape(pictures(outbox)) == ["media", "gap 2-3", "media", "media", "media"]
        assert [e.data.cause for e in pictures(outbox) if isinstance(e, GapEvent)] == ["link_too_slow"]


def test_room_is_made_for_others_up_to_a_class(tmp_path: Path) -> None:
    with contextlib.closing(opened(tmp_path / "node.sqlite")) as outbox:
        put_all(outbox, medium(b"x" * 2000), frame(), health())
        with transaction(outbox):
            freed = release(outbox, PLENTY, Priority.FRAME, NOON)

        assert freed > 2000
        assert shape(stored(outbox)) == ["gap 1-1", "health"]
        assert shape(pictures(outbox)) == ["gap 1-1"]
        assert [e.data.cause for e in pictures(outbox) if isinstance(e, GapEvent)] == [DISK_FULL]


MAKERS = (detection, frame, health, lambda source: medium(b"x" * 3000, source=source))
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["put", "confirm", "back", "bound"]), st.integers(0, 3), st.booleans(), st.integers(1, 9)
    ),
    max_size=40,
)


@examples(60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, max_bytes=st.integers(2_000, 30_000))
def test_every_sequence_is_there_told_as_a_gap_or_confirmed(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, bool, int]], max_bytes: int
) -> None:
    limits = OutboxLimits(max_bytes=max_bytes, tail_bytes=max_bytes // 2)
    path = tmp_path_factory.mktemp("outbox") / "node.sqlite"
    with contextlib.closing(opened(path)) as outbox:
        for what, kind, other, number in steps:
            source = OTHER if other else SOURCE
            if what == "put":
                put_all(outbox, *[MAKERS[kind](source=source) for _ in range(number)])
            elif what == "bound":
                bound(outbox, limits)
            for stream in backlog.streams(outbox) if what in ("confirm", "back") else ():
                if stream.source == source:
                    step = number if what == "confirm" else -number
                    with transaction(outbox):
                        mark = max(0, min(stream.sequence, stream.watermark + step))
                        backlog.confirm(outbox, stream.id, mark)
        bound(outbox, limits)

        _check_streams(outbox, limits)


def _check_streams(outbox: sqlite3.Connection, limits: OutboxLimits) -> None:
    used = usage(outbox)
    assert used.tail_bytes <= limits.tail_bytes
    assert used.bytes == outbox.execute("select coalesce(sum(size), 0) from outbox_event").fetchone()[0]
    droppable = outbox.execute("select count(*) from outbox_event where gap_first is null").fetchone()[0]
    assert used.bytes <= limits.max_bytes or not droppable
    for stream in backlog.streams(outbox):
        rows = list(backlog.rows_after(outbox, stream.id, 0, 10_000))
        following = [row.first for row in rows[1:]] + [stream.sequence + 1]
        # What is before the first row was forgotten, whether a watermark went back later or not.
        assert [row.sequence + 1 for row in rows] == following[: len(rows)] or not rows
        assert all(event.sequence == row.sequence for event, row in zip(stored_rows(rows), rows, strict=True))


def stored_rows(rows: list[backlog.OutboxRow]) -> list[Event]:
    return read_stored(row.body for row in rows)


@pytest.mark.parametrize(
    ("draft", "expected"),
    [
        (medium(), Priority.PICTURE),
        (medium(kind="segment"), Priority.SEGMENT),
        (medium(kind="thermal"), Priority.SEGMENT),
        (frame(), Priority.FRAME),
        (detection(), Priority.FINDING),
        (health(), Priority.VITAL),
    ],
)
def test_each_type_has_its_class(draft: Draft, expected: Priority) -> None:
    assert priority_of(draft.event) == expected


def test_every_type_of_the_contract_but_media_has_a_class_of_its_own() -> None:
    said = {short_name(event_type) for event_type in MODELS} - {"media"}

    assert set(BY_TYPE) == said
    assert BY_TYPE["gap"] is Priority.GAP
    assert Priority.GAP not in DROPPABLE


def test_a_type_that_nobody_has_thought_of_does_not_outlive_what_is_vital() -> None:
    new = detection().event.model_copy(update={"type": "watchpost.vibration.v1"})

    assert priority_of(new) is Priority.FINDING


def test_what_is_confirmed_does_not_wait_though_it_is_kept(tmp_path: Path) -> None:
    with contextlib.closing(opened(tmp_path / "o.sqlite")) as connection:
        put_all(connection, *map(detection, range(3)))
        waiting = usage(connection).waiting_bytes
        confirm(connection, SOURCE, 2)
        used = usage(connection)

    assert waiting == used.bytes > 0
    assert 0 < used.waiting_bytes < used.bytes
    assert used.waiting_bytes == used.bytes - used.tail_bytes
