"""Runs the relay of an agent in a thread of its own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from producer.relay.relay import Relay


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
