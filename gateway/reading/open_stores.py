"""The stores that consumers open in this process, because it answers from them: a thread keeps each of them up."""

import threading
from collections.abc import Iterator, Mapping
from time import monotonic

from consumers.engine.store_owner import OpenStore


class OpenStores:
    """By the name of the consumer."""

    def __init__(self, stores: Mapping[str, OpenStore]) -> None:
        self._stores = dict(stores)
        self._wakeups = {name: threading.Event() for name in stores}
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=store.run, args=(self._stopping, self._wakeups[name]), name=name)
            for name, store in stores.items()
        ]

    def __iter__(self) -> Iterator[str]:
        return iter(self._stores)

    def get(self, name: str) -> OpenStore | None:
        """`None` where this gateway has none of this name."""
        return self._stores.get(name)

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def wake(self, _payload: bytes = b"") -> None:
        for wakeup in self._wakeups.values():
            wakeup.set()

    def stop(self) -> None:
        """The threads end soon."""
        self._stopping.set()
        self.wake()

    def close(self, within_s: float) -> list[str]:
        """Wait for the threads to end; those that did not in time."""
        self.stop()
        until = monotonic() + within_s
        for thread in self._threads:
            thread.join(max(0.0, until - monotonic()))
        return [thread.name for thread in self._threads if thread.is_alive()]
