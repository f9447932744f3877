"""Sets the file of an outbox aside where it is broken, so that a new one takes what comes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from producer.file_identity import Identity, identity
from producer.sqlite_files import keep_aside

SUFFIX: Final = ".broken"
BROKEN: Final = "is broken and was set aside"


@dataclass(frozen=True, slots=True)
class LostFile:
    """When the file was lost, by the monotonic clock, how many unconfirmed events it held, if that is known, and what
    has happened to it.
    """

    at_s: float
    events: int | None
    what: str


def set_aside(path: Path, held: Identity | None) -> None:
    """Keep the file, its log and the index of that under other names, unless another file has the name meanwhile. Only
    the last such file is kept.
    """
    if held is None or identity(path) != held:
        return
    keep_aside(path, path.with_suffix(SUFFIX))
