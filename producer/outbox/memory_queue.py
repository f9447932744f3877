"""Keeps what has no room on the disk in memory: a disk is often full for some seconds only."""

from collections import defaultdict, deque
from collections.abc import Sequence
from typing import Final

from bus_schemas.streams import Traffic
from producer.outbox.limits import DISK_FULL
from producer.outbox.priority import DROPPABLE, Priority
from producer.outbox.tables import Draft, DroppedDrafts, Item

MAX_BYTES: Final = 32 * 1024 * 1024


class WaitingItems:
    """Holds what waits in its order. Beyond its bytes the lowest priority goes first, and of that the oldest of the
    source that has most, so that one camera that sends much costs itself.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._items: list[Item] = []

    def __bool__(self) -> bool:
        return bool(self._items)

    def take(self) -> list[Item]:
        """All that waits, which then waits no more."""
        items, self._items = self._items, []
        return items

    def hold(self, items: Sequence[Item]) -> None:
        """Keep these in place of what waited before."""
        self._items = _thinned(list(items), self._max_bytes)


def by_urgency(items: Sequence[Item]) -> tuple[list[Item], list[Item]]:
    """Events, and media: they are in different streams, so that each may be committed without the other."""
    urgent = [item for item in items if item.traffic is Traffic.EVENTS]
    return urgent, [item for item in items if item.traffic is not Traffic.EVENTS]


def weight(items: Sequence[Item]) -> int:
    """Approximate bytes in the outbox."""
    return sum(item.weight for item in items if isinstance(item, Draft))


def without(item: Item, worst: Priority) -> Item:
    """Drafts of a lower priority than `worst` are dropped before any row of that priority."""
    return _dropped(item) if isinstance(item, Draft) and item.rank < worst else item


def _dropped(draft: Draft) -> DroppedDrafts:
    return DroppedDrafts(draft.source, DISK_FULL, draft.event.time, traffic=draft.traffic)


def _thinned(items: list[Item], max_bytes: int) -> list[Item]:
    excess = weight(items) - max_bytes
    for priority in DROPPABLE:
        if excess <= 0:
            break
        excess = _drop_from_the_heaviest(items, priority, excess)
    return items


def _drop_from_the_heaviest(items: list[Item], priority: Priority, excess: int) -> int:
    """Drop drafts of one priority in place until nothing is in excess or none is left. Returns the excess."""
    places: defaultdict[str, deque[int]] = defaultdict(deque)
    weights: defaultdict[str, int] = defaultdict(int)
    for place, item in enumerate(items):
        if isinstance(item, Draft):
            weights[item.source] += item.weight
            if item.rank is priority:
                places[item.source].append(place)
    while excess > 0 and places:
        source = max(places, key=weights.__getitem__)
        place = places[source].popleft()
        draft = items[place]
        assert isinstance(draft, Draft)
        items[place] = _dropped(draft)
        weights[source] -= draft.weight
        excess -= draft.weight
        if not places[source]:
            del places[source]
    return excess
