"""Holds the configuration of the start for processes that start later, whatever becomes of its file meanwhile."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def held_configuration(text: str) -> Iterator[Path]:
    """A path at which our processes can read it until the end of the block.

    It is in memory: no full disk keeps it from being written, and nobody removes it who tidies up.
    """
    with os.fdopen(os.memfd_create("watchpost.yaml"), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        yield Path(f"/proc/{os.getpid()}/fd/{file.fileno()}")
