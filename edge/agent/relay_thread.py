"""Runs the relays of an agent in threads of their own."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import structlog

from bus_schemas.enrolment import CONFIGURE
from bus_schemas.protocol import WATCH
from bus_schemas.topics import command_topic
from edge.agent.commands import NAMES
from edge.agent.outbox_place import DiskReturn
from edge.agent.settings import NodeSettings
from producer.broker import BrokerAddress
from producer.outbox.backlog import waiting_count
from producer.outbox.limits import OutboxLimits
from producer.outbox.tables import connect
from producer.relay.relay import Relay, RelayOptions

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
