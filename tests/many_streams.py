"""A node with many devices, each with a stream of its own, which goes on while others fail."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bus_schemas.event import device_source
from producer.ids import utc_now
from producer.outbox.backlog import streams
from producer.outbox.outbox import Outbox
from tests.node_parts import detection

STREAMS = 500
RATE_PER_S = 1000
TICK_S = 0.1
SOURCES = [device_source("YARD", f"DEVICE-{number}") for number in range(STREAMS)]


@contextmanager
def observing(outbox: Outbox, rate_per_s: int = RATE_PER_S) -> Iterator[threading.Event]:
    """So many events a second of 500 devices in turn; the event ends that."""
    ended = threading.Event()

    def observe() -> None:
        amount, number = int(rate_per_s * TICK_S), 0
        due = time.monotonic()
        while not ended.is_set():
            outbox.put(
                *(detection(one % 7, SOURCES[one % STREAMS], utc_now()) for one in range(number, number + amount))
            )
            number += amount
            due += TICK_S
            ended.wait(max(0.0, due - time.monotonic()))

    thread = threading.Thread(target=observe)
    thread.start()
    try:
        yield ended
    finally:
        ended.set()
        thread.join()


def waiting(outbox_file: Path) -> int:
    """How many events of the outbox are not confirmed."""
    with closing(sqlite3.connect(f"file:{outbox_file}?mode=ro", uri=True, timeout=20)) as outbox:
        return sum(stream.sequence - stream.watermark for stream in streams(outbox))


def confirmed(outbox_file: Path) -> int:
    with closing(sqlite3.connect(f"file:{outbox_file}?mode=ro", uri=True, timeout=20)) as outbox:
        return sum(stream.watermark for stream in streams(outbox))
