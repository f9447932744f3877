import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gateway.reading import readers
from gateway.reading.readers import Busy, Readers, affordable_threads


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
