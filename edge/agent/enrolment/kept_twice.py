"""Keeps each file of the enrolment twice: a card that damages one must not cost a visit to the machine."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import structlog

from producer.whole_file import PRIVATE, write_whole

T = TypeVar("T")

log = structlog.get_logger(__name__)


def write_twice(path: Path, content: bytes) -> None:
    """Raises `OSError` where the file itself cannot be written; then what was there is in force."""
    write_whole(path, content, PRIVATE)
    with suppress(OSError):
        write_whole(spare_of(path), content, PRIVATE)


def read_twice(path: Path, parsed: Callable[[bytes], T]) -> T:
    """What `parsed` makes of the file; where it is damaged, of its copy, which then takes its place.

    Raises what it raises for the file, and `OSError`. A file that is not there was taken away by somebody, and has no
    copy.
    """
    spare = spare_of(path)
    try:
        content = path.read_bytes()
        found = parsed(content)
    except (FileNotFoundError, PermissionError):
        raise
    except (OSError, ValueError) as error:
        return _of_the_copy(path, spare, parsed, error)
    if not spare.exists():
        # It was enrolled by a version that kept none.
        with suppress(OSError):
            write_whole(spare, content, PRIVATE)
    return found


def _of_the_copy(path: Path, spare: Path, parsed: Callable[[bytes], T], error: OSError | ValueError) -> T:
    try:
        content = spare.read_bytes()
        found = parsed(content)
    except (OSError, ValueError):
        raise error from None
    log.error("file damaged, its copy is used", file=str(path), reason=type(error).__name__)
    with suppress(OSError):
        write_whole(path, content, PRIVATE)
    return found


def spare_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.spare")
