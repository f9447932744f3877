"""Whether the modules that this process has imported are what is installed now."""

import os
import sys
import time
from pathlib import Path
from typing import Final

_TICK_NS: Final = 10_000_000
"""Files get the time of the last tick of the system."""
_Version = tuple[int, int, int]


class LoadedFiles:
    """Made after the imports, with the time at which they began."""

    def __init__(self, began_ns: int) -> None:
        began, now = began_ns - _TICK_NS, time.time_ns()
        self._versions: dict[str, _Version | None] = {}
        for file in {file for module in sys.modules.values() if (file := vars(module).get("__file__")) is not None}:
            found = _stat(file)
            # Written meanwhile: perhaps after it was read.
            is_new = found is not None and began <= found.st_ctime_ns <= now
            self._versions[file] = None if is_new else _version(found)

    def have_changed(self) -> bool:
        return any(before is None or _version(_stat(file)) != before for file, before in self._versions.items())


def _stat(file: str) -> os.stat_result | None:
    try:
        return Path(file).stat()
    except OSError:
        return None


def _version(found: os.stat_result | None) -> _Version:
    """What is installed in the place of a file may have its time."""
    return (0, 0, 0) if found is None else (found.st_mtime_ns, found.st_ino, found.st_size)
