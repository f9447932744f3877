"""Streams and files for log lines, which drop lines instead of failing when the disk is full."""

import logging
import os
import sys
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

FILE_BYTES = 10_000_000
FILES = 5


def open_standard_streams() -> None:
    """Open those that whoever started this process has closed: the next file would get the number of one of them, and
    what is printed would go there.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # It gets the lowest number that is free, which is the right one.
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode))


class LogStream:
    """A stream that ignores failed writes: no process may end because its output cannot be written."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):  # the latter where it is closed
            return self._stream.write(text)
        return 0

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()


class LogFile(RotatingFileHandler):
    """Opened with the first line. Lines for which the disk has no room are dropped."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=FILE_BYTES, backupCount=FILES - 1, encoding="utf-8", delay=True)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is logging's
        stream, self.stream = self.stream, None  # opened again for the next line
        if stream is not None:
            with suppress(OSError):
                stream.close()
