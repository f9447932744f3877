"""Cuts video segments at keyframes near a target length; each plays on its own."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from bus_schemas.media import MJPEG
from edge.capture.bitstream import CLOCK, Unit
from edge.capture.fragments import LiveTracks, channels_of, recorded_mp4
from edge.capture.mpegts import ContinuityCounters, Layout, muxed, ordered

TRANSPORT_STREAM: Final = "video/mp2t"
MP4: Final = "video/mp4"
LONGEST_S: Final = 120
ENOUGH_BYTES: Final = 16_000_000
"""With so many, the next keyframe begins another segment, however short this one is."""
LARGEST_BYTES: Final = 28_000_000
"""With what the container adds, a segment is one message, and brokers take no message above 32 MiB."""
HOLE: Final = timedelta(seconds=0.5)
SHORTEST: Final = CLOCK // 100
HIGHEST_FPS: Final = 1000
_JITTER: Final = CLOCK // 20
_HEAD_START: Final = 10 * CLOCK  # sound and reordered pictures may begin before the first keyframe

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RecordedSegment:
    """`duration_s` lasts to the beginning of the next segment. Timestamps continue from segment to segment within a
    run; `discontinuity` says that this one does not continue the one before.
    """

    start: datetime
    duration_s: float
    data: bytes
    codec: str
    width: int
    height: int
    fps: float
    audio: bool
    discontinuity: bool
    content_type: str = TRANSPORT_STREAM


class SegmentWriter:
    """Cuts the units of successive runs into segments, and keeps finished ones until they are taken."""

    def __init__(self, target_seconds: float) -> None:
        self._target = round(target_seconds * CLOCK)
        self._layout: Layout | None = None
        self._shift: int | None = None
        self._end = _HEAD_START
        self._open: list[Unit] = []
        self._bytes = 0
        self._first: Unit | None = None
        self._latest = 0
        self._restarted = True
        self._ended: datetime | None = None
        self._finished: list[RecordedSegment] = []
        self._counters = ContinuityCounters()
        self.lost = 0
        """Segments that could not be written."""

    @property
    def open_since(self) -> datetime | None:
        """When the segment that is being recorded began."""
        return self._first.time if self._first is not None else None

    def start(self, layout: Layout) -> None:
        """Begin a run: a new connection, a loop, another picture size."""
        self.finish()
        self._layout = layout
        self._shift = None
        self._restarted = True

    def add(self, unit: Unit) -> None:
        may_begin = unit.keyframe and unit.kind == "video"
        if self._first is not None and unit.pts - self._latest > LONGEST_S * CLOCK:
            # Nothing was recorded meanwhile, as while the machine was suspended: no picture lasts so long.
            self.finish()
            self._shift, self._restarted = None, True
        if self._first is None and not may_begin:
            return
        if may_begin and self.cuts_at(unit.pts):
            self._close(until=unit.pts)
        self._first = self._first or unit
        if unit.pts > self._latest or not self._open:
            self._latest = unit.pts
        self._open.append(unit)
        self._bytes += len(unit.data)

    def cuts_at(self, pts: int) -> bool:
        """Whether a keyframe at `pts` would begin a new segment; slightly early is accepted."""
        if self._first is None:
            return False
        return pts - self._first.pts >= self._target - _JITTER or self._bytes > ENOUGH_BYTES or self.is_overlong

    @property
    def is_overlong(self) -> bool:
        """Whether the open segment must be closed, with a keyframe or without."""
        if self._first is None:
            return False
        return self._bytes > LARGEST_BYTES or self._latest - self._first.pts > LONGEST_S * CLOCK

    def finish(self, now: int | None = None) -> None:
        """Close the open segment. Its last picture lasts as long as the one before, but not beyond `now`."""
        if self._first is None:
            return
        shown = sorted(unit.pts for unit in self._open if unit.kind == "video")
        last = shown[-1] - shown[-2] if len(shown) > 1 else self._open[0].duration or CLOCK // 25
        if now is not None:
            last = min(last, now - shown[-1])
        self._close(until=shown[-1] + max(SHORTEST, last))

    def take(self) -> list[RecordedSegment]:
        finished, self._finished = self._finished, []
        return finished

    def _close(self, until: int) -> None:
        """A segment that cannot be written costs only itself."""
        assert self._first is not None
        if self._shift is None:
            self._shift = self._end - self._first.pts
        try:
            segment = self._segment(self._first, until, self._shift)
        except Exception as error:  # noqa: BLE001 - FFmpeg and what wraps it raise a dozen kinds for what a camera sent
            log.warning("segment lost", start=self._first.time, error=repr(error))
            self.lost += 1
            self._restarted = True
        else:
            self._finished.append(segment)
            self._ended = segment.start + timedelta(seconds=segment.duration_s)
            self._restarted = False
        self._end = until + self._shift
        self._open = []
        self._bytes = 0
        self._first = None

    def _segment(self, first: Unit, until: int, shift: int) -> RecordedSegment:
        assert self._layout is not None, "start() comes before the first unit"
        duration = (until - first.pts) / CLOCK
        pictures = sum(1 for unit in self._open if unit.kind == "video")
        # A clock step leaves a hole or an overlap, although the pictures go on.
        jumps = self._ended is not None and abs(first.time - self._ended) > HOLE
        is_mp4 = self._layout.codec == MJPEG
        return RecordedSegment(
            start=first.time,
            duration_s=round(duration, 6),
            data=self._mp4(self._layout, shift) if is_mp4 else self._transport_stream(self._layout, shift),
            content_type=MP4 if is_mp4 else TRANSPORT_STREAM,
            codec=self._layout.codec,
            width=self._layout.width,
            height=self._layout.height,
            fps=round(min(pictures / duration, HIGHEST_FPS), 3),
            audio=any(unit.kind == "audio" for unit in self._open),
            discontinuity=self._restarted or jumps,
        )

    def _transport_stream(self, layout: Layout, shift: int) -> bytes:
        return muxed(ordered(self._open), layout, shift, self._counters)

    def _mp4(self, layout: Layout, shift: int) -> bytes:
        sound = next((unit for unit in self._open if unit.kind == "audio"), None)
        channels = channels_of(sound.data) if sound is not None else 1
        tracks = LiveTracks(layout.codec, layout.width, layout.height, layout.audio_rate, channels)
        return recorded_mp4(ordered(self._open), tracks, shift)
