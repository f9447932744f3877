"""How a device does: facts of its sources, from their threads, and the status that follows from them."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from bus_schemas.node import DeviceStatus, Health, StreamInfo
from producer.clock import Elapsed
from producer.ids import Clock

Kind = Literal["visual", "thermal"]
STALE_AFTER_S: Final = 30.0
_WORST_FIRST: Final[tuple[DeviceStatus, ...]] = ("stopped", "degraded", "stale", "not_started", "healthy")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one source. `failures` are those since it last gave something.

    `came_s` is when the last frame came, by a clock that is never set: a device is not stale because the time of day
    was put right.
    """

    kind: Kind
    running: bool = False
    recording: bool = False
    reason: str | None = None
    stream: StreamInfo | None = None
    last_frame: datetime | None = None
    came_s: float | None = None
    last_attempt: datetime | None = None
    last_success: datetime | None = None
    reconnects: int = 0
    failures: int = 0
    segment_start: datetime | None = None
    analysis: str | None = None
    """Why too many frames could not be analysed; `None` where they could."""

    def status(self, now_s: float) -> DeviceStatus:
        """No frame yet is not stale: it may still come."""
        if self.last_attempt is None:
            return "not_started"
        if not self.running:
            return "stopped"
        if self.failures:
            return "degraded"
        if self.came_s is not None and now_s - self.came_s > STALE_AFTER_S:
            return "stale"
        return "healthy" if self.analysis is None else "degraded"

    def why(self, now_s: float) -> str | None:
        """The reason of the status, in a sentence; there is one wherever the status is not healthy."""
        match self.status(now_s):
            case "healthy":
                return None
            case "not_started":
                return "it has not begun yet"
            case "stale":
                return self.reason or f"nothing came for more than {STALE_AFTER_S:g} s"
            case "degraded":
                return self.reason or self.analysis or "it does not answer"
        return self.reason or "it is not running"


class SourceHealth:
    """Written by the thread of one source, read by that of the node."""

    def __init__(self, kind: Kind, clock: Clock, *, records: bool = False, elapsed: Elapsed = time.monotonic) -> None:
        self._clock = clock
        self._elapsed = elapsed
        self._records = records
        self._lock = threading.Lock()
        self._facts = Facts(kind)
        self._since = elapsed()
        self._frames = 0

    @property
    def facts(self) -> Facts:
        with self._lock:
            return self._facts

    def attempting(self) -> None:
        self._set(running=True, last_attempt=self._clock())

    def connected(self) -> None:
        with self._lock:
            again = self._facts.last_success is not None
            self._facts = replace(
                self._facts,
                last_success=self._clock(),
                reconnects=self._facts.reconnects + again,
                recording=self._records,
            )
            self._since, self._frames = self._elapsed(), 0

    def gave(self, moment: datetime, size: tuple[int, int]) -> None:
        """A frame came. The rate is that of the last 10 s or so."""
        with self._lock:
            self._frames += 1
            now = self._elapsed()
            seconds = now - self._since
            stream = self._facts.stream
            if stream is None or (stream.width, stream.height) != size:
                stream = StreamInfo(fps=0.0, width=size[0], height=size[1])
            if seconds >= 10:
                stream = stream.model_copy(update={"fps": round(self._frames / seconds, 2)})
                self._since, self._frames = now, 0
            self._facts = replace(self._facts, last_frame=moment, came_s=now, failures=0, reason=None, stream=stream)

    def segment_began(self, start: datetime) -> None:
        self._set(segment_start=start)

    def failed(self, reason: str) -> int:
        """Returns how often in a row that makes."""
        with self._lock:
            self._facts = replace(self._facts, failures=self._facts.failures + 1, reason=reason, recording=False)
            return self._facts.failures

    def analysed(self, trouble: str | None) -> None:
        """Whether the frames can be analysed: `None`, or why too many cannot."""
        if self.facts.analysis != trouble:
            self._set(analysis=trouble)

    def stopped(self, reason: str) -> None:
        self._set(running=False, recording=False, reason=reason)

    def _set(self, **changes: object) -> None:
        with self._lock:
            self._facts = replace(self._facts, **changes)  # type: ignore[arg-type]  # names are checked by replace


def health(sources: Sequence[Facts], now_s: float) -> Health:
    """Of a device: the worst of its sources, and the figures of the first, its camera where it has one."""
    first = sources[0]
    worst = min(sources, key=lambda facts: _WORST_FIRST.index(facts.status(now_s)))
    return Health(
        status=worst.status(now_s),
        reason=worst.why(now_s),
        is_recording=any(facts.recording for facts in sources),
        stream_info=first.stream,
        last_frame_time=first.last_frame,
        last_connection_attempt=first.last_attempt,
        last_successful_connection=first.last_success,
        total_reconnects=sum(facts.reconnects for facts in sources),
        consecutive_failures=max(facts.failures for facts in sources),
        current_segment_start=first.segment_start,
        kinds=tuple(facts.kind for facts in sources),
    )
