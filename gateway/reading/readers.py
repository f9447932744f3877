"""A pool of threads that query the stores, each with its own connections, so that no query blocks the event loop."""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any, Generic, TypeVar

import structlog

log = structlog.get_logger()

S = TypeVar("S")
T = TypeVar("T")

Around = Callable[[S], AbstractContextManager[Any]]

MAX_WAITING = 1000
TEND_EVERY_S = 3.0


OTHER_FILES = 128
"""Descriptors that are left for connections, the rows and libraries."""


def affordable_threads(wanted: int, files: int, limit: int) -> int:
    """How many threads may hold so many files open each, where the process may have `limit` descriptors."""
    return max(1, min(wanted, (limit - OTHER_FILES) // files))


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
            with around(stores):
                answer = self.question(stores)
            self.answer.set_result(answer)
        except BaseException as error:  # noqa: BLE001 - not handled here: it rises where the answer is awaited
            self.answer.set_exception(error)


class Readers(Generic[S]):
    """Answers questions in `threads` threads; `opened` gives each of them what it asks.

    `tend` is called in each thread every few seconds, whether there are questions or not; each question is answered
    within `around`.
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
            tended = monotonic()
            while True:
                with suppress(queue.Empty):
                    job = self._jobs.get(timeout=TEND_EVERY_S)
                    if job is None:
                        return
                    job.run(stores, self._around)
                if monotonic() - tended >= TEND_EVERY_S:
                    self._tend_stores(stores)
                    tended = monotonic()

    def _tend_stores(self, stores: S) -> None:
        if self._tend is None:
            return
        try:
            self._tend(stores)
        except (OSError, sqlite3.Error) as error:  # the next question reports it, where it matters
            log.warning("stores not looked after", reason=str(error))
