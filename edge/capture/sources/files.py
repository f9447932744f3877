"""Explains why a local path is not opened."""

import os
import stat
from pathlib import Path
from typing import Final, Literal

from edge.capture.sources.failure_reasons import Attempt, explain

LocalKind = Literal["file", "device"]
_OTHERS: Final = (
    (stat.S_ISDIR, "it is a directory"),
    (stat.S_ISFIFO, "it is a pipe"),
    (stat.S_ISSOCK, "it is a socket"),
    (stat.S_ISCHR, "it is a device"),
    (stat.S_ISBLK, "it is a disk"),
    (stat.S_ISREG, "it is a file"),
)


def refusal(path: str | os.PathLike[str], kind: LocalKind = "file") -> str | None:
    """`None` for a regular file, or for a character device where one is wanted. Anything else might block the thread
    that opens it, and with it the end of the agent.
    """
    try:
        mode = Path(path).stat().st_mode
    except (OSError, ValueError) as error:
        return explain(error, Attempt(os.fspath(path)))
    if (stat.S_ISREG if kind == "file" else stat.S_ISCHR)(mode):
        return None
    found = next((words for test, words in _OTHERS if test(mode)), "it is something else")
    return f"{found}, not a {'file' if kind == 'file' else 'video device'}"
