"""One `watchpost up` a data directory."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from watchpost.processes.process_state import iso


class DataInUse(RuntimeError):
    """Another process holds the data directory."""


@contextmanager
def held(data: Path, now: datetime) -> Iterator[None]:
    """The lock ends with this process however that ends; children do not inherit it."""
    path = data / "run" / "lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise DataInUse(
                f"the data directory {data} is in use by {file.read().strip() or 'another process'}; "
                "stop that first, or choose another directory with --data"
            ) from error
        file.truncate(0)
        file.write(f"watchpost up, process {os.getpid()}, since {iso(now)}\n")
        file.flush()
        yield
