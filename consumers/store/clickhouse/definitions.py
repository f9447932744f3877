"""Definitions of tables that a full disk has left empty. chDB opens no table of a directory in which one is."""

from pathlib import Path

import structlog

log = structlog.get_logger(__name__)


def remove_empty(directory: Path) -> None:
    """Remove definitions of 0 bytes, so that their tables are missing and the others can be opened.

    Call while nobody has the directory open. They cannot be kept beside the others under another name, which chDB
    refuses as well.
    """
    for file in (*directory.glob("metadata/*.sql"), *directory.glob("store/*/*/*.sql")):
        if file.is_file() and file.stat().st_size == 0:
            log.error("definition of a table is empty and was removed", table=file.stem, path=str(file))
            file.unlink()
