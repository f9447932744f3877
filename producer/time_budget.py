"""Limits how long a thread works on one question: SQLite is interrupted, and reads of many batches look at the time."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from time import monotonic
from typing import Final

INSTRUCTIONS: Final = 100_000
"""Steps of SQLite between two looks at the time: a few milliseconds."""


class OutOfTime(RuntimeError):
    """The question takes longer than its thread may work on one."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"it takes longer than {seconds:g} s to answer this")


class _Budget(threading.local):
    seconds: float = inf
    until: float = inf


_budget = _Budget()


@contextmanager
def time_budget(seconds: float) -> Iterator[None]:
    """Bound the time of what the thread does within. Raises `OutOfTime`."""
    _budget.seconds, _budget.until = seconds, monotonic() + seconds
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            raise OutOfTime(seconds) from error
        raise
    finally:
        _budget.seconds = _budget.until = inf


def watch(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Have statements of this connection interrupted once the budget of the thread that runs them is used up."""
    connection.set_progress_handler(_is_over, INSTRUCTIONS)
    return connection


def require_time() -> None:
    """Raises `OutOfTime` once the budget of this thread is used up."""
    if _is_over():
        raise OutOfTime(_budget.seconds)


def _is_over() -> bool:
    return monotonic() > _budget.until
