"""Keeps events that nobody sends again in memory until the disk has room for them, for a bounded time.

Their producers have the acknowledgement of the broker, and the broker would forget them with our connection. Left
unacknowledged there they would close the window through which everybody else's messages come.
"""

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from consumers.ingest.items import Item, RefusedMessage, Taken, item_bytes
from consumers.ingest.rejection import rejection
from producer.clock import Elapsed

WAITS_S: Final = 60.0
"""Clean-up makes room within seconds, where it can."""
RETRY_S: Final = 0.5
MAX_ITEMS: Final = 2000
MAX_BYTES: Final = 8 * 1024 * 1024


class Unfitting(NamedTuple):
    """An event that the disk has no room for now, and why."""

    item: Taken
    reason: str


class _Waiting(NamedTuple):
    item: Taken
    reason: str
    since: float


_Key = tuple[str, str, bytes]
"""Source, id and body: a device may repeat an event until it sees it. Another body under the same id is another one."""


class NextQueue(NamedTuple):
    """What is to wait, and the refusals of what has waited too long or is too much."""

    waiting: dict[_Key, _Waiting]
    refused: list[RefusedMessage]
    were_tried: bool


class RoomQueue:
    """Used by the loop of ingest alone. A device that has too much waiting loses its own oldest."""

    def __init__(self, elapsed: Elapsed = time.monotonic) -> None:
        self._elapsed = elapsed
        self._waiting: dict[_Key, _Waiting] = {}
        self._due_at = 0.0

    def wait_s(self) -> float:
        """Until they are to be tried again; for ever where none waits."""
        return max(0.0, self._due_at - self._elapsed()) if self._waiting else float("inf")

    def due(self, received: int) -> list[Taken]:
        """Those that wait, if they are to be tried again. `received` grows with the position in the journal, so they
        count as received at this moment.
        """
        if self.wait_s():
            return []
        return [one.item._replace(received=received) for one in self._waiting.values()]

    def settle(self, unfitting: Sequence[Unfitting], *, were_tried: bool) -> NextQueue:
        """Changes nothing yet. `were_tried`: those that waited were tried again, and are in `unfitting` or taken in."""
        now = self._elapsed()
        waiting: dict[_Key, _Waiting] = {} if were_tried else dict(self._waiting)
        refused = []
        for item, reason in unfitting:
            key = _key(item)
            before = self._waiting.get(key)
            since = now if before is None else before.since
            if now - since < WAITS_S:
                waiting.setdefault(key, _Waiting(item, reason, since))
            else:
                refused.append(without_body(item, f"{reason}; it has waited {WAITS_S:.0f} s for room"))
        refused += [without_body(one.item, f"{one.reason}; too much waits for room") for one in _excess(waiting)]
        return NextQueue(waiting, refused, were_tried)

    def keep(self, settled: NextQueue) -> None:
        """These wait from now on: everything else of the group is durable."""
        if settled.were_tried or not self._waiting:
            self._due_at = self._elapsed() + RETRY_S
        self._waiting = settled.waiting

    def refused_at_the_end(self) -> list[RefusedMessage]:
        """Refusals of those that still wait, for a process that ends."""
        return [without_body(one.item, f"{one.reason}; it waited for room") for one in self._waiting.values()]


def _excess(waiting: dict[_Key, _Waiting]) -> Iterator[_Waiting]:
    """Take out what is more than may wait: the oldest of the source that has most."""
    size = sum(item_bytes(one.item) for one in waiting.values())
    if len(waiting) <= MAX_ITEMS and size <= MAX_BYTES:
        return
    sources: dict[str, list[_Key]] = defaultdict(list)
    held: dict[str, int] = defaultdict(int)
    for key, one in reversed(waiting.items()):
        sources[key[0]].append(key)
        held[key[0]] += item_bytes(one.item)
    while len(waiting) > MAX_ITEMS or size > MAX_BYTES:
        by_count = len(waiting) > MAX_ITEMS
        greedy = max(sources, key=lambda source: len(sources[source]) if by_count else held[source])
        one = waiting.pop(sources[greedy].pop())
        size -= item_bytes(one.item)
        held[greedy] -= item_bytes(one.item)
        yield one


def _key(item: Taken) -> _Key:
    return item.event.source, item.event.id, item.body


def without_body(item: Item, reason: str) -> RefusedMessage:
    """A rejection that takes no room itself."""
    if isinstance(item, RefusedMessage):
        return replace(item, body=b"", reason=reason)
    rejected = rejection(item, reason)
    return RefusedMessage(reason, b"", rejected.topic, rejected.received)
