"""Pack files: appended to at a known end, synced as a group, and read back after a crash."""

import os
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Executor, wait
from contextlib import suppress
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path

from consumers.archive.records import Found, scan

MAX_OPEN = 256
PACKS_A_ROUND = MAX_OPEN // 2
"""So many are written to before they are synced: whoever is open then was not closed to make room."""
MAX_BUFFERS = 512


@dataclass(slots=True)
class Pack:
    """An open pack. Bytes beyond `end` were never committed, and are written over."""

    path: Path
    descriptor: int
    end: int

    def append(self, buffers: Sequence[bytes]) -> None:
        """Write after the end; on a full disk what was written of it stays beyond the end."""
        place = self.end
        for start in range(0, len(buffers), MAX_BUFFERS):
            place = _write(self.descriptor, buffers[start : start + MAX_BUFFERS], place)
        self.end = place

    def sync(self) -> None:
        os.fdatasync(self.descriptor)


def sync_all(packs: Sequence[Pack], pool: Executor) -> None:
    """Make packs durable. Asked for together, one commit of the file system serves many of them."""
    if len(packs) == 1:
        packs[0].sync()
        return
    syncs = [pool.submit(pack.sync) for pack in packs]
    # All have ended, whatever one of them raises: their files may be closed next.
    wait(syncs)
    for sync in syncs:
        sync.result()


def _write(descriptor: int, buffers: Sequence[bytes], place: int) -> int:
    written = os.pwritev(descriptor, buffers, place)
    rest = b"".join(buffers)[written:] if written < sum(map(len, buffers)) else b""
    place += written
    while rest:
        written = os.pwrite(descriptor, rest, place)
        rest, place = rest[written:], place + written
    return place


class OpenPacks:
    """The packs that were written to last, by their number in the index."""

    def __init__(self) -> None:
        self._open: OrderedDict[int, Pack] = OrderedDict()

    def get(self, number: int, path: Path, end: int) -> Pack:
        """The pack, open at its committed end; made, with its folders, where there is none."""
        pack = self._open.get(number)
        if pack is None:
            pack = self._open[number] = _open(path, end)
            if len(self._open) > MAX_OPEN:
                _, oldest = self._open.popitem(last=False)
                os.close(oldest.descriptor)
        self._open.move_to_end(number)
        pack.end = end
        return pack

    def forget(self, number: int) -> None:
        pack = self._open.pop(number, None)
        if pack is not None:
            os.close(pack.descriptor)

    def close(self) -> None:
        for pack in self._open.values():
            os.close(pack.descriptor)
        self._open.clear()


def _open(path: Path, end: int) -> Pack:
    made = end == 0
    if made:
        _make_folders(path.parent)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    if os.fstat(descriptor).st_size > end:
        os.ftruncate(descriptor, end)
    if made:
        sync_directory(path.parent)
    return Pack(path, descriptor, end)


def _make_folders(folder: Path) -> None:
    missing = [folder]
    while not missing[-1].parent.exists():
        missing.append(missing[-1].parent)
    for path in reversed(missing):
        with suppress(FileExistsError):
            path.mkdir()
            sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def salvage(path: Path, start: int) -> list[Found]:
    """The whole records from a place on, made durable; what is torn at the end of the file is cut off."""
    with path.open("r+b") as file:
        size = os.fstat(file.fileno()).st_size
        if size <= start:
            return []
        with mmap(file.fileno(), size, access=ACCESS_READ) as data:
            found = list(scan(data, start))
        file.truncate(found[-1].end if found else start)
        os.fsync(file.fileno())
    return found
