"""Video segments of a run: MPEG-TS that plays on its own, cut at keyframes near a target length."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Final

import av
import numpy as np
from av.packet import Packet

from edge.bitstream import CLOCK, Unit

CONTENT_TYPE: Final = "video/mp2t"
_JITTER: Final = CLOCK // 100
_TS_PACKET: Final = 188
_HEAD_START: Final = 10 * CLOCK  # sound and reordered pictures may begin before the first keyframe


@dataclass(frozen=True, slots=True)
class Segment:
    """`duration_s` is that of its pictures, up to where the next segment begins. Within a run timestamps go on from
    segment to segment; `discontinuity` says that this one starts a run.
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


@dataclass(frozen=True, slots=True)
class Layout:
    """What the units of a run are. `audio_rate` is `None` where there is no sound."""

    width: int
    height: int
    audio_rate: int | None


class SegmentWriter:
    """Takes the units of one run after another and keeps the segments that are finished until they are taken."""

    def __init__(self, target_seconds: float) -> None:
        self._target = round(target_seconds * CLOCK)
        self._layout: Layout | None = None
        self._shift: int | None = None
        self._end = _HEAD_START
        self._open: list[Unit] = []
        self._first: Unit | None = None
        self._restarted = True
        self._finished: list[Segment] = []
        self._counters = ContinuityCounters()

    def start(self, layout: Layout) -> None:
        """A new run: a new connection, a loop, another picture size."""
        self.finish()
        self._layout = layout
        self._shift = None
        self._restarted = True

    def add(self, unit: Unit) -> None:
        if self._first is None and not (unit.kind == "video" and unit.keyframe):
            return
        if self.cuts_at(unit.pts) and unit.kind == "video" and unit.keyframe:
            self._close(until=unit.pts)
        self._first = self._first or unit
        self._open.append(unit)

    def cuts_at(self, pts: int) -> bool:
        """Whether a keyframe at `pts` would begin a new segment; ten milliseconds short is near enough."""
        return self._first is not None and pts - self._first.pts >= self._target - _JITTER

    def finish(self) -> None:
        """Close what is open; the last picture lasts as long as the one before it."""
        if self._first is None:
            return
        shown = sorted(unit.pts for unit in self._open if unit.kind == "video")
        last = shown[-1] - shown[-2] if len(shown) > 1 else self._open[0].duration or CLOCK // 25
        self._close(until=shown[-1] + last)

    def take(self) -> list[Segment]:
        finished, self._finished = self._finished, []
        return finished

    def _close(self, until: int) -> None:
        assert self._first is not None
        assert self._layout is not None, "start() comes before the first unit"
        if self._shift is None:
            self._shift = self._end - self._first.pts
        duration = (until - self._first.pts) / CLOCK
        pictures = sum(1 for unit in self._open if unit.kind == "video")
        self._finished.append(
            Segment(
                start=self._first.time,
                duration_s=round(duration, 6),
                data=self._counters.continued(muxed(self._open, self._layout, self._shift)),
                codec="h264",
                width=self._layout.width,
                height=self._layout.height,
                fps=round(pictures / duration, 3),
                audio=any(unit.kind == "audio" for unit in self._open),
                discontinuity=self._restarted,
            )
        )
        self._end = until + self._shift
        self._restarted = False
        self._open = []
        self._first = None


def muxed(units: Sequence[Unit], layout: Layout, shift: int) -> bytes:
    """MPEG-TS in memory with exactly the units' timestamps plus `shift`."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mpegts", options={"mpegts_copyts": "1"}) as container:
        streams = {"video": container.add_mux_stream("h264", width=layout.width, height=layout.height)}
        if layout.audio_rate:
            streams["audio"] = container.add_mux_stream("aac", rate=layout.audio_rate)
        for unit in units:
            if unit.kind not in streams or unit.dts + shift < 0:
                continue
            packet = Packet(unit.data)
            packet.stream = streams[unit.kind]
            packet.time_base = Fraction(1, CLOCK)
            packet.pts = unit.pts + shift
            packet.dts = unit.dts + shift
            packet.duration = unit.duration
            packet.is_keyframe = unit.keyframe
            container.mux(packet)
    return buffer.getvalue()


class ContinuityCounters:
    """Goes on counting the transport stream packets of each PID from segment to segment, as one muxer would."""

    def __init__(self) -> None:
        self._next: dict[int, int] = {}

    def continued(self, segment: bytes) -> bytes:
        packets = np.frombuffer(bytearray(segment), np.uint8).reshape(-1, _TS_PACKET)
        flags = packets[:, 3]
        pids = (packets[:, 1] & 31).astype(np.uint16) << 8 | packets[:, 2]
        for pid in np.unique(pids).tolist():
            rows = pids == pid
            shifted = (flags[rows] + self._next.get(pid, 0)) & 15
            flags[rows] = flags[rows] & 0xF0 | shifted
            self._next[pid] = int(shifted[-1]) + 1
        return packets.tobytes()
