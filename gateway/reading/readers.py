"""A pool of threads that query the stores, each with its own connections, so that no query blocks the event loop."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from time import monotonic
from typing import Any, Generic, TypeVar

import structlog

from gateway.reading.fair_queue import FairQueue, QueueFull
from producer.time_budget import time_budget

log = structlog.get_logger()

S = TypeVar("S")
T = TypeVar("T")

Around = Callable[[S], AbstractContextManager[Any]]

MAX_WAITING = 1000
TEND_EVERY_S = 3.0
QUESTION_S = 15.0
"""So long a thread works on one question; no question of the page takes a tenth of it."""


OTHER_FILES = 128
"""Descriptors that are left for the rows and libraries."""
FEWEST_CONNECTIONS = 32


def affordable_threads(wanted: int, files: int, limit: int) -> int:
    """How many threads may hold so many files open each, where the process may have `limit` descriptors."""
    return max(1, min(wanted, (limit - OTHER_FILES) // files))


def affordable_connections(wanted: int, others: int, limit: int) -> int:
    """How many connections there may be beside so many other files: one too many is answered so, which takes a
    descriptor as well.
    """
    return max(FEWEST_CONNECTIONS, min(wanted, limit - OTHER_FILES - others))


class Busy(RuntimeError):
    """More questions wait than can be answered soon."""


@dataclass(frozen=True, slots=True)
class _Job(Generic[S]):
    question: Callable[[S], Any]
    answer: Future[Any]

    def run(self, stores: S, around: Around[S]) -> None:
        if not self.answer.set_running_or_notify_cancel():
            return
        try:
            with around(stores), time_budget(QUESTION_S):
                answer = self.question(stores)
            self.answer.set_result(answer)
        except BaseException as error:  # noqa: BLE001 - not handled here: it rises where the answer is awaited
            self.answer.set_exception(error)


class Readers(Generic[S]):
    """Answers questions in `threads` threads; `opened` gives each of them what it asks.

    `tend` is called in each thread every few seconds, whether there are questions or not; each question is answered
    within `around`. Those who ask take turns, and nobody has all threads at once.
    """

    def __init__(
        self,
        opened: Callable[[], AbstractContextManager[S]],
        threads: int = 4,
        tend: Callable[[S], None] | None = None,
        around: Around[S] = nullcontext,
    ) -> None:
        self._opened = opened
        self._around = around
        self._tend = tend
        self._jobs: FairQueue[_Job[S]] = FairQueue(MAX_WAITING, max(1, threads - 1))
        self._threads = [threading.Thread(target=self._work, name=f"reader-{n}") for n in range(threads)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    async def ask(self, question: Callable[[S], T], asker: str = "") -> T:
        """Raises what the question raises, `Busy`, and `OutOfTime`."""
        job: _Job[S] = _Job(question, Future())
        try:
            self._jobs.put(asker, job)
        except QueueFull as full:
            raise Busy(f"{MAX_WAITING} questions wait for the stores") from full
        answer: T = await asyncio.wrap_future(job.answer)
        return answer

    def end_soon(self) -> None:
        """Each thread ends once it has answered what it is asked."""
        self._jobs.close()

    def stop(self) -> None:
        """Waits for the questions that are being answered."""
        self.end_soon()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        with self._opened() as stores:
            tended = monotonic()
            while not self._jobs.is_closed:
                taken = self._jobs.take(TEND_EVERY_S)
                if taken is not None:
                    self._answer(stores, *taken)
                if monotonic() - tended >= TEND_EVERY_S:
                    self._tend_stores(stores)
                    tended = monotonic()

    def _answer(self, stores: S, asker: str, job: _Job[S]) -> None:
        try:
            job.run(stores, self._around)
        finally:
            self._jobs.finished(asker)

    def _tend_stores(self, stores: S) -> None:
        if self._tend is None:
            return
        try:
            self._tend(stores)
        except (OSError, sqlite3.Error) as error:  # the next question reports it, where it matters
            log.warning("stores not looked after", reason=str(error))
