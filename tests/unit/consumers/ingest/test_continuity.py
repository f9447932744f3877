"""Streams stay whole, whatever the bus does to their messages."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from bus_schemas.codec import to_bytes
from bus_schemas.event import Event
from bus_schemas.node import GapEvent
from consumers.ingest.continuity import GroupWatermarks, SequencePosition, position_in_stream
from consumers.ingest.items import Item, RefusedMessage
from consumers.ingest.plan import make_plan
from consumers.store.journal.envelope import sequences_of
from consumers.store.journal.writing import Accepted
from tests import builders


def test_an_event_is_next_known_or_beyond_a_hole() -> None:
    assert position_in_stream(4, 5, 5) is SequencePosition.NEXT
    assert position_in_stream(4, 4, 4) is SequencePosition.KNOWN
    assert position_in_stream(4, 6, 6) is SequencePosition.BEYOND_A_HOLE


def test_a_gap_continues_from_wherever_within_it_the_watermark_is() -> None:
    assert [position_in_stream(watermark, 5, 9) for watermark in (3, 4, 8, 9)] == [
        SequencePosition.BEYOND_A_HOLE,
        SequencePosition.NEXT,
        SequencePosition.NEXT,
        SequencePosition.KNOWN,
    ]


LAST = 30


def stream_events(epoch: str) -> list[Event]:
    """Sequences 1 to 30, of which 11 to 15 were dropped by the producer."""
    gap = builders.make(
        GapEvent,
        builders.START,
        {"first": 11, "last": 15, "count": 5, "cause": "outbox_full"},
        {"epoch": epoch, "sequence": 15},
    )
    numbers = [number for number in range(1, LAST + 1) if not 11 <= number <= 15]
    events: list[Event] = [builders.frame(epoch=epoch, sequence=number) for number in numbers]
    return [*events[:10], gap, *events[10:]]


STREAMS = {epoch: stream_events(epoch) for epoch in ("one", "two")}

spans = st.tuples(
    st.sampled_from(["one", "two"]), st.integers(0, LAST - 5), st.integers(1, LAST), st.sets(st.integers(1, LAST))
)
"""A stretch of a stream as a producer sends it after going back to some place; some of it arrives broken."""


def items_of(epoch: str, start: int, count: int, broken: set[int]) -> list[Item]:
    return [
        RefusedMessage("broken on its way", b"", "topic", 1, event.source, epoch, event.sequence)
        if event.sequence in broken and not isinstance(event, GapEvent)
        else Accepted(event, to_bytes(event), 1)
        for event in STREAMS[epoch][start : start + count]
    ]


@given(st.lists(st.lists(spans, max_size=4), max_size=12))
def test_each_sequence_is_taken_once_in_order_and_without_holes(
    groups: Sequence[Sequence[tuple[str, int, int, set[int]]]],
) -> None:
    watermarks: dict[tuple[str, str], int] = {}
    journal: dict[str, list[Event]] = {"one": [], "two": []}
    for group in groups:
        items = [item for span in group for item in items_of(*span)]
        plan = make_plan(items, lambda source, epoch: watermarks.get((source, epoch), 0), (), {})
        for accepted in plan.accepted:
            event = accepted.event
            assert isinstance(event, Event)
            assert event.epoch is not None
            assert event.sequence is not None
            journal[event.epoch].append(event)
            watermarks[event.source, event.epoch] = event.sequence

    for events in journal.values():
        reached = 0
        for event in events:
            first, last = sequences_of(event, event.sequence or 0)
            assert first <= reached + 1 <= last
            reached = last


def test_a_place_is_taken_once_within_a_group() -> None:
    streams = GroupWatermarks(lambda _source, _epoch: 6)

    taken = [streams.take(("source", "one"), number, number) for number in (6, 7, 7, 9, 8, 9)]

    assert taken == [False, True, False, False, True, True]
    assert streams.repeats == {("source", "one")}
    assert streams.holes == {("source", "one")}
