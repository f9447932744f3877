"""Queries of the receivers of alerts, over a read-only connection to the state of the sink."""

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class ReceiverState:
    """The state of a receiver. `last_error` is a sentence; it still holds if it is newer than `last_success`."""

    name: str
    waiting: int
    set_aside: int
    last_success: datetime | None
    last_error: str | None
    last_error_at: datetime | None


def receivers(state: sqlite3.Connection) -> list[ReceiverState]:
    """All that are configured, by name; none where the state is of an older version."""
    if state.execute("select 1 from sqlite_master where name = 'receiver'").fetchone() is None:
        return []
    query = """
    select name, (select count(*) from delivery where receiver = name and ended is null), set_aside, last_success,
        last_error, last_error_at
    from receiver order by name
    """
    return [
        ReceiverState(name, waiting, set_aside, _moment(success), error, _moment(error_at))
        for name, waiting, set_aside, success, error, error_at in state.execute(query)
    ]


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
