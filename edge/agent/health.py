"""Tracks the state of each source of a device, and derives the status and reason of its health events."""

import re
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from bus_schemas.node import AGENT_STOPS, STALE_AFTER_S, DeviceStatus, Health, StreamInfo
from bus_schemas.registry import Expectation
from edge.capture.sources.source import StreamReport
from producer.clock import Elapsed
from producer.ids import Clock

Kind = Literal["visual", "thermal", "sub"]
"""`sub` is the second stream of a camera, which is analysed in place of the first."""
OPENING_S: Final = 10.0
"""A source that opens for longer counts as one that does not answer."""
FIRST_FRAME_S: Final = 10.0
"""The longest time from opening to the first frame."""
BLANK_S: Final = 2.0
BLANK: Final = "every pixel that the sensor gives is invalid"
_FIGURE: Final = re.compile(r"\d+(\.\d+)?")
_WORST_FIRST: Final[tuple[DeviceStatus, ...]] = ("stopped", "degraded", "stale", "not_started", "healthy")


@dataclass(frozen=True, slots=True)
class Facts:
    """The state of one source. `failures` counts the failures since the last frame.

    `came_s` is the time of the last frame and `attempt_s` that of the last attempt, by a monotonic clock: a device is
    not stale because somebody set the time of day.
    """

    kind: Kind
    running: bool = False
    recording: bool = False
    reason: str | None = None
    stream: StreamInfo | None = None
    last_frame: datetime | None = None
    came_s: float | None = None
    attempt_s: float | None = None
    connected_s: float | None = None
    first_attempt: datetime | None = None
    last_attempt: datetime | None = None
    last_success: datetime | None = None
    reconnects: int = 0
    failures: int = 0
    segment_start: datetime | None = None
    complaint: str | None = None
    """Faults of the stream, although frames come."""
    remark: str | None = None
    analysis: str | None = None
    """Why too many frames cannot be analysed; `None` where they can."""
    blank_s: float | None = None
    """Since when all frames are blank."""
    is_over: bool = False
    """Whether a recording was played to its end."""

    def status(self, now_s: float) -> DeviceStatus:
        """A source without a first frame is not healthy, but for a while it is not degraded either."""
        if self.last_attempt is None:
            return "not_started"
        if not self.running:
            return "stopped"
        if self.failures or self._is_blank(now_s):
            return "degraded"
        if self.came_s is None:
            return self._first_frame(now_s)
        if now_s - self.came_s > STALE_AFTER_S:
            return "stale"
        return "degraded" if self.complaint or self.analysis else "healthy"

    def _first_frame(self, now_s: float) -> DeviceStatus:
        if self.connected_s is not None:
            return "stale" if now_s - self.connected_s > FIRST_FRAME_S else "not_started"
        return "degraded" if self._opening_s(now_s) > OPENING_S else "not_started"

    def _is_blank(self, now_s: float) -> bool:
        """A single blank frame does not count."""
        return self.blank_s is not None and now_s - self.blank_s >= BLANK_S

    def silent_since(self, now_s: float) -> datetime | None:
        return None if self.status(now_s) == "healthy" else self.last_frame or self.first_attempt

    def _opening_s(self, now_s: float) -> float:
        return now_s - self.attempt_s if self.attempt_s is not None else 0.0

    def why(self, now_s: float) -> str | None:
        """The reason of the status, in a sentence. Every status except for healthy has one."""
        match self.status(now_s):
            case "healthy":
                return self.remark
            case "not_started":
                return "it has not begun yet" if self.last_attempt is None else "connecting"
            case "stale":
                return self.reason or self.complaint or self._silence(now_s)
            case "degraded":
                blank = BLANK if self._is_blank(now_s) else None
                return self.reason or blank or self.complaint or self.analysis or self._no_answer(now_s)
        return self.reason or "it is not running"

    def _silence(self, now_s: float) -> str:
        if self.came_s is None and self.connected_s is not None:
            return f"it is connected, but has given no picture for {now_s - self.connected_s:.0f} s"
        return f"nothing came for more than {STALE_AFTER_S:g} s"

    def _no_answer(self, now_s: float) -> str:
        return f"no answer for {self._opening_s(now_s):.0f} s since opening began"


class SourceHealth:
    """Written by the thread of one source, read by the main thread of the agent."""

    def __init__(self, kind: Kind, clock: Clock, *, elapsed: Elapsed = time.monotonic) -> None:
        self._clock = clock
        self._elapsed = elapsed
        self._lock = threading.Lock()
        self._facts = Facts(kind)
        self._since = elapsed()
        self._frames = 0
        self._own: dict[str, object] = {}

    @property
    def facts(self) -> Facts:
        with self._lock:
            return self._facts

    def attempting(self) -> None:
        now = self._clock()
        first = self.facts.first_attempt or now
        self._set(running=True, first_attempt=first, last_attempt=now, attempt_s=self._elapsed())

    def connected(self) -> None:
        with self._lock:
            now = self._elapsed()
            again = self._facts.last_success is not None
            self._facts = replace(
                self._facts,
                last_success=self._clock(),
                reconnects=self._facts.reconnects + again,
                connected_s=now,
                complaint=None,
                remark=None,
            )
            self._since, self._frames = now, 0

    def frame_arrived(self, moment: datetime, size: tuple[int, int]) -> None:
        """A frame arrived. The reported rate is that of analysed frames over about 10 s, or that of the camera where it
        is known.
        """
        with self._lock:
            self._frames += 1
            now = self._elapsed()
            seconds = now - self._since
            stream = self._facts.stream
            if stream is None or (stream.width, stream.height) != size:
                stream = StreamInfo(fps=0.0, width=size[0], height=size[1]).model_copy(update=self._own)
            if seconds >= 10:
                rate = round(self._frames / seconds, 2)
                stream = stream.model_copy(update={"fps": rate, "analysis_fps": rate} | self._own)
                self._since, self._frames = now, 0
            self._facts = replace(
                self._facts, last_frame=moment, came_s=now, failures=0, reason=None, stream=stream, blank_s=None
            )

    def blank_frame_arrived(self) -> None:
        """A frame arrived in which every pixel is invalid."""
        if self.facts.blank_s is None:
            self._set(blank_s=self._elapsed())

    def stream_reported(self, report: StreamReport) -> None:
        """The source reported what the camera sends."""
        with self._lock:
            self._own = {
                "fps": report.fps,
                "codec": report.codec,
                "bits_per_s": report.bits_per_s,
                "clock_error_s": report.clock_error_s,
            }
            stream = self._facts.stream
            if stream is not None:
                stream = stream.model_copy(update=self._own)
            self._facts = replace(self._facts, complaint=report.complaint, remark=report.remark, stream=stream)
            if report.skipped_at is not None:
                # Between two keyframes that are a minute apart no frame arrives, and the camera is well.
                self._facts = replace(self._facts, last_frame=report.skipped_at, came_s=self._elapsed())

    def recording_since(self, start: datetime | None) -> None:
        """Set the start of the segment that is being recorded; `None` while there is none."""
        if start != self.facts.segment_start or self.facts.recording != (start is not None):
            self._set(segment_start=start, recording=start is not None)

    def failed(self, reason: str) -> int:
        """Returns the number of failures in a row."""
        with self._lock:
            failures = self._facts.failures + 1
            self._facts = replace(
                self._facts, failures=failures, reason=reason, recording=False, segment_start=None, blank_s=None
            )
            return failures

    def analysed(self, trouble: str | None) -> None:
        """Set why too many frames cannot be analysed; `None` where they can."""
        if self.facts.analysis != trouble:
            self._set(analysis=trouble)

    def abandoned(self) -> None:
        """The agent stops waiting for a thread that does not end."""
        if self.facts.running:
            self.stopped(AGENT_STOPS)

    def stopped(self, reason: str, *, is_over: bool = False) -> None:
        self._set(running=False, recording=False, segment_start=None, reason=reason, is_over=is_over)

    def _set(self, **changes: object) -> None:
        with self._lock:
            self._facts = replace(self._facts, **changes)  # type: ignore[arg-type]  # names are checked by replace


def health(sources: Sequence[Facts], now_s: float) -> Health:
    """The health of a device: the status of its worst source, and the figures of its camera where it has one."""
    first = sources[0]
    worst = min(sources, key=lambda facts: _WORST_FIRST.index(facts.status(now_s)))
    return Health(
        status=worst.status(now_s),
        reason=worst.why(now_s),
        is_recording=any(facts.recording for facts in sources),
        stream_info=_stream_info(sources),
        last_frame_time=first.last_frame,
        last_connection_attempt=first.last_attempt,
        last_successful_connection=first.last_success,
        total_reconnects=sum(facts.reconnects for facts in sources),
        consecutive_failures=max(facts.failures for facts in sources),
        current_segment_start=first.segment_start,
        kinds=tuple(facts.kind for facts in sources if facts.kind != "sub"),
        expects=_expected(sources),
        has_worked=any(facts.last_frame is not None for facts in sources),
        silent_since=worst.silent_since(now_s),
    )


def _stream_info(sources: Sequence[Facts]) -> StreamInfo | None:
    """The recorded stream; the rate of the analysis is that of the second stream where there is one."""
    stream = sources[0].stream
    second = next((facts.stream for facts in sources if facts.kind == "sub"), None)
    if stream is None or second is None:
        return stream
    return stream.model_copy(update={"analysis_fps": second.analysis_fps})


def _expected(sources: Sequence[Facts]) -> Expectation:
    """What the device is meant to send: heartbeats only where its recordings are over."""
    kinds = {facts.kind for facts in sources if not facts.is_over}
    return "frames" if "visual" in kinds else "readings" if kinds else "heartbeat"


def has_changed(before: Health | None, now: Health) -> bool:
    """Whether a health event is due: the status changed, or the reason changed in more than its figures."""
    return before is None or before.status != now.status or _worded(before.reason) != _worded(now.reason)


def _worded(reason: str | None) -> str:
    return _FIGURE.sub("#", reason or "")
