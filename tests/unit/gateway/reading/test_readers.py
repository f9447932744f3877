import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from gateway.reading import readers
from gateway.reading.readers import Busy, Readers, affordable_threads
from producer.time_budget import OutOfTime, require_time, watch
from tests.eventually import eventually


def test_each_thread_opens_and_closes_stores_of_its_own() -> None:
    opened: list[str] = []
    closed: list[str] = []

    @contextmanager
    def stores() -> Iterator[str]:
        name = threading.current_thread().name
        opened.append(name)
        yield name
        closed.append(threading.current_thread().name)

    pool = Readers(stores, threads=3)
    pool.start()
    answers = asyncio.run(_ask_often(pool))
    pool.stop()

    assert set(answers) <= {"reader-0", "reader-1", "reader-2"}
    assert sorted(opened) == sorted(closed) == ["reader-0", "reader-1", "reader-2"]


async def _ask_often(pool: Readers[str]) -> list[str]:
    return await asyncio.gather(*(pool.ask(lambda stores: stores) for _ in range(50)))


@contextmanager
def nothing() -> Iterator[None]:
    yield None


def test_what_a_question_raises_is_raised_where_it_was_asked() -> None:
    pool = Readers(nothing, threads=1)
    pool.start()

    def fail(_: None) -> None:
        raise LookupError("no such thing")

    with pytest.raises(LookupError, match="no such thing"):
        asyncio.run(pool.ask(fail))
    assert asyncio.run(pool.ask(lambda _: 7)) == 7
    pool.stop()


def test_too_many_questions_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "MAX_WAITING", 2)
    pool = Readers(nothing, threads=1)

    async def ask_three() -> None:
        waiting = [asyncio.create_task(pool.ask(lambda _: None)) for _ in range(2)]
        await asyncio.sleep(0)
        try:
            with pytest.raises(Busy):
                await pool.ask(lambda _: None)
        finally:
            for task in waiting:
                task.cancel()

    asyncio.run(ask_three())
    pool.start()
    pool.stop()


@pytest.mark.parametrize("asked", [0, 500])
def test_stores_are_looked_after_whether_questions_come_or_not(asked: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "TEND_EVERY_S", 0.02)
    tended = threading.Event()
    pool = Readers(nothing, threads=1, tend=lambda _: tended.set())
    pool.start()

    async def ask() -> None:
        for _ in range(asked):
            await pool.ask(lambda _: tended.wait(0.001))

    asyncio.run(ask())
    assert tended.wait(30)
    pool.stop()


@pytest.mark.parametrize(("limit", "threads"), [(64, 1), (256, 1), (400, 2), (1024, 4), (8192, 4)])
def test_few_descriptors_mean_few_threads_but_always_one(limit: int, threads: int) -> None:
    assert affordable_threads(4, 100, limit) == threads


def test_who_asks_much_holds_up_nobody_and_does_not_have_all_threads() -> None:
    pool = Readers(nothing, threads=3)
    pool.start()
    release = threading.Event()
    working: list[int] = []

    async def ask() -> None:
        def slow(_: None) -> None:
            working.append(1)
            release.wait(10)

        greedy = [asyncio.create_task(pool.ask(slow, "192.0.2.7")) for _ in range(50)]
        async with asyncio.timeout(5):
            assert await pool.ask(lambda _: 7, "192.0.2.8") == 7
            assert await pool.ask(lambda _: 8) == 8
        # Of a busy machine, a thread may come to it later.
        await asyncio.to_thread(eventually, lambda: len(working) >= 2)
        assert len(working) == 2
        release.set()
        await asyncio.gather(*greedy)

    try:
        asyncio.run(ask())
    finally:
        release.set()
        pool.stop()


def test_a_question_that_takes_too_long_is_ended_in_sqlite_and_between_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "QUESTION_S", 0.05)

    @contextmanager
    def numbers() -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(":memory:")) as connection:
            yield watch(connection)

    def endless(connection: sqlite3.Connection) -> None:
        connection.execute("with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) from n")

    def reads(_: sqlite3.Connection) -> None:
        while True:
            require_time()

    pool = Readers(numbers, threads=1)
    pool.start()
    try:
        for question in (endless, reads):
            with pytest.raises(OutOfTime, match=r"takes longer than 0\.05 s"):
                asyncio.run(pool.ask(question))
        assert asyncio.run(pool.ask(lambda connection: connection.execute("select 1").fetchone())) == (1,)
    finally:
        pool.stop()
