"""Events that nobody sends again wait for room: for a time, up to a size, and each device with its own."""

from bus_schemas.codec import to_bytes
from consumers.ingest.room_queue import MAX_BYTES, MAX_ITEMS, RETRY_S, WAITS_S, RoomQueue, Unfitting
from consumers.store.journal.writing import Accepted
from tests import builders

FULL = "the disk is full"


def event(name: str, device: str = "yard", size: int = 0) -> Unfitting:
    made = builders.detection(id=name, device=device)
    return Unfitting(Accepted(made, to_bytes(made).ljust(size), 1), FULL)


def test_a_repeated_event_waits_once_and_no_longer_for_it() -> None:
    now = [0.0]
    items = RoomQueue(lambda: now[0])
    for now[0] in (0.0, 10.0, 20.0):
        items.keep(items.settle([event("one")], were_tried=False))
    now[0] = WAITS_S

    [waiting] = items.due(2)
    settled = items.settle([Unfitting(waiting, FULL)], were_tried=True)

    assert settled.waiting == {}
    assert [one.reason for one in settled.refused] == ["the disk is full; it has waited 60 s for room"]


def test_another_body_under_the_same_id_waits_beside_it() -> None:
    items = RoomQueue(lambda: 0.0)

    settled = items.settle([event("one"), event("one", size=2000)], were_tried=False)

    assert len(settled.waiting) == 2


def test_they_count_as_received_when_they_are_taken_in_and_are_tried_now_and_then() -> None:
    now = 0.0
    items = RoomQueue(lambda: now)
    items.keep(items.settle([event("one")], were_tried=False))
    assert items.due(5) == []

    now = RETRY_S

    assert [item.received for item in items.due(5)] == [5]


def test_what_is_not_tried_goes_on_waiting_beside_what_comes() -> None:
    items = RoomQueue(lambda: 0.0)
    items.keep(items.settle([event("one")], were_tried=False))

    settled = items.settle([event("two")], were_tried=False)

    assert [one.item.event.id for one in settled.waiting.values()] == ["one", "two"]


def test_a_device_that_floods_loses_its_own_oldest_and_nobody_else_s() -> None:
    items = RoomQueue(lambda: 0.0)
    flood = [event(f"flood-{number}", "greedy") for number in range(MAX_ITEMS + 5)]

    settled = items.settle([event("first"), *flood, event("last")], were_tried=False)

    kept = [one.item.event.id for one in settled.waiting.values()]
    assert (len(kept), kept[0], kept[1], kept[-1]) == (MAX_ITEMS, "first", "flood-7", "last")
    assert {one.reason for one in settled.refused} == {"the disk is full; too much waits for room"}
    assert {one.topic for one in settled.refused} == {"watchpost/v1/DEMO/greedy/event/detection"}


def test_a_device_with_large_events_loses_them_before_others_lose_many_small_ones() -> None:
    items = RoomQueue(lambda: 0.0)
    small = [event(f"small-{number}") for number in range(20)]
    large = [event(f"large-{number}", "greedy", MAX_BYTES // 4) for number in range(5)]

    settled = items.settle([*large, *small], were_tried=False)

    assert [one.item.event.id for one in settled.waiting.values()][:3] == ["large-2", "large-3", "large-4"]
    assert len(settled.waiting) == 23
