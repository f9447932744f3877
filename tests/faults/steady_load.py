"""Fills an outbox from a thread of the test, as two devices do."""

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from producer.outbox.outbox import Outbox
from tests.node_parts import OTHER, detection, frame, medium

EVERY_S = 0.01
"""Seven events: more than a hundred devices say by default, and what piles up meanwhile has to be worked off."""


@contextmanager
def steady_load(outbox: Outbox) -> Iterator[list[int]]:
    """Two devices, one with pictures, until the block ends; then how much each of them put."""
    stopping = threading.Event()
    put = [0, 0]

    def load() -> None:
        while not stopping.wait(EVERY_S):
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
