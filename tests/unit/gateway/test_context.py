"""What keeps the stores from answering is told in a sentence, as what passes."""

import asyncio
import errno
import re
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest

from gateway.context import Gateway
from gateway.http.problems import Problem
from gateway.reading.readers import Readers

T = TypeVar("T")


@contextmanager
def nothing() -> Iterator[None]:
    yield None


def asked(error: Exception) -> Exception:
    def fail(_: None) -> None:
        raise error

    pool = Readers(nothing, threads=1)
    pool.start()
    try:
        asyncio.run(Gateway.ask(SimpleNamespace(readers=pool), fail))  # type: ignore[arg-type]  # what it asks of a gateway
    except Exception as answered:  # noqa: BLE001 - which one it is, is what is asked
        return answered
    finally:
        pool.stop()
    raise AssertionError("it was answered")


def sqlite_error(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    "error",
    [
        sqlite_error(sqlite3.SQLITE_IOERR | 19 << 8),
        sqlite_error(sqlite3.SQLITE_CANTOPEN),
        OSError(errno.ENOSPC, "No space left on device"),
        MemoryError(),
    ],
)
def test_what_the_machine_lacks_is_a_503_with_a_sentence(error: Exception) -> None:
    answer = asked(error)

    assert isinstance(answer, Problem)
    assert answer.status == 503
    assert re.match("what the hub keeps cannot be read now: .+", answer.detail)


def test_a_bug_is_not_taken_for_a_full_disk() -> None:
    assert isinstance(asked(sqlite_error(sqlite3.SQLITE_ERROR)), sqlite3.OperationalError)


def test_who_asks_the_same_before_it_has_begun_is_given_one_answer_and_who_comes_later_another() -> None:
    began: list[int] = []
    has_begun, going_on = threading.Event(), threading.Event()

    def question(_: Any) -> int:
        began.append(len(began) + 1)
        has_begun.set()
        if len(began) == 1:
            going_on.wait(30)
        return began[-1]

    async def ask_all() -> list[int]:
        gateway: Any = SimpleNamespace(readers=pool, _unbegun={})
        gateway.ask = partial(Gateway.ask, gateway)
        gateway._forget = partial(Gateway._forget, gateway)
        ask = partial(Gateway.ask_together, gateway, "key", question)
        first = [asyncio.ensure_future(ask()) for _ in range(3)]
        await asyncio.to_thread(has_begun.wait, 10)
        later = [asyncio.ensure_future(ask()) for _ in range(3)]
        await asyncio.sleep(0)
        going_on.set()
        return list(await asyncio.gather(*first, *later))

    pool = Readers(nothing, threads=1)
    pool.start()
    try:
        answers = asyncio.run(ask_all())
    finally:
        pool.stop()

    assert answers == [1, 1, 1, 2, 2, 2]
    assert began == [1, 2]


def test_what_fails_fails_for_all_who_asked_together_and_is_asked_anew() -> None:
    answers: Iterator[OSError | int] = iter([OSError(errno.ENOSPC, "No space left on device"), 7])

    def question(_: Any) -> int:
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    async def ask_all() -> list[int | BaseException]:
        gateway: Any = SimpleNamespace(readers=pool, _unbegun={})
        gateway.ask = partial(Gateway.ask, gateway)
        gateway._forget = partial(Gateway._forget, gateway)
        ask = partial(Gateway.ask_together, gateway, "key", question)
        return [*await asyncio.gather(ask(), ask(), return_exceptions=True), await ask()]

    pool = Readers(nothing, threads=1)
    try:
        first, second, third = asyncio.run(_started(pool, ask_all))
    finally:
        pool.stop()

    assert [type(first), type(second), third] == [Problem, Problem, 7]


async def _started(pool: Readers[None], act: Callable[[], Awaitable[T]]) -> T:
    """The threads begin when both have asked."""
    asking = asyncio.ensure_future(act())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    pool.start()
    return await asking
