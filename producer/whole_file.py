"""Writes a file whole: after a crash it is as it was before, or as it was to be."""

import os
from pathlib import Path

PRIVATE = 0o600
"""For its owner alone."""


def write_whole(path: Path, content: bytes, mode: int | None = None) -> None:
    """Durable when it returns. `mode` is the mode of the file, whatever the umask. Raises `OSError`."""
    draft = path.with_name(f"{path.name}.new")
    with draft.open("wb") as file:
        if mode is not None:
            os.fchmod(file.fileno(), mode)
        file.write(content)
    name_whole(draft, path)


def name_whole(draft: Path, path: Path) -> None:
    """Give a file its name, once its bytes are on the disk: a power cut may otherwise leave the name, and a file of no
    bytes. Durable when it returns. Raises `OSError`.
    """
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(path)
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
