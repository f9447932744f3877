"""Measures how much of the stream of a camera is usable, for its health."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import structlog

from bus_schemas.limits import LONGEST_S
from edge.capture.recorder import Recorder
from edge.capture.segments import HIGHEST_FPS
from edge.capture.sources.liveness import DamageCount
from edge.capture.sources.load_shedding import LoadShedding
from edge.capture.sources.packet_timing import PacketTiming
from edge.capture.sources.sender_reports import Lateness
from edge.capture.sources.source import StreamReport
from producer.clock import Elapsed

T = TypeVar("T")

log = structlog.get_logger(__name__)


class StreamQuality:
    """For one source, over all its connections."""

    def __init__(self, elapsed: Elapsed, recorder: Recorder | None, *, only_keyframes: bool = False) -> None:
        self._recorder = recorder
        self._lost = 0
        self.pictures, self.sound = DamageCount(elapsed), DamageCount(elapsed)
        self.shedding = LoadShedding(elapsed, only_keyframes=only_keyframes)
        self.lateness = Lateness()
        self.is_damaged = False
        """Whether an attempt with the packet that is being worked on has failed."""
        self.skipped_at: datetime | None = None
        """When the newest picture was taken that came while only keyframes are decoded."""

    def report(self, arrivals: PacketTiming, codec: str) -> StreamReport:
        fps, bits_per_s = arrivals.measured()
        complaint = self.pictures.sentence("what it sent") or self._lost_segments() or self.shedding.complaint()
        remark = self.sound.sentence("its sound") or self.shedding.remark() or self.lateness.remark()
        error_s = self.lateness.clock_error_s
        # A camera that nobody set is in 1970. Its remark says by how much, and no figure is larger than an event has.
        rounded_s = None if error_s is None else round(max(-LONGEST_S, min(LONGEST_S, error_s)), 1)
        skipped_at, self.skipped_at = self.skipped_at, None
        return StreamReport(
            round(min(fps, HIGHEST_FPS), 2), codec, bits_per_s, complaint, remark, rounded_s, skipped_at
        )

    def attempt(self, step: Callable[..., T], *given: Any) -> T | None:
        """An error of a decoder, filter or encoder costs only the packet or picture that caused it."""
        try:
            return step(*given)
        except Exception as error:  # noqa: BLE001 - counted and reported; a camera must not be able to end its agent
            self.is_damaged = True
            log.debug("packet lost", step=step.__name__, error=repr(error))
            return None

    def _lost_segments(self) -> str | None:
        """Counts since the last report."""
        lost = self._recorder.lost if self._recorder else 0
        more, self._lost = lost - self._lost, lost
        return f"{more} segments of its video could not be written" if more else None
