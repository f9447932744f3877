"""One `watchpost up` a data directory."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from watchpost.processes.process_state import iso


class DataInUse(RuntimeError):
    """Another process holds the data directory, or it cannot be written."""


@contextmanager
def held(data: Path, now: datetime) -> Iterator[None]:
    """The lock ends with this process however that ends; children do not inherit it."""
    path = data / "run" / "lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        opened = path.open("a+")
    except OSError as error:
        raise DataInUse(f"the data directory {data} cannot be written: {error.strerror}") from error
    with opened as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise DataInUse(
                f"the data directory {data} is in use by {file.read().strip() or 'another process'}; "
                "stop that first, or choose another directory with --data"
            ) from error
        # Held by now, whether or not there is room to say by whom.
        with suppress(OSError):
            os.ftruncate(file.fileno(), 0)
            os.write(file.fileno(), f"watchpost up, process {os.getpid()}, since {iso(now)}\n".encode())
        yield
