"""The packets of a run, each with the moment at which it is to be seen or heard."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, Self

from consumers.upkeep.exports.runs import Run

CLOCK: Final = 90_000
TICK: Final = Fraction(1, CLOCK)
MOST_EARLY: Final = 500
"""Packets of sound before the first picture: some seconds."""


@dataclass(slots=True)
class TimedPacket:
    """A packet with the moment at which it is shown, in seconds since 1970, and its times in ticks of `CLOCK`."""

    packet: Any
    is_video: bool
    moment: float
    pts: int
    dts: int
    duration: int
    since_base: int
    """Ticks since the first picture of its run."""
    place: int
    """In which segment of its run it is."""

    def placed(self, run: Run, base: int) -> Self:
        """With its place and moment, where the first picture of its run has this time."""
        self.since_base = self.pts - base
        self.place, self.moment = run.locate(self.since_base / CLOCK)
        return self

    @property
    def dts_moment(self) -> float:
        """The moment at which it is decoded."""
        return self.moment - (self.pts - self.dts) / CLOCK

    @property
    def is_keyframe(self) -> bool:
        return self.is_video and self.packet.is_keyframe


def timed(run: Run, packets: Iterable[Any]) -> Iterator[TimedPacket]:
    """The packets of a run from its first picture on; those without a time are left out. Sound may come before the
    pictures that it belongs to.
    """
    base: int | None = None
    known: dict[int, tuple[bool, Fraction | int]] = {}
    early: deque[TimedPacket] = deque(maxlen=MOST_EARLY)
    for packet in packets:
        pts, dts, duration = packet.pts, packet.dts, packet.duration or 0
        if pts is None or dts is None:
            continue
        kind = known.get(packet.stream_index)
        if kind is None:
            kind = known[packet.stream_index] = _kind(packet)
        is_video, scale = kind
        if scale != 1:
            pts, dts, duration = int(pts * scale), int(dts * scale), int(duration * scale)
            packet.time_base = TICK
        one = TimedPacket(packet, is_video, 0.0, pts, dts, duration, 0, 0)
        if base is not None:
            yield one.placed(run, base)
        elif not is_video:
            early.append(one)
        elif packet.is_keyframe:
            base = pts
            yield one.placed(run, base)
            yield from (sound.placed(run, base) for sound in early if sound.pts >= pts)
            early.clear()


def _kind(packet: Any) -> tuple[bool, Fraction | int]:
    """Whether it is video, and how many ticks of `CLOCK` one of its own is."""
    scale = packet.time_base * CLOCK
    return packet.stream.type == "video", scale if scale.denominator != 1 else int(scale)
