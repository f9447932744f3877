"""The loop of one capture thread: open a source, hand on what it gives, and try again later where it cannot."""

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from edge.agent.health import SourceHealth
from edge.capture.retry import retry_seconds
from edge.capture.sources.reasons import LONGEST_REASON, worded
from edge.capture.sources.source import (
    AccessRefused,
    Frame,
    Pause,
    Reading,
    Source,
    SourceEnded,
    SourceUnreachable,
    StreamReport,
    ThermalFrame,
)

NO_DATA_SECONDS: Final = 25.0
REASONS_LOGGED: Final = 50
LAST_RESORT_SECONDS: Final = 5.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A source, and what takes what it gives; `take` gets None when nothing came."""

    source: Source
    take: Callable[[Reading | None], None]


class Reports:
    """Writes failures of one source to the log: the trace once for each distinct reason, and no flood of lines."""

    def __init__(self, name: str, redact: Callable[[str], str]) -> None:
        self._name = name
        self._redact = redact
        self._known: set[str] = set()
        self._last = ""

    def failure(self, error: BaseException, reason: str, **figures: object) -> None:
        is_new = reason not in self._known and len(self._known) < REASONS_LOGGED
        if is_new:
            self._known.add(reason)
        if is_new and not isinstance(error, SourceUnreachable):
            trace = self._redact("".join(traceback.format_exception(error)))
            log.error("source failed", source=self._name, reason=reason, exception=trace, **figures)
        elif reason != self._last or is_new:
            log.warning("source unreachable", source=self._name, reason=reason, **figures)
        self._last = reason


class Capture:
    """Keeps one source open. Whatever goes wrong in it, `BaseException` included, is the failure of this source alone.

    `make` builds the pipeline, at first and after every failure that nobody has foreseen: what such a one leaves behind
    is not trusted.
    """

    def __init__(
        self,
        name: str,
        make: Callable[[], Pipeline],
        health: SourceHealth,
        stopped: Callable[[], bool],
        pause: Pause,
        redact: Callable[[str], str] = str,
    ) -> None:
        self._make = make
        self._health = health
        self._stopped = stopped
        self._pause = pause
        self._redact = redact
        self._reports = Reports(name, redact)
        self._name = name
        self._pipeline: Pipeline | None = None
        self._began_s = self._came_s = self._alive_s = time.monotonic()
        self._opened_s: float | None = None

    def run(self) -> None:
        """Until `stopped`, or until a recording that is played once is over."""
        while not self._stopped():
            try:
                self._read()
            except SourceEnded as ended:
                reason = self._redact(str(ended)) or "the recording is over"
                self._health.stopped(reason)
                log.info("recording over", source=self._name, reason=reason)
                return
            except BaseException as error:  # noqa: BLE001  (a driver may raise anything; the other sources go on)
                self._fail(error)
        self._health.stopped("the agent stops")

    def _read(self) -> None:
        self._health.attempting()
        if self._pipeline is None:
            self._pipeline = self._make()
        source, take = self._pipeline.source, self._pipeline.take
        try:
            source.open()
            self._health.connected()
            self._opened_s = None
            opened_s = time.monotonic()
            while not self._stopped():
                reading = source.read()
                take(reading)
                self._note(reading, opened_s)
        finally:
            self._close(source, take)

    def _note(self, reading: Reading | None, opened_s: float) -> None:
        """Sound alone is no sign of life of a camera."""
        now = time.monotonic()
        if isinstance(reading, Frame | ThermalFrame):
            self._opened_s, self._came_s, self._alive_s = opened_s, now, now
        elif isinstance(reading, StreamReport):
            # It sends something, and its source sees to what.
            self._alive_s = now
        elif now - max(self._alive_s, opened_s) >= NO_DATA_SECONDS:
            raise SourceUnreachable(f"it is open, but no data for {NO_DATA_SECONDS:g} s")

    def _close(self, source: Source, take: Callable[[Reading | None], None]) -> None:
        """What fails here must not hide why the source is closed, and must not keep what was recorded."""
        for name, step in (("closing", source.close), ("what was recorded last", lambda: take(None))):
            try:
                step()
            except BaseException as error:  # noqa: BLE001
                self._pipeline = None
                self._reports.failure(error, f"{name}: {worded(error, self._redact)}"[:LONGEST_REASON])

    def _fail(self, error: BaseException) -> None:
        """Tell of a failure and wait. Nothing in here may end the thread either: there may be no memory left."""
        try:
            if not isinstance(error, SourceUnreachable):
                self._pipeline = None
            reason = worded(error, self._redact)
            failures = self._health.failed(reason)
            now = time.monotonic()
            worked_s = self._came_s - self._opened_s if self._opened_s is not None else 0.0
            self._opened_s = None
            wait_s = retry_seconds(now - self._came_s, worked_s, is_refused=isinstance(error, AccessRefused))
            self._reports.failure(error, reason, failures=failures, retry_s=round(wait_s, 1))
        except BaseException:  # noqa: BLE001
            wait_s = LAST_RESORT_SECONDS
        if wait_s:
            self._pause(wait_s)
