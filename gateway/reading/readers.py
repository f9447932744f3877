"""A few threads that ask the stores, each with connections of its own, so that no query holds up the loop."""

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

S = TypeVar("S")
T = TypeVar("T")

MAX_WAITING = 1000


class Busy(RuntimeError):
    """More questions wait than can be answered soon."""


@dataclass(frozen=True, slots=True)
class _Job(Generic[S]):
    question: Callable[[S], Any]
    answer: Future[Any]

    def run(self, stores: S) -> None:
        if not self.answer.set_running_or_notify_cancel():
            return
        try:
            self.answer.set_result(self.question(stores))
        except BaseException as error:  # noqa: BLE001 - not handled here: it rises where the answer is awaited
            self.answer.set_exception(error)


class Readers(Generic[S]):
    """Answers questions in `threads` threads; `opened` gives each of them what it asks."""

    def __init__(self, opened: Callable[[], AbstractContextManager[S]], threads: int = 4) -> None:
        self._opened = opened
        self._jobs: queue.Queue[_Job[S] | None] = queue.Queue(MAX_WAITING)
        self._threads = [threading.Thread(target=self._work, name=f"reader-{n}") for n in range(threads)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    async def ask(self, question: Callable[[S], T]) -> T:
        """Raises what the question raises, and `Busy`."""
        job: _Job[S] = _Job(question, Future())
        try:
            self._jobs.put_nowait(job)
        except queue.Full as full:
            raise Busy(f"{MAX_WAITING} questions wait for the stores") from full
        answer: T = await asyncio.wrap_future(job.answer)
        return answer

    def stop(self) -> None:
        """Waits for the questions that are being answered."""
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        with self._opened() as stores:
            while (job := self._jobs.get()) is not None:
                job.run(stores)
