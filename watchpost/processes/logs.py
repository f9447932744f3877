"""Configures logging of each process, and collects the output of child processes."""

import json
import logging
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, TextIO, cast

import structlog

from bus_schemas.event import iso
from watchpost.processes.log_output import LogFile, LogStream
from watchpost.processes.visible_text import visible_fields

LogFormat = Literal["auto", "text", "json"]
COLORS = [f"\x1b[{code}m" for code in (32, 33, 34, 35, 36, 92, 93, 94, 95, 96)]
RESET = "\x1b[0m"


def is_json(log_format: LogFormat, stream: TextIO) -> bool:
    return log_format == "json" or (log_format == "auto" and not stream.isatty())


def configure(log_format: LogFormat, stream: TextIO) -> None:
    """structlog for this process: JSON lines for machines, text for a terminal."""
    renderers: list[structlog.types.Processor] = (
        [structlog.processors.JSONRenderer(default=str)]
        if is_json(log_format, stream)
        else [visible_fields, structlog.dev.ConsoleRenderer(colors=stream.isatty())]
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            *renderers,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", LogStream(stream))),
        cache_logger_on_first_use=True,
    )
    sys.excepthook = _log_uncaught
    threading.excepthook = lambda failed: _log_uncaught(
        failed.exc_type, failed.exc_value, failed.exc_traceback, failed.thread
    )


def _log_uncaught(
    kind: type[BaseException],
    error: BaseException | None,
    trace: TracebackType | None,
    thread: threading.Thread | None = None,
) -> None:
    """One record at level error, in the form of all the others."""
    if error is None or issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error or kind(), trace)
        return
    where = {} if thread is None else {"thread": thread.name}
    structlog.get_logger().error(f"{kind.__name__}: {error}", exc_info=(kind, error, trace), **where)


BEGINS = ("Traceback (most recent call last):", "Exception in thread ", "Fatal Python error:")
GOES_ON = ("Traceback (most recent call last):", "During handling of the above", "The above exception was")
COMPLAINTS = ("error", "fatal")
LONGEST_TRACEBACK = 400


@dataclass(slots=True)
class Traceback:
    """The lines of a traceback on standard error: frames are indented, the exception is not."""

    lines: list[str]
    is_whole: bool = False

    def take(self, line: str) -> bool:
        """Whether the line belongs to the traceback. More of its text, or its cause, may follow the exception."""
        if len(self.lines) >= LONGEST_TRACEBACK or line.startswith("{"):
            return False
        if not line.startswith((" ", *GOES_ON)) and line:
            self.is_whole = True
        elif line.startswith(GOES_ON):
            self.is_whole = False
        self.lines.append(line)
        return True

    @property
    def summary(self) -> str:
        """The line of the exception; of several tracebacks, the last."""
        begun = max(number for number, line in enumerate(self.lines) if line.startswith((BEGINS[0], self.lines[0])))
        return next((line for line in self.lines[begun + 1 :] if line and line[0] != " "), self.lines[0])


class ChildLog:
    """Collects the output of children: shows each line with the name of its process, and keeps it as JSON in a bounded
    file.
    """

    def __init__(self, path: Path, stream: TextIO, log_format: LogFormat, clock: Callable[[], datetime]) -> None:
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
        self._file = LogFile(path)
        self._failure: str | None = None
        self._stream = LogStream(stream)
        self._json = is_json(log_format, stream)
        self._colors = stream.isatty()
        self._renderer = structlog.dev.ConsoleRenderer(colors=self._colors, pad_event_to=0)
        self._clock = clock
        self._tracebacks: dict[str, Traceback] = {}

    def line(self, process: str, text: str) -> None:
        """A traceback is gathered line by line, and becomes one record when it is complete."""
        for other in [name for name, found in self._tracebacks.items() if name != process and found.is_whole]:
            self.flush(other)
        gathered = self._tracebacks.get(process)
        if gathered is not None and gathered.take(text):
            return
        self.flush(process)
        if text.startswith(BEGINS):
            self._tracebacks[process] = Traceback([text])
            return
        self._write(process, self._parsed(text))

    def flush(self, process: str) -> None:
        """Write the gathered traceback of this process."""
        gathered = self._tracebacks.pop(process, None)
        if gathered is not None:
            error = {"event": gathered.summary, "level": "error", "timestamp": iso(self._clock())}
            self._write(process, {**error, "exception": "\n".join(gathered.lines)})

    def _write(self, process: str, fields: Mapping[str, Any]) -> None:
        record = {"process": process, **fields}
        as_json = json.dumps(record, ensure_ascii=False)
        self._file.emit(logging.makeLogRecord({"msg": as_json}))
        self._say_whether_written()
        self._stream.write((as_json if self._json else self._shown(process, record)) + "\n")

    def _say_whether_written(self) -> None:
        """On the stream alone, when that changes."""
        if self._file.failure == self._failure:
            return
        self._failure = self._file.failure
        said = "log file is written again" if self._failure is None else "log file cannot be written"
        record = {"process": "supervisor", "event": said, "level": "warning", "timestamp": iso(self._clock())}
        if self._failure is not None:
            record["reason"] = self._failure
        self._stream.write((json.dumps(record) if self._json else self._shown("supervisor", record)) + "\n")

    def close(self) -> None:
        for process in list(self._tracebacks):
            self.flush(process)
        self._file.close()

    def _parsed(self, text: str) -> dict[str, Any]:
        """The fields of a JSON line; mosquitto, libraries and tracebacks write plain text."""
        try:
            fields = json.loads(text)
        except ValueError:
            fields = None
        if isinstance(fields, dict) and "event" in fields:
            return fields
        level = "error" if text.lower().startswith(COMPLAINTS) else "info"
        return {"event": text, "level": level, "timestamp": iso(self._clock())}

    def _shown(self, process: str, record: dict[str, Any]) -> str:
        fields = {key: value for key, value in record.items() if key != "process"}
        text = self._renderer(None, str(fields.get("level", "info")), visible_fields(None, "", fields))
        color = COLORS[sum(process.encode()) % len(COLORS)]
        return f"{color}{process:>9}{RESET} {text}" if self._colors else f"{process:>9} {text}"
