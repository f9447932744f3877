"""Items that wait in memory for room on the disk."""

from hypothesis import given
from hypothesis import strategies as st

from bus_schemas.streams import Traffic
from producer.outbox.memory_queue import WaitingItems, by_urgency, weight
from producer.outbox.priority import Priority
from producer.outbox.tables import Draft, DroppedDrafts, Item
from tests.node_parts import OTHER, SOURCE, detection, frame, health, medium


def picture(source: str, size: int) -> Draft:
    return medium(b"x" * size, source=source)


def recorded(source: str, size: int) -> Draft:
    return medium(b"x" * size, kind="segment", source=source)


def dropped(items: list[Item]) -> list[tuple[str, Traffic]]:
    return [(item.source, item.traffic) for item in items if isinstance(item, DroppedDrafts)]


def test_events_are_told_from_media_each_in_order() -> None:
    events, media = [health(), detection(), frame()], [picture(SOURCE, 10), recorded(SOURCE, 10)]

    assert by_urgency([media[0], *events, media[1]]) == (events, media)


def test_what_is_taken_waits_no_more() -> None:
    waiting = WaitingItems()
    items = [health(), picture(SOURCE, 10)]
    waiting.hold(items)

    assert waiting.take() == items
    assert not waiting
    assert waiting.take() == []


def test_the_source_that_has_most_loses_its_oldest_pictures() -> None:
    waiting = WaitingItems(max_bytes=30_000)
    items = [picture(OTHER, 2_000), *[picture(SOURCE, 8_000) for _ in range(5)], recorded(SOURCE, 1_000)]
    waiting.hold(items)
    left = waiting.take()

    assert dropped(left) == [(SOURCE, Traffic.PICTURES)] * 3
    assert [left[0], *left[4:]] == [items[0], *items[4:]]


def test_recordings_go_when_no_picture_is_left_and_events_last() -> None:
    waiting = WaitingItems(max_bytes=10_000)
    waiting.hold(
        [picture(OTHER, 2_000), recorded(SOURCE, 8_000), recorded(SOURCE, 8_000), recorded(OTHER, 8_000), health()]
    )

    assert dropped(waiting.take()) == [
        (OTHER, Traffic.PICTURES),
        (SOURCE, Traffic.RECORDING),
        (SOURCE, Traffic.RECORDING),
    ]


SIZES = st.lists(st.tuples(st.sampled_from((SOURCE, OTHER)), st.booleans(), st.integers(1, 9_000)), max_size=30)


@given(SIZES, st.integers(0, 60_000))
def test_each_item_is_kept_or_dropped_in_its_place_within_the_bytes(
    sizes: list[tuple[str, bool, int]], max_bytes: int
) -> None:
    items: list[Item] = [
        recorded(source, size) if is_recording else picture(source, size) for source, is_recording, size in sizes
    ]
    waiting = WaitingItems(max_bytes)
    before = list(items)
    waiting.hold(items)
    left = waiting.take()

    assert weight(left) <= max_bytes
    assert len(left) == len(before)
    for kept, item in zip(left, before, strict=True):
        assert kept is item or (isinstance(kept, DroppedDrafts) and kept.traffic is item.traffic)
    if any(isinstance(item, DroppedDrafts) and item.traffic is Traffic.RECORDING for item in left):
        assert not [item for item in left if isinstance(item, Draft) and item.rank is Priority.PICTURE]
