"""Pack files: appended to at a known end, synced as a group, and read back after a crash."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, wait
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
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


def sync_all(packs: Sequence[Pack], folders: Iterable[Path], pool: Executor) -> None:
    """Make packs durable, and the names in these folders. Asked for together, one commit of the file system serves many
    of them.
    """
    wanted: list[Callable[[], None]] = [
        *(pack.sync for pack in packs),
        *(partial(sync_directory, folder) for folder in folders),
    ]
    if len(wanted) == 1:
        wanted[0]()
        return
    syncs = [pool.submit(sync) for sync in wanted]
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
def open_packs(places: Iterable[tuple[Path, int]]) -> Iterator[tuple[list[Pack], set[Path]]]:
    """The packs, each open at its committed end, and made with its folders where there is none; and the folders in
    which something was made.

    None stays open afterwards: who keeps a file open keeps its bytes on the disk when another process drops it.
    """
    with ExitStack() as stack:
        packs: list[Pack] = []
        changed: set[Path] = set()
        for path, end in places:
            # Of one that is in cold storage alone the folder may be gone too; what comes late lies behind a hole then.
            # One of which nothing was committed may be there since a round that failed, perhaps in memory only.
            if not end or not path.exists():
                changed |= _make_folders(path.parent)
            packs.append(_open(path, end))
            stack.callback(os.close, packs[-1].descriptor)
        yield packs, changed


def _open(path: Path, end: int) -> Pack:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if os.fstat(descriptor).st_size > end:
            os.ftruncate(descriptor, end)
    except BaseException:
        os.close(descriptor)
        raise
    return Pack(path, descriptor, end)


def _make_folders(folder: Path) -> set[Path]:
    """The folder, in which a file is to be made, and those in which a folder was made."""
    missing = [folder]
    while not missing[-1].parent.exists():
        missing.append(missing[-1].parent)
    changed = {folder}
    for path in reversed(missing):
        with suppress(FileExistsError):
            path.mkdir()
            changed.add(path.parent)
    return changed


@contextmanager
def giving_back_later(path: Path) -> Iterator[None]:
    """Keep what a pack takes on the disk until the end, if its file is removed meanwhile: to give back many bytes takes
    a file system long, and who stores pictures waits for the lock under which a name goes.
    """
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        yield
        return
    try:
        yield
    finally:
        os.close(descriptor)


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
