"""Pack files: appended to at a known end, synced as a group, and read back after a crash."""

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, wait
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path

from consumers.store.archive.records import ScannedRecord, scan
from producer.garbage import results_of
from producer.whole_file import sync_directory

PACKS_PER_ROUND = 128
"""The packs that are open at once, written to and then synced together."""
MAX_BUFFERS = 512


@dataclass(slots=True)
class Pack:
    """An open pack. Bytes beyond `end` were never committed, and are written over."""

    path: Path
    descriptor: int
    end: int

    def append(self, buffers: Sequence[bytes]) -> None:
        """Write after the end; on a full disk what was written of it stays beyond the end."""
        offset = self.end
        for start in range(0, len(buffers), MAX_BUFFERS):
            offset = _write(self.descriptor, buffers[start : start + MAX_BUFFERS], offset)
        self.end = offset

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
    results_of(syncs)


def _write(descriptor: int, buffers: Sequence[bytes], offset: int) -> int:
    written = os.pwritev(descriptor, buffers, offset)
    rest = b"".join(buffers)[written:] if written < sum(map(len, buffers)) else b""
    offset += written
    while rest:
        written = os.pwrite(descriptor, rest, offset)
        rest, offset = rest[written:], offset + written
    return offset


@contextmanager
def open_packs(places: Iterable[tuple[Path, int]]) -> Iterator[list[Pack]]:
    """The packs, each open at its committed end, and made with its folders where there is none.

    None stays open afterwards: who keeps a file open keeps its bytes on the disk when another process drops it.
    """
    with ExitStack() as stack:
        packs = []
        for path, end in places:
            packs.append(_open(path, end))
            stack.callback(os.close, packs[-1].descriptor)
        yield packs


def _open(path: Path, end: int) -> Pack:
    # Of one that is in cold storage alone the folder may be gone too; what comes late lies behind a hole then.
    made = not path.exists()
    if made:
        _make_folders(path.parent)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if os.fstat(descriptor).st_size > end:
            os.ftruncate(descriptor, end)
        if made:
            sync_directory(path.parent)
    except BaseException:
        os.close(descriptor)
        raise
    return Pack(path, descriptor, end)


def _make_folders(folder: Path) -> None:
    missing = [folder]
    while not missing[-1].parent.exists():
        missing.append(missing[-1].parent)
    for path in reversed(missing):
        with suppress(FileExistsError):
            path.mkdir()
            sync_directory(path.parent)


def salvage(path: Path, start: int) -> list[ScannedRecord]:
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
