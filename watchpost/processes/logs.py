"""How every process logs, and how the supervisor shows and keeps what its children say."""

import json
import logging
from collections.abc import Callable
from datetime import datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, Literal, TextIO

import structlog

from watchpost.processes.process_state import iso

LogFormat = Literal["auto", "text", "json"]
FILE_BYTES = 10_000_000
FILES = 5
COLORS = [f"\x1b[{code}m" for code in (32, 33, 34, 35, 36, 92, 93, 94, 95, 96)]
RESET = "\x1b[0m"


def is_json(log_format: LogFormat, stream: TextIO) -> bool:
    return log_format == "json" or (log_format == "auto" and not stream.isatty())


def configure(log_format: LogFormat, stream: TextIO) -> None:
    """structlog for this process: JSON lines for machines, text for a terminal."""
    renderers: list[structlog.types.Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=str)]
        if is_json(log_format, stream)
        else [structlog.dev.ConsoleRenderer(colors=stream.isatty())]
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *renderers,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )


class ChildLog:
    """What children say: shown with the name of who said it, and kept as JSON lines in a file of bounded size."""

    def __init__(self, path: Path, stream: TextIO, log_format: LogFormat, clock: Callable[[], datetime]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = RotatingFileHandler(path, maxBytes=FILE_BYTES, backupCount=FILES - 1, encoding="utf-8")
        self._stream = stream
        self._json = is_json(log_format, stream)
        self._colors = stream.isatty()
        self._renderer = structlog.dev.ConsoleRenderer(colors=self._colors, pad_event_to=0)
        self._clock = clock

    def line(self, process: str, text: str) -> None:
        said = {"process": process, **self._parsed(text)}
        as_json = json.dumps(said, ensure_ascii=False)
        self._file.emit(logging.makeLogRecord({"msg": as_json}))
        self._stream.write((as_json if self._json else self._shown(process, said)) + "\n")
        self._stream.flush()

    def close(self) -> None:
        self._file.close()

    def _parsed(self, text: str) -> dict[str, Any]:
        """The fields of a JSON line; mosquitto, libraries and tracebacks write plain text."""
        try:
            fields = json.loads(text)
        except ValueError:
            fields = None
        if isinstance(fields, dict) and "event" in fields:
            return fields
        return {"event": text, "level": "info", "timestamp": iso(self._clock())}

    def _shown(self, process: str, said: dict[str, Any]) -> str:
        fields = {key: value for key, value in said.items() if key != "process"}
        text = self._renderer(None, "info", fields)
        color = COLORS[sum(process.encode()) % len(COLORS)]
        return f"{color}{process:>9}{RESET} {text}" if self._colors else f"{process:>9} {text}"
