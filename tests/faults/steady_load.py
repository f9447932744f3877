"""Fills an outbox from a thread of the test, as two devices do."""

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from producer.outbox.outbox import Outbox
from tests.node_parts import OTHER, detection, frame, medium


@contextmanager
def steady_load(outbox: Outbox) -> Iterator[list[int]]:
    """Two devices, one with pictures, until the block ends; then how much each of them put."""
    stopping = threading.Event()
    put = [0, 0]

    def load() -> None:
        while not stopping.wait(0.002):
            outbox.put(medium(random.randbytes(5000)), *[detection(put[0] % 100) for _ in range(5)], frame(OTHER))
            put[0] += 6
            put[1] += 1

    thread = threading.Thread(target=load)
    thread.start()
    try:
        yield put
    finally:
        stopping.set()
        thread.join()
        outbox.put(durable=True)
