"""Writes MPEG-TS in memory, with timestamps that its multiplexer accepts."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from operator import lt
from typing import Final

import av
import numpy as np
from av.packet import Packet

from edge.capture.bitstream import CLOCK, Unit

LONGEST_LEAD: Final = 2 * CLOCK
"""By how much the first picture may be decoded before it is shown."""
_TICK: Final = Fraction(1, CLOCK)
_TS_PACKET: Final = 188
_PIDS: Final = 8192
_BUFFER_BYTES: Final = 1 << 18
_OPTIONS: Final = {"mpegts_copyts": "1", "flush_packets": "0"}
"""Each flush of a packet would call the interpreter."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The streams of a run. `audio_rate` is `None` where there is no sound."""

    width: int
    height: int
    audio_rate: int | None
    codec: str = "h264"


def ordered(units: Sequence[Unit]) -> list[Unit]:
    """The same units with decoding times that grow strictly in each stream; sound that goes back is dropped."""
    shown = distinct([unit.pts for unit in units if unit.kind == "video"])
    times = zip(shown, decoding_times(shown), strict=True)
    result: list[Unit] = []
    last_sound: int | None = None
    for unit in units:
        if unit.kind == "video":
            pts, dts = next(times)
            result.append(unit if (pts, dts) == (unit.pts, unit.dts) else unit._replace(pts=pts, dts=dts))
        elif last_sound is None or unit.pts > last_sound:
            last_sound = unit.pts
            result.append(unit if unit.dts == unit.pts else unit._replace(dts=unit.pts))
    return result


def decoding_times(shown: Sequence[int]) -> list[int]:
    """The decoding times of pictures in the order in which they come: strictly growing, and never later than the
    picture is shown. `shown` has no time twice.
    """
    if _are_in_order(shown):
        return list(shown)
    ordered = sorted(shown)
    depth = _reordering_depth(shown, ordered)
    # Where pictures are seldom, or paused, their intervals would lead to before the beginning of the run.
    interval = max(1, min((ordered[-1] - ordered[0]) // max(1, len(ordered) - 1), LONGEST_LEAD // depth))
    before = [ordered[0] - interval * (depth - index) for index in range(depth)]
    return [*before, *ordered][: len(shown)]


def _are_in_order(shown: Sequence[int]) -> bool:
    """Whether each picture is shown after the one before: those of most cameras."""
    return all(map(lt, shown, islice(shown, 1, None)))


def _reordering_depth(shown: Sequence[int], ordered: Sequence[int]) -> int:
    """By how many pictures decoding must run ahead of showing."""
    place = {time: index for index, time in enumerate(ordered)}
    return max((index - place[time] for index, time in enumerate(shown)), default=0)


def distinct(shown: Sequence[int]) -> list[int]:
    """The same times in the same order of showing, each at least a tick after the one before."""
    result = list(shown)
    if _are_in_order(shown):
        return result
    latest: int | None = None
    for index in sorted(range(len(shown)), key=lambda one: (shown[one], one)):
        if latest is not None and result[index] <= latest:
            result[index] = latest + 1
        latest = result[index]
    return result


def muxed(units: Sequence[Unit], layout: Layout, shift: int, counters: "ContinuityCounters | None" = None) -> bytes:
    """MPEG-TS in memory with exactly the units' timestamps plus `shift`. Sound from before 0 is left out. With
    `counters` it continues the segment before.

    Raises `ValueError` where that is a picture: without it others could not be decoded.
    """
    if any(unit.kind == "video" and unit.dts + shift < 0 for unit in units):
        raise ValueError("a picture is to be decoded before the beginning of the run")
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mpegts", options=_OPTIONS, buffer_size=_BUFFER_BYTES) as container:
        streams = {"video": container.add_mux_stream(layout.codec, width=layout.width, height=layout.height)}
        if layout.audio_rate:
            streams["audio"] = container.add_mux_stream("aac", rate=layout.audio_rate)
        for unit in _wanted(units, set(streams), shift):
            packet = Packet(unit.data)
            packet.stream = streams[unit.kind]
            packet.time_base = _TICK
            packet.pts = unit.pts + shift
            packet.dts = unit.dts + shift
            packet.duration = unit.duration
            packet.is_keyframe = unit.keyframe
            container.mux_one(packet)
    if counters is not None:
        with buffer.getbuffer() as written:
            counters.continue_in(written)
    return buffer.getvalue()


def _wanted(units: Sequence[Unit], kinds: set[str], shift: int) -> Iterator[Unit]:
    return (unit for unit in units if unit.kind in kinds and unit.dts + shift >= 0)


class ContinuityCounters:
    """Continues the counters of transport stream packets of each PID from segment to segment, as one muxer would."""

    def __init__(self) -> None:
        self._next = np.zeros(_PIDS, np.uint8)

    def continue_in(self, segment: memoryview) -> None:
        """Change the counters of a segment in place."""
        packets = np.frombuffer(segment, np.uint8).reshape(-1, _TS_PACKET)
        _, high, low, flags = packets[:, :4].T.copy()
        pids = (high & 31).astype(np.intp) << 8 | low
        shifted = (flags + self._next[pids]) & 15
        packets[:, 3] = flags & 0xF0 | shifted
        # Of a PID that comes again and again, the last packet stays.
        self._next[pids] = shifted + 1
