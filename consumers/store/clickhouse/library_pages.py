"""Gives back the memory of a library that only its start has used."""

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_SMAPS = Path("/proc/self/smaps")
_MADV_DONTNEED = 4
_CHANGED = {"Private_Dirty:", "Shared_Dirty:", "Anonymous:"}


@dataclass(slots=True)
class FileMapping:
    """A part of a file in the memory of this process; `is_clean` where all of it is as the file has it."""

    start: int
    end: int
    permissions: str
    path: str
    resident_kb: int = 0
    is_clean: bool = True


def mappings(library: str) -> Iterator[FileMapping]:
    """Those of files of this name."""
    found: FileMapping | None = None
    for line in _SMAPS.read_text().splitlines():
        first, *rest = line.split(maxsplit=5)
        if not first.endswith(":"):
            if found is not None:
                yield found
            path = rest[4] if len(rest) > 4 else ""
            start, _, end = first.partition("-")
            is_wanted = Path(path).name == library
            found = FileMapping(int(start, 16), int(end, 16), rest[0], path) if is_wanted else None
        elif found is not None and first == "Rss:":
            found.resident_kb = int(rest[0])
        elif found is not None and first in _CHANGED and rest[0] != "0":
            found.is_clean = False
    if found is not None:
        yield found


def release_pages(library: str) -> int:
    """Give back what the file has too: whatever is needed again is read again. Returns how many kilobytes that was.

    What the linker or the library itself has written stays.
    """
    released = 0
    advise = ctypes.CDLL(None).madvise
    for mapping in mappings(library):
        if mapping.is_clean and "w" not in mapping.permissions:
            size = mapping.end - mapping.start
            if advise(ctypes.c_void_p(mapping.start), ctypes.c_size_t(size), _MADV_DONTNEED) == 0:
                released += mapping.resident_kb
    return released
