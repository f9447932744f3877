"""Lets the agent finish a recording in place of a capture thread that waits for its camera."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

AT_ONCE_S: Final = 0.005
"""A reading that comes sooner had arrived before."""


class TakenOver(Exception):
    """Another thread has finished the recording of this one, which has nothing left to do."""


def nothing() -> None:
    """The default of a source that has nothing open."""


class Takeover:
    """A lock that a capture thread holds while it works and releases while it waits. `finish` completes what is open
    when another thread takes over.
    """

    def __init__(self, finish: Callable[[], None] = nothing) -> None:
        self._finish = finish
        self._lock = threading.Lock()
        self._is_working = self._is_taken = False
        self._waited_s: float | None = None
        self.is_ending = False
        """Whether the agent stops: what has arrived is to be recorded, and nobody looks at it any more."""

    @property
    def has_waited(self) -> bool:
        """Whether this thread waits for what another one reads."""
        return self._waited_s is not None

    @property
    def has_more(self) -> bool:
        """Whether the last reading had already arrived, so that more may be there."""
        return self._waited_s is not None and self._waited_s < AT_ONCE_S

    @contextmanager
    def working(self) -> Iterator[None]:
        with self._lock:
            self._check()
            self._is_working = True
            try:
                yield
            finally:
                self._is_working = False

    @contextmanager
    def waiting(self, *, has_come: bool = False) -> Iterator[None]:
        """Raises `TakenOver` where this thread is not needed any more. Outside of `working`, and where what is waited
        for `has_come` already, nobody can take over.
        """
        if has_come or not self._is_working:
            self._waited_s = 0.0 if has_come else self._waited_s
            yield
            return
        began = time.monotonic()
        self._lock.release()
        try:
            yield
        finally:
            self._lock.acquire()
            self._waited_s = time.monotonic() - began
            self._check()

    def take(self, timeout_s: float, then: Callable[[], None]) -> bool:
        """Finish in place of the thread, and call `then`; `False` where the thread works for so long instead of
        waiting.
        """
        if not self._lock.acquire(timeout=max(0.0, timeout_s)):
            return False
        try:
            if self._is_taken:
                return True
            self._is_taken = True
            self._finish()
            then()
        finally:
            self._lock.release()
        return True

    def _check(self) -> None:
        if self._is_taken:
            raise TakenOver
