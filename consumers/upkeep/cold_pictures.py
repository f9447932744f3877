"""Reads pictures from cold storage in a thread of its own: whoever waits for a server holds up nothing else."""

import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from consumers.store.archive.copies import LostCopy, ObjectRange, OutOfReach
from consumers.store.archive.reader import StoredMedium
from consumers.store.cold.access import cold_reader
from consumers.store.cold.settings import ColdStorage

ColdPicture = tuple[StoredMedium, ObjectRange]
ReadPicture = tuple[StoredMedium, bytes | None]
"""`None` where the bucket has lost it."""


class ColdPictures:
    """Some at a time; what is out of reach is in no answer, and has to be asked for again."""

    def __init__(self, storage: ColdStorage | None, data: Path) -> None:
        self._storage = storage
        self._data = data
        self._thread: threading.Thread | None = None
        self._read: list[ReadPicture] = []

    def request(self, wanted: Sequence[ColdPicture]) -> None:
        """Nothing while those of the last request are read."""
        if not wanted or self._storage is None or (self._thread is not None and self._thread.is_alive()):
            return
        # A daemon: a server that stands still must not hold up the end of the process.
        self._thread = threading.Thread(target=self._run, args=(list(wanted),), name="cold pictures", daemon=True)
        self._thread.start()

    def take(self) -> list[ReadPicture]:
        """The pictures that were read since the last call."""
        if self._thread is not None and self._thread.is_alive():
            return []
        read, self._read = self._read, []
        return read

    def _run(self, wanted: Sequence[ColdPicture]) -> None:
        cold = cold_reader(self._storage, self._data)
        assert cold is not None
        with closing(cold):
            for stored, place in wanted:
                try:
                    self._read.append((stored, cold.read(place, 0, stored.size)))
                except LostCopy:
                    self._read.append((stored, None))
                except OutOfReach:
                    return
