"""The loop of one capture thread: opens a source, hands on its readings, and opens it again after a failure."""

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

import structlog

from bus_schemas.node import AGENT_STOPS
from edge.agent.health import SourceHealth
from edge.capture.retry import Retries
from edge.capture.sources.failure_reasons import LONGEST_REASON, describe_error
from edge.capture.sources.source import (
    AccessRefused,
    CameraFrame,
    Pause,
    Reading,
    Source,
    SourceEnded,
    SourceUnreachable,
    StreamReport,
    ThermalFrame,
)
from edge.capture.takeover import TakenOver, Takeover

NO_DATA_S: Final = 25.0
REASONS_LOGGED: Final = 50
LAST_RESORT_S: Final = 5.0
DRAIN_S: Final = 4.0
"""How long to record what has arrived already, when the agent stops: its supervisor waits for twice as long."""
RECORDED_LAST: Final = "what was recorded last"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A source, and the function that takes its readings; `take` gets `None` when nothing came."""

    source: Source
    take: Callable[[Reading | None], None]
    takeover: Takeover = field(default_factory=Takeover)


class Reports:
    """Logs failures of one source: the trace once for each reason, and no repeated lines."""

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


class CaptureLoop:
    """Keeps one source open. Any exception in it, `BaseException` included, is a failure of this source only.

    `make` builds the pipeline at first and after every unforeseen failure, because what such a failure leaves behind
    cannot be trusted.
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
        self._retries = Retries()
        self._name = name
        self._pipeline: Pipeline | None = None
        self._began_s = self._alive_s = time.monotonic()
        self._opened_s: float | None = None
        self._stopped_s: float | None = None
        self._asked: Literal["reopen", "rebuild"] | None = None
        self._step_s: float | None = None
        """When it made its last step; `None` while it does not run, or waits for the next attempt."""

    def run(self) -> None:
        """Run until `stopped`, or until a recording that is played once is over."""
        try:
            self._run()
        finally:
            self._step_s = None

    def _run(self) -> None:
        while not self._stopped():
            try:
                self._read()
            except TakenOver:
                break
            except SourceEnded as ended:
                reason = self._redact(str(ended)) or "the recording is over"
                self._health.stopped(reason, is_over=True)
                log.info("recording over", source=self._name, reason=reason)
                return
            except BaseException as error:  # noqa: BLE001  (a driver may raise anything; the other sources go on)
                self._fail(error)
        self._health.stopped(AGENT_STOPS)

    def finish(self, timeout_s: float) -> bool:
        """Called from another thread at the end of the agent: finish the recording although the camera is silent.
        False if the capture thread is still working. A failure costs this recording, and not those of the others.
        """
        pipeline = self._pipeline
        try:
            return pipeline is None or pipeline.takeover.take(timeout_s, lambda: pipeline.take(None))
        except BaseException as error:  # noqa: BLE001  (whatever it is, others are to be finished as well)
            self._note_failure(RECORDED_LAST, error)
            return True

    def reopen(self, *, rebuild: bool = False) -> None:
        """Called from another thread: close the source and open it again, with all of it built anew if `rebuild`."""
        # What has to be built anew is not opened as it is because somebody asks for less in the same moment.
        self._asked = "rebuild" if rebuild or self._asked == "rebuild" else "reopen"

    def hangs_s(self, now: float) -> float:
        """For how long it has made no step, as in a call of a driver that does not return."""
        step_s = self._step_s
        return 0.0 if step_s is None else now - step_s

    def _read(self) -> None:
        self._step_s = time.monotonic()
        self._health.attempting()
        asked, self._asked = self._asked, None
        if asked == "rebuild":
            self._pipeline = None
        if self._pipeline is None:
            self._pipeline = self._make()
        with self._pipeline.takeover.working():
            self._work(self._pipeline)

    def _work(self, pipeline: Pipeline) -> None:
        source, take = pipeline.source, pipeline.take
        try:
            source.open()
            self._health.connected()
            self._opened_s = None
            opened_s = time.monotonic()
            while self._asked is None and not self._is_over(pipeline.takeover):
                reading = source.read()
                take(reading)
                self._note(reading, opened_s)
        finally:
            self._close(source, take)

    def _is_over(self, takeover: Takeover) -> bool:
        """Whether the agent stops, and everything that had arrived is read."""
        if not self._stopped():
            return False
        takeover.is_ending = True
        now = time.monotonic()
        if self._stopped_s is None:
            self._stopped_s = now
            if takeover.has_waited:
                # Another thread reads what arrives, and may not have run for a while.
                return False
        return not takeover.has_more or now - self._stopped_s > DRAIN_S

    def _note(self, reading: Reading | None, opened_s: float) -> None:
        """Sound alone does not show that a camera works."""
        now = self._step_s = time.monotonic()
        if isinstance(reading, CameraFrame | ThermalFrame):
            self._opened_s, self._alive_s = opened_s, now
        elif isinstance(reading, StreamReport):
            # The camera sends something, and the source checks what.
            self._alive_s = now
        elif now - max(self._alive_s, opened_s) >= NO_DATA_S:
            raise SourceUnreachable(f"it is open, but no data for {NO_DATA_S:g} s")

    def _close(self, source: Source, take: Callable[[Reading | None], None]) -> None:
        """A failure here must not hide why the source is closed, nor lose what was recorded."""
        for name, step in (("closing", source.close), (RECORDED_LAST, lambda: take(None))):
            try:
                step()
            except BaseException as error:  # noqa: BLE001  (a driver may raise anything while it is closed, too)
                self._pipeline = None
                self._note_failure(name, error)

    def _note_failure(self, name: str, error: BaseException) -> None:
        self._reports.failure(error, f"{name}: {describe_error(error, self._redact)}"[:LONGEST_REASON])

    def _fail(self, error: BaseException) -> None:
        """Report a failure and wait. Nothing in here may end the thread either, even without memory."""
        self._step_s = None
        try:
            if not isinstance(error, SourceUnreachable):
                self._pipeline = None
            reason = describe_error(error, self._redact)
            # Who reads it on the page knows the camera by its name.
            failures = self._health.failed(describe_error(error, self._redact, with_camera_address=False))
            now = time.monotonic()
            gave = self._opened_s is not None
            self._opened_s = None
            is_refused = isinstance(error, AccessRefused)
            wait_s = self._retries.wait_s(now, gave=gave, is_refused=is_refused)
            self._reports.failure(error, reason, failures=failures, retry_s=round(wait_s, 1))
        except BaseException:  # noqa: BLE001  (also what reports a failure may fail; the source is tried again)
            wait_s = LAST_RESORT_S
        if wait_s:
            self._pause(wait_s)
