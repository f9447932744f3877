"""Hands events from many capture threads to the committing thread, without making them wait."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bus_schemas.streams import Traffic
from producer.outbox.priority import Priority
from producer.outbox.tables import Draft, DroppedDrafts, Item

HANDOFF_FULL = "handoff_full"
MAX_ITEMS = 20_000
MAX_BYTES = 32 * 1024 * 1024


class OutboxFailed(OSError):
    """The outbox is closed, or its file cannot be written. `items` could not be committed."""

    def __init__(self, reason: str, items: Sequence[Item] = ()) -> None:
        super().__init__(reason)
        self.items = items


class OutboxStuck(OutboxFailed):
    """Its disk is full, and nothing that the hub confirms makes room on it."""

    def __init__(self, reason: str = "No space left on device", items: Sequence[Item] = ()) -> None:
        super().__init__(reason, items)


@dataclass(slots=True)
class Ticket:
    """Lets a thread wait for the commit of what it handed over; `is_committed` once that has happened."""

    done: threading.Event = field(default_factory=threading.Event)
    is_committed: bool = False
    is_of_media: bool = True
    """Whether it waits for media too, which may wait for room on the disk."""

    def settle(self, is_committed: bool) -> None:
        self.is_committed = is_committed
        self.done.set()


@dataclass(frozen=True, slots=True)
class CommitBatch:
    """The items that are committed together next, and the threads that wait for it."""

    items: list[Item]
    tickets: list[Ticket]


class Handoff:
    """A bounded queue. The fuller it is, the fewer priorities it accepts; a gap event counts what it dropped."""

    def __init__(self, max_items: int = MAX_ITEMS, max_bytes: int = MAX_BYTES) -> None:
        self._max_items = max_items
        self._max_bytes = max_bytes
        self._changed = threading.Condition()
        self._items: list[Item] = []
        self._lost_at: dict[tuple[str, Traffic], int] = {}
        self._bytes = 0
        self._tickets: list[Ticket] = []
        self._closed: OutboxFailed | None = None

    def give(self, drafts: Sequence[Draft], ticket: Ticket | None = None) -> None:
        """Raises `OutboxFailed` where the queue is closed."""
        with self._changed:
            if self._closed is not None:
                raise self._closed
            for draft in drafts:
                self._add(draft)
            if ticket is not None:
                # Without drafts it waits for all that was given before.
                ticket.is_of_media = not drafts or any(draft.traffic is not Traffic.EVENTS for draft in drafts)
                self._tickets.append(ticket)
            self._changed.notify()

    def take(self, timeout_s: float | None = None) -> CommitBatch | None:
        """Wait for events or waiting threads, and take all of them; none after `timeout_s`.

        Returns `None` once the queue is closed and empty.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._tickets or self._closed is not None, timeout_s)
            if self._closed is not None and not (self._items or self._tickets):
                return None
            load = CommitBatch(self._items, self._tickets)
            self._items, self._lost_at, self._tickets, self._bytes = [], {}, [], 0
            return load

    @property
    def failure(self) -> OutboxFailed | None:
        """Why it accepts no more."""
        return self._closed

    def close(self, reason: OutboxFailed) -> None:
        """Accept no more. Events that are already queued can still be taken."""
        with self._changed:
            self._closed = self._closed or reason
            self._changed.notify_all()

    def abandon(self, reason: OutboxFailed) -> None:
        """Accept no more, and report to waiting threads that their events will not be committed."""
        self.close(reason)
        with self._changed:
            for ticket in self._tickets:
                ticket.settle(is_committed=False)
            self._tickets = []

    def _add(self, draft: Draft) -> None:
        if self._takes(draft):
            self._lost_at.pop((draft.source, draft.traffic), None)
            self._items.append(draft)
            self._bytes += draft.weight
        elif (place := self._lost_at.get((draft.source, draft.traffic))) is not None:
            # One entry for each stream, so that dropping takes no memory either.
            before = self._items[place]
            assert isinstance(before, DroppedDrafts)
            self._items[place] = replace(before, time=draft.event.time, count=before.count + 1)
        else:
            self._lost_at[draft.source, draft.traffic] = len(self._items)
            self._items.append(DroppedDrafts(draft.source, HANDOFF_FULL, draft.event.time, traffic=draft.traffic))

    def _takes(self, draft: Draft) -> bool:
        share = (draft.rank + 5) / (Priority.VITAL + 5)
        return len(self._items) < self._max_items * share and self._bytes < self._max_bytes * share
