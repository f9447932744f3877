"""Transactions of SQLite, for every database that the product writes."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All or nothing. It waits for the current writer, and then excludes other writers.

    The connection opens no transactions by itself (`isolation_level=None`). A commit that fails is rolled back too: a
    full disk may leave it open, or have ended it already.
    """
    connection.execute("begin immediate")
    try:
        yield connection
        connection.execute("commit")
    except BaseException:
        if connection.in_transaction:
            connection.execute("rollback")
        raise


@dataclass(slots=True)
class TriedTransaction:
    is_done: bool = False


@contextmanager
def attempt(connection: sqlite3.Connection) -> Iterator[TriedTransaction]:
    """A transaction that, where the disk is full, has changed nothing and is not done."""
    made = TriedTransaction()
    try:
        with transaction(connection):
            yield made
        made.is_done = True
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_FULL:
            raise
