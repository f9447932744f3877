"""What keeps the stores from answering is told in a sentence, as what passes."""

import asyncio
import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from gateway.context import Gateway
from gateway.http.problems import Problem
from gateway.reading.readers import Readers


@contextmanager
def nothing() -> Iterator[None]:
    yield None


def asked(error: Exception) -> Exception:
    def fail(_: None) -> None:
        raise error

    pool = Readers(nothing, threads=1)
    pool.start()
    try:
        asyncio.run(Gateway.ask(SimpleNamespace(readers=pool), fail))  # type: ignore[arg-type]
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
    ],
)
def test_a_disk_that_is_full_is_a_503_with_a_sentence(error: Exception) -> None:
    answer = asked(error)

    assert isinstance(answer, Problem)
    assert answer.status == 503
    assert answer.detail.startswith("what the hub keeps cannot be read now: ")


def test_a_bug_is_not_taken_for_a_full_disk() -> None:
    assert isinstance(asked(sqlite_error(sqlite3.SQLITE_ERROR)), sqlite3.OperationalError)
