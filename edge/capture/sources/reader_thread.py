"""Runs a function in a daemon thread, and waits only for a while until it has begun.

Where there is no memory for the first step of a thread it never begins. `threading.Thread.start` waits for ever then.
"""

import threading
from _thread import start_new_thread
from collections.abc import Callable

BEGINS_S = 5.0


class ReaderThread:
    """Begins at once, or perhaps never."""

    def __init__(self, run: Callable[[], None]) -> None:
        self._run = run
        self._begun, self._ended = threading.Event(), threading.Event()

    def start(self) -> None:
        """Raises `RuntimeError` where the system gives no further thread."""
        start_new_thread(self._work, ())
        self._begun.wait(BEGINS_S)

    def join(self, timeout_s: float) -> None:
        self._ended.wait(timeout_s)

    def is_alive(self) -> bool:
        """One that has not begun holds nothing up."""
        return self._begun.is_set() and not self._ended.is_set()

    def _work(self) -> None:
        self._begun.set()
        try:
            self._run()
        finally:
            self._ended.set()
