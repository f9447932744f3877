"""A queue that takes turns between those who ask, so that nobody waits for all that somebody else asks."""

from collections import OrderedDict, deque
from threading import Condition
from typing import Generic, TypeVar

T = TypeVar("T")


class QueueFull(RuntimeError):
    """So many wait already."""


class FairQueue(Generic[T]):
    """For use from any thread. Of one asker `at_once` are worked on at a time; `""` is the program itself, without that
    limit.
    """

    def __init__(self, most: int, at_once: int) -> None:
        self._most = most
        self._at_once = at_once
        self._changed = Condition()
        self._waiting: OrderedDict[str, deque[T]] = OrderedDict()
        """The client that has waited longest for a turn is first."""
        self._working: dict[str, int] = {}
        self._count = 0
        self._is_closed = False

    def put(self, asker: str, item: T) -> None:
        """Raises `QueueFull`."""
        with self._changed:
            if self._count >= self._most:
                raise QueueFull
            self._waiting.setdefault(asker, deque()).append(item)
            self._count += 1
            self._changed.notify()

    def take(self, timeout: float) -> tuple[str, T] | None:
        """The next one, and whose it is; `finished` is to be called for it. `None` where there is none in time."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_over() or self._next() is not None, timeout)
            asker = self._next()
            if asker is None:
                return None
            items = self._waiting.pop(asker)
            item = items.popleft()
            if items:
                self._waiting[asker] = items
            self._count -= 1
            if self._is_over():
                self._changed.notify_all()
            self._working[asker] = self._working.get(asker, 0) + 1
            return asker, item

    def finished(self, asker: str) -> None:
        with self._changed:
            self._working[asker] -= 1
            if not self._working[asker]:
                del self._working[asker]
            self._changed.notify()

    def close(self) -> None:
        """Items that wait are still taken; then it ends."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    @property
    def is_closed(self) -> bool:
        """And empty."""
        with self._changed:
            return self._is_over()

    def _is_over(self) -> bool:
        return self._is_closed and not self._count

    def _next(self) -> str | None:
        return next((one for one in self._waiting if not one or self._working.get(one, 0) < self._at_once), None)
