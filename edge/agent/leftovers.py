"""Sends what an outbox in another place still holds: one in memory beside that on the disk, or the reverse.

A disk that takes nothing does not even let SQLite read. What waits there is copied into memory, and sent from the copy.
"""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from zlib import crc32

import structlog

from edge.agent.outbox_place import MOST_BYTES, SHARE_OF_MEMORY, OutboxPlace
from edge.agent.relay_thread import COUNTS_EVERY_S, relaying
from producer.broker import BrokerAddress
from producer.ids import Clock
from producer.outbox.backlog import waiting_count
from producer.outbox.disk import free_bytes
from producer.outbox.limits import OutboxLimits, usage
from producer.outbox.tables import connect
from producer.outbox.unwritable import copy_waiting
from producer.relay.relay import Relay, RelayOptions
from producer.sqlite_files import database_files, remove_database

_COPY: Final = ".copy"

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Leftovers:
    """What waits in the other outbox, for the heartbeat."""

    rows: int = 0
    bytes: int = 0


@contextmanager
def sending_leftovers(
    place: OutboxPlace, broker: BrokerAddress, clock: Clock, options: RelayOptions, allowed: Callable[[], bool]
) -> Iterator[Leftovers]:
    """What is left at the end is sent by the next agent. An outbox in memory that holds nothing any more is removed."""
    waiting = Leftovers()
    file = _file_to_send(place, clock)
    if file is None or not _count(place, file, waiting):
        yield waiting
        return
    options = replace(options, subscriptions=(), limits=place.leftover_limits)
    relay, ending = Relay(file, broker, clock, options, allowed=allowed), threading.Event()
    sending = threading.Thread(
        target=_send_all, args=(place, file, relay, waiting, ending), name="leftovers", daemon=True
    )
    sending.start()
    try:
        yield waiting
    finally:
        ending.set()
        sending.join()


def _send_all(place: OutboxPlace, file: Path, relay: Relay, waiting: Leftovers, ending: threading.Event) -> None:
    log.info("sends what another outbox holds", file=str(file), events=waiting.rows)
    with relaying(relay) as thread:
        while thread.is_alive() and _look(file, waiting) and not ending.wait(COUNTS_EVERY_S):
            pass
    if not _count(place, file, waiting):
        log.info("sent what another outbox held", file=str(file))


def _count(place: OutboxPlace, file: Path, waiting: Leftovers) -> bool:
    """Whether there is something to send; where there is nothing in memory, the file goes."""
    is_waiting = _look(file, waiting)
    if is_waiting is False and not place.is_in_memory:
        remove_database(file)
    return bool(is_waiting)


def _look(file: Path, waiting: Leftovers) -> bool | None:
    """Whether something waits; `None` where that is not known."""
    try:
        with closing(connect(file, is_exclusive=True)) as outbox:
            waiting.rows, waiting.bytes = waiting_count(outbox), usage(outbox).waiting_bytes
    except sqlite3.Error as error:
        log.warning("outbox cannot be read", file=str(file), reason=str(error))
        waiting.rows = waiting.bytes = 0
        return None
    return waiting.rows > 0


def _file_to_send(place: OutboxPlace, clock: Clock) -> Path | None:
    file = place.leftovers
    if file is None:
        return None
    if not place.is_in_memory:
        _remove_copies(file)  # The disk is written again, and sends what it holds itself.
        return file if file.exists() else None
    if not os.path.exists(file):  # noqa: PTH110 - of a broken disk
        return None
    return file if _is_writable(file) else _copy(file, place.path, clock)


def _is_writable(file: Path) -> bool:
    """Whether SQLite can open it as always."""
    try:
        with closing(connect(file, is_exclusive=True)) as outbox:
            waiting_count(outbox)
    except sqlite3.Error:
        return False
    return True


def _copy(file: Path, beside: Path, clock: Clock) -> Path | None:
    """A copy in memory of what waits in it. The one that an agent before has made is used again while nothing was
    written to the disk since.
    """
    try:
        copy = beside.with_name(f"{beside.stem}.{_stamp(file):08x}{_COPY}")
        if not copy.exists():
            _remove_copies(beside)
            draft = beside.with_name(f"{beside.stem}.draft")
            remove_database(draft)
            most = min(MOST_BYTES, free_bytes(beside.parent) // SHARE_OF_MEMORY)
            copy_waiting(file, draft, OutboxLimits(most, 0), clock)
            draft.rename(copy)
    except (sqlite3.Error, OSError) as error:
        log.warning("outbox cannot be read", file=str(file), reason=str(error))
        return None
    return copy


def _stamp(file: Path) -> int:
    """Another one for what was written to the files since."""
    states = [path.stat() for path in database_files(file)[:2] if path.exists()]
    return crc32(repr([(state.st_ino, state.st_size, state.st_mtime_ns) for state in states]).encode())


def _remove_copies(beside: Path) -> None:
    for copy in beside.parent.glob(f"{beside.stem}.*{_COPY}"):
        remove_database(copy)
