"""Sets the file of an outbox aside where it is broken, so that a new one takes what comes."""

from pathlib import Path
from typing import Final

from producer.file_identity import Identity, identity
from producer.sqlite_files import database_files

SUFFIX: Final = ".broken"


def set_aside(path: Path, held: Identity | None) -> None:
    """Keep the file, its log and the index of that under other names, unless another file has the name meanwhile. Only
    the last such file is kept.
    """
    if held is None or identity(path) != held:
        return
    for file, kept in zip(database_files(path), database_files(path.with_suffix(SUFFIX)), strict=True):
        kept.unlink(missing_ok=True)
        if file.exists():
            file.replace(kept)
