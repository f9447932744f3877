"""Gives every packet of an input its time, with one clock for each stream."""

from collections import deque
from typing import Final

from edge.capture.sources.demuxer import ContainerDemuxer, DemuxedPacket, Demuxer
from edge.capture.sources.inputs import Input
from edge.capture.sources.read_ahead import NOTHING
from edge.capture.sources.timestamps import DEFAULT_INTERVAL_S, FileClock, LiveClock
from producer.clock import Elapsed

BUFFERED_S: Final = 0.005
"""A packet that comes sooner was buffered before."""
MOST_BUFFERED: Final = 500
PRIMING_S: Final = 0.5
FEWEST_COUNTED: Final = 20


class Counter:
    """Counts pictures and their bytes since the last call of `take`."""

    def __init__(self, elapsed: Elapsed) -> None:
        self._elapsed = elapsed
        self._since = elapsed()
        self._pictures = self._bytes = 0

    def add(self, size: int) -> None:
        self._pictures, self._bytes = self._pictures + 1, self._bytes + size

    def take(self) -> tuple[float, int] | None:
        """Pictures per second and bytes of each; `None` where they are too few."""
        pictures, self._pictures, sent, self._bytes = self._pictures, 0, self._bytes, 0
        seconds, self._since = self._elapsed() - self._since, self._elapsed()
        return (pictures / seconds, sent // pictures) if pictures >= FEWEST_COUNTED and seconds > 0 else None


class PacketTiming:
    """Live packets get their time from their arrival, packets of a file from their own timestamps, from `start` on."""

    def __init__(self, source: Input, demuxer: Demuxer, elapsed: Elapsed, start: float, counter: Counter) -> None:
        self._demuxer = demuxer
        self._elapsed = elapsed
        self._is_live = source.is_live
        self._live = {"video": LiveClock(), "audio": LiveClock()}
        self._files: dict[str, FileClock] = {}
        self._start = start
        self._primed = not self._is_live or source.is_jpeg_stream
        self._held: deque[tuple[DemuxedPacket, float]] = deque()
        self._began = start
        self._read_at: float | None = None
        self._at = 0.0
        self._counter = counter
        self.stampless = False
        """A file without timestamps: its pictures follow each other in the order in which they are shown."""

    @property
    def interval_s(self) -> float:
        """Seconds between two pictures."""
        if self._is_live:
            return self._live["video"].interval_s
        return 1 / self._demuxer.fps if isinstance(self._demuxer, ContainerDemuxer) else DEFAULT_INTERVAL_S

    def measured(self) -> tuple[float, int | None]:
        """Pictures per second since the last call, or at which a file was recorded, and bits per second, where enough
        packets came.
        """
        counted, own_fps = self._counter.take(), 1 / self.interval_s
        if counted is None:
            return own_fps, None
        fps = counted[0] if self._is_live else own_fps
        return fps, round(8 * counted[1] * fps)

    @property
    def end(self) -> float:
        """When a file continues after its last picture."""
        return self._files["video"].end if "video" in self._files else self._start

    def next(self) -> DemuxedPacket | None:
        if not self._primed and not self._prime():
            return NOTHING
        if self._held:
            arrival, self._at = self._held.popleft()
            return arrival
        return self._read()

    @property
    def at(self) -> float:
        """When the last packet was complete here."""
        return self._at

    def time(self, arrival: DemuxedPacket) -> float:
        """The time of the last packet."""
        reordered = arrival.kind == "video" and self._demuxer.reorders
        if arrival.kind == "video" and arrival.packet.size:
            self._counter.add(arrival.packet.size)
        if self._is_live:
            return self._live[arrival.kind].time(arrival.stamp, self._at, reordered=reordered)
        if not arrival.packet.size:
            return self.end
        if arrival.kind == "video" and arrival.stamp is None and "video" not in self._files:
            self.stampless = True
        if self.stampless and arrival.kind == "video":
            return self.end
        return self._file(arrival).time(arrival.stamp, reordered=reordered)

    def picture_time(self) -> float:
        """The time of the next picture of a file without timestamps."""
        return self._file(DemuxedPacket("video", None, None)).time(None)

    def shift(self, seconds: float) -> None:
        for clock in self._files.values():
            clock.shift(seconds)

    def _file(self, arrival: DemuxedPacket) -> FileClock:
        if arrival.kind not in self._files:
            known = self._demuxer.start if isinstance(self._demuxer, ContainerDemuxer) else None
            zero = known if known is not None else arrival.stamp or 0.0
            self._files[arrival.kind] = FileClock(self._start, zero, self.interval_s)
        return self._files[arrival.kind]

    def _read(self) -> DemuxedPacket | None:
        arrival = self._demuxer.next()
        if arrival is NOTHING:
            return NOTHING
        known = arrival.at_s if arrival is not None else None
        self._at = now = self._elapsed() if known is None else known
        if arrival is not None and arrival.kind == "video" and self._demuxer.is_late_by_one:
            # It was complete when the one before was handed out.
            self._at = now if self._read_at is None else self._read_at
            self._read_at = now
        return arrival

    def _prime(self) -> bool:
        """Take in the packets that FFmpeg read while opening, before anybody could read the clock. Packets of the next
        half second show how late the first ones were, and replace the timestamp that the very first one lacks.

        False as long as nothing has come.
        """
        latest = self._began
        while len(self._held) < MOST_BUFFERED:
            arrival = self._read()
            if arrival is NOTHING and not self._held:
                return False
            if arrival is None or arrival is NOTHING:
                break
            self._held.append((arrival, self._at))
            came = self._at if arrival.at_s is None else arrival.at_s
            if came - latest > BUFFERED_S and came - self._began > PRIMING_S:
                break
            latest = came
        self._primed = True
        for kind, clock in self._live.items():
            packets = [(arrival.stamp, at) for arrival, at in self._held if arrival.kind == kind]
            put_back = iter(clock.prime(packets))
            self._held = deque((arrival, next(put_back) if arrival.kind == kind else at) for arrival, at in self._held)
        return True
