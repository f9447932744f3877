"""Runs the relays of an agent in threads of their own."""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import structlog

from bus_schemas.enrolment import CONFIGURE
from bus_schemas.protocol import WATCH
from bus_schemas.topics import command_topic
from edge.agent.commands import NAMES
from edge.agent.outbox_place import DiskReturn, OutboxPlace
from edge.agent.settings import NodeSettings
from producer.broker import BrokerAddress
from producer.ids import Clock
from producer.outbox.backlog import waiting_count
from producer.outbox.limits import OutboxLimits
from producer.outbox.tables import connect
from producer.relay.relay import Relay, RelayOptions
from producer.sqlite_files import remove_database

COUNTS_EVERY_S: Final = 2.0

log = structlog.get_logger(__name__)


class RelayFailed(RuntimeError):
    """The thread of the relay has ended by a fault of its own, which is in the log."""


@contextmanager
def relaying(relay: Relay) -> Iterator[threading.Thread]:
    ended = threading.Event()
    thread = threading.Thread(target=relay.run, args=(ended,), name="relay", daemon=True)
    thread.start()
    try:
        yield thread
    finally:
        ended.set()
        relay.wake()
        thread.join()


def relay_options(
    settings: NodeSettings, broker: BrokerAddress, limits: OutboxLimits, *, is_enrolled: bool
) -> RelayOptions:
    """The options of the relay of an agent's outbox, with the commands that it takes."""
    names = (*NAMES, WATCH, CONFIGURE) if is_enrolled else (*NAMES, WATCH)
    topics = tuple(command_topic(device.source, name) for device in settings.devices for name in names)
    compress = not broker.is_local if settings.compress is None else settings.compress
    return RelayOptions(settings.bytes_per_s, compress, limits, topics, syncs=False, is_exclusive=True)


@contextmanager
def sending_leftovers(
    place: OutboxPlace, broker: BrokerAddress, clock: Clock, options: RelayOptions, allowed: Callable[[], bool]
) -> Iterator[None]:
    """Send what the other outbox still holds: that in memory beside the one on the disk, or the reverse. What is left
    at the end is sent by the next agent. One in memory that holds nothing any more is removed.
    """
    file = place.leftovers
    if file is None or not os.path.exists(file) or not _is_waiting(place, file):  # noqa: PTH110 - of a broken disk
        yield
        return
    options = replace(options, subscriptions=(), limits=place.leftover_limits)
    relay, ending = Relay(file, broker, clock, options, allowed=allowed), threading.Event()
    thread = threading.Thread(target=_send_all, args=(place, file, relay, ending), name="leftovers", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()


def _send_all(place: OutboxPlace, file: Path, relay: Relay, ending: threading.Event) -> None:
    log.info("sends what another outbox holds", file=str(file))
    with relaying(relay) as thread:
        while thread.is_alive() and waiting_in(file, is_exclusive=True) and not ending.wait(COUNTS_EVERY_S):
            pass
    if not _is_waiting(place, file):
        log.info("sent what another outbox held", file=str(file))


def _is_waiting(place: OutboxPlace, file: Path) -> bool:
    """Whether there is something to send; where there is nothing in memory, the file goes."""
    waiting = waiting_in(file, is_exclusive=True)
    if waiting == 0 and not place.is_in_memory:
        remove_database(file)
    return bool(waiting)


def waiting_in(file: Path, *, is_exclusive: bool = False) -> int | None:
    """How many events in an outbox are not confirmed; `None` where it cannot be read, or another agent has it."""
    try:
        with closing(connect(file, is_exclusive=is_exclusive)) as outbox:
            return waiting_count(outbox)
    except sqlite3.Error as error:
        log.warning("outbox cannot be read", file=str(file), reason=str(error))
        return None


class OutboxWatch:
    """The relay of the outbox, and the disk on which it should be."""

    def __init__(self, relay: threading.Thread, disk: DiskReturn) -> None:
        self._relay = relay
        self._disk = disk

    def poll(self) -> bool:
        """Whether the agent is to begin anew, with its outbox on the disk. Raises `RelayFailed`."""
        if not self._relay.is_alive():
            raise RelayFailed("the relay failed")
        return self._disk.is_back()
