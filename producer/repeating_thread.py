"""Does the same work every few seconds, in a thread of its own, until it is closed or there is nothing more to do."""

import threading
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class RepeatingThread(ABC):
    """Works within its block, for the first time after the first wait."""

    def __init__(self, name: str, every_s: float) -> None:
        self._every_s = every_s
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @abstractmethod
    def work(self) -> bool:
        """Whether there will be more to do."""

    @property
    def is_ending(self) -> bool:
        """Then long work leaves the rest of it."""
        return self._ending.is_set()

    def _run(self) -> None:
        while not self._ending.wait(self._every_s) and self.work():
            pass

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ending.set()
        self._thread.join()
