"""Gathers media for a moment, so that one sync of the disk serves many and events seldom wait for it.

A picture lies in a file of its device; making it durable takes as long as committing all events of a group. Whatever
follows a medium in its stream waits behind it, and messages are acknowledged in the order in which they came.
"""

import time
from collections.abc import Callable, Sequence

from consumers.ingest.items import DescribedMedium, Item, RefusedMessage
from consumers.ingest.packets import Published
from consumers.store.journal.writing import StreamKey

QUIET_S = 0.005
"""Where no message comes for this long there is nothing to wait for: a broker may wait for acknowledgements itself."""
MAX_ITEMS = 100
MAX_MESSAGES = 500
"""Half of what the broker sends without an acknowledgement."""
MAX_BYTES = 2 * 1024 * 1024


class MediaBatch:
    """With a pace of 0 nothing waits."""

    def __init__(self, pace_s: float = 0.0, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._pace_s = pace_s
        self._monotonic = monotonic
        self._streams: set[StreamKey] = set()
        self._taken: tuple[list[Item], list[Published], set[StreamKey]] | None = None
        self._bytes = 0
        self._due_at = 0.0
        self._quiet_at = 0.0
        self.items: list[Item] = []
        self.messages: list[Published] = []
        """To be acknowledged: those of the items, and all that came behind them."""

    def split(self, items: Sequence[Item]) -> tuple[list[Item], list[Item]]:
        """Those that are to be taken in at once, and those that wait: media, and what is of their streams."""
        if not self._pace_s:
            return list(items), []
        waiting = self._streams | (set() if self._taken is None else self._taken[2])
        parts: tuple[list[Item], list[Item]] = ([], [])
        for item in items:
            key = _stream_of(item)
            if isinstance(item, DescribedMedium) and key is not None:
                waiting.add(key)
            waits = isinstance(item, DescribedMedium) or key in waiting
            parts[waits].append(item)
        return parts

    def add(self, items: Sequence[Item], messages: Sequence[Published]) -> list[Published]:
        """These wait. Returns the messages that may be acknowledged now: all of them where nothing waits."""
        self.items += items
        for item in items:
            self._bytes += len(item.body) + (len(item.medium) if isinstance(item, DescribedMedium) else 0)
            if (key := _stream_of(item)) is not None:
                self._streams.add(key)
        if not self.items and self._taken is None:
            return list(messages)
        now = self._monotonic()
        self._due_at = self._due_at if self.messages else now + self._pace_s
        self._quiet_at = now + QUIET_S
        self.messages += messages
        return []

    def wait_s(self) -> float:
        """Until they are due: at once where many wait, for ever where none does, or others are being stored."""
        if not self.items or self._taken is not None:
            return float("inf")
        is_full = len(self.items) >= MAX_ITEMS or len(self.messages) >= MAX_MESSAGES or self._bytes >= MAX_BYTES
        return 0.0 if is_full else max(0.0, min(self._due_at, self._quiet_at) - self._monotonic())

    def take(self) -> None:
        """These are being stored: what follows them in their streams goes on waiting."""
        self._taken = self.items, self.messages, self._streams
        self._forget()

    def settle(self) -> list[Published]:
        """Those that were taken are committed. Returns the messages that may be acknowledged."""
        assert self._taken is not None
        _, messages, _ = self._taken
        self._taken = None
        if not self.items:
            # What came behind them waited for them alone.
            messages += self.messages
            self._forget()
        return messages

    def put_back(self) -> None:
        """Those that were taken could not be stored, and wait again, before what came since."""
        assert self._taken is not None
        items, messages, streams = self._taken
        self._taken = None
        self.items, self.messages = items + self.items, messages + self.messages
        self._streams |= streams

    def clear(self) -> None:
        """They are given up: they will come again."""
        self._taken = None
        self._forget()

    def _forget(self) -> None:
        self._streams = set()
        self._bytes = 0
        self.items, self.messages = [], []


def _stream_of(item: Item) -> StreamKey | None:
    """`None` of what has no order."""
    source, epoch = (
        (item.source, item.epoch) if isinstance(item, RefusedMessage) else (item.event.source, item.event.epoch)
    )
    return None if source is None or epoch is None else (source, epoch)
