"""Work of the gateway that fails costs itself a pause, and the process nothing."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from consumers.hub_faults import FaultReporter
from consumers.store.journal.store import JournalAway
from gateway import background_work
from gateway.background_work import keep_going
from gateway.reading.journal import ask_journal
from gateway.reading.readers import Busy, Readers
from producer.time_budget import OutOfTime
from tests.eventually import eventually


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background_work, "AGAIN_S", 0.0)
    monkeypatch.setattr(background_work, "SETTLED_S", 0.02)


def test_what_fails_is_begun_again_and_is_a_fault_until_it_goes_on() -> None:
    faults = FaultReporter("gateway", None)
    seen: list[list[str]] = []

    async def work() -> None:
        seen.append([fault.reason for fault in faults.faults])
        if len(seen) < 3:
            raise sqlite3.DatabaseError("database disk image is malformed")
        await asyncio.to_thread(eventually, lambda: not faults.faults)

    asyncio.run(asyncio.wait_for(keep_going("drawn_minutes", work, faults), 10))

    said = "The gateway failed at drawn_minutes, and begins it again: DatabaseError: database disk image is malformed"
    assert seen == [[], [said], [said]]
    assert faults.faults == ()


def test_work_that_is_cancelled_is_over() -> None:
    begun, ended = asyncio.Event(), list[str]()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cancelled")

    async def cancelled() -> None:
        task = asyncio.create_task(keep_going("bus", work, FaultReporter("gateway", None)))
        await begun.wait()
        task.cancel()
        await asyncio.wait({task}, timeout=10)

    asyncio.run(cancelled())

    assert ended == ["cancelled"]


def io_error() -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR
    return error


@pytest.mark.parametrize("error", [io_error(), OSError(24, "Too many open files"), Busy("1000 wait"), OutOfTime(15)])
def test_whatever_passes_ends_no_stream_of_events_for_good(error: Exception) -> None:
    def fail(_journal: object) -> None:
        raise error

    @contextmanager
    def stores() -> Iterator[Any]:
        yield SimpleNamespace(journal=None)

    pool: Any = Readers(stores, threads=1)
    pool.start()
    try:
        with pytest.raises(JournalAway):
            asyncio.run(ask_journal(pool, fail))
    finally:
        pool.stop()
