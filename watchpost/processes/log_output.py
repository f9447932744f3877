"""Streams and files for log lines, which drop lines instead of failing when the disk is full, or nobody reads them."""

import io
import json
import logging
import os
import select
import sys
import threading
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

from producer.file_identity import identity

FILE_BYTES = 10_000_000
FILES = 5
GIVE_UP_AFTER_MS = 50
"""So long a reader may pause before lines are lost to it."""


def open_standard_streams() -> None:
    """Open those that whoever started this process has closed: the next file would get the number of one of them, and
    what is printed would go there.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # It gets the lowest number that is free, which is the right one.
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode))


class LogStream:
    """A stream that neither fails nor waits: no process may end, or stand still, because its output is not taken.

    A terminal that is stopped and a pipe that nobody reads lose whole lines, and get their number.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._line = ""
        self._lost = 0
        self._is_torn = False

    def write(self, text: str) -> int:
        """Written with the end of its line."""
        with self._lock, suppress(OSError, ValueError):  # the latter where it is closed
            self._line += text
            if self._line.endswith("\n"):
                line, self._line = self._line, ""
                self._write_line(line)
        return len(text)

    def flush(self) -> None:
        """Each line is written at once."""

    def _write_line(self, line: str) -> None:
        descriptor = _descriptor_of(self._stream)
        if descriptor is None:
            self._stream.write(line)
            self._stream.flush()
            return
        if self._lost and self._try(descriptor, _notice(self._lost, line)):
            self._lost = 0
        if self._lost or not self._try(descriptor, line):
            self._lost += 1

    def _try(self, descriptor: int, line: str) -> bool:
        """A pipe that can be written takes a page without waiting."""
        left = memoryview(("\n" * self._is_torn + line).encode(errors="replace"))
        while left:
            if not _takes(descriptor, 0 if self._lost else GIVE_UP_AFTER_MS):
                return False
            written = os.write(descriptor, left[: select.PIPE_BUF])
            left = left[written:]
            self._is_torn = bool(left)
        return True


def _descriptor_of(stream: TextIO) -> int | None:
    try:
        return stream.fileno()
    except io.UnsupportedOperation:
        return None


def _takes(descriptor: int, within_ms: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return bool(poll.poll(within_ms))


def _notice(lost: int, beside: str) -> str:
    words = f"{lost} lines of the log are missing here: nobody read them"
    is_json = beside.startswith("{")
    return (json.dumps({"event": words, "level": "warning"}) if is_json else words) + "\n"


class LogFile(RotatingFileHandler):
    """Opened with the first line, and again where somebody removed or replaced it, or its directory. Lines that cannot
    be written are dropped.
    """

    failure: str | None = None
    """Why the last line could not be written."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=FILE_BYTES, backupCount=FILES - 1, encoding="utf-8", delay=True)

    def emit(self, record: logging.LogRecord) -> None:
        self.failure = None
        self._follow_its_name()
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is logging's
        error = sys.exc_info()[1]
        self.failure = error.strerror or str(error) if isinstance(error, OSError) else str(error)
        self._leave()

    def _follow_its_name(self) -> None:
        """What is written to a file without a name nobody reads, and its bytes stay on the disk."""
        if self.stream is not None:
            found = os.fstat(self.stream.fileno())
            if identity(self.baseFilename) == (found.st_dev, found.st_ino):
                return
            self._leave()
        with suppress(OSError):
            Path(self.baseFilename).parent.mkdir(exist_ok=True)

    def _leave(self) -> None:
        """It is opened again for the next line."""
        stream, self.stream = self.stream, None
        if stream is not None:
            with suppress(OSError):
                stream.close()
