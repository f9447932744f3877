"""Measures how much of the stream of a camera is usable, for its health."""

from edge.capture.recorder import Recorder
from edge.capture.sources.liveness import Damage
from edge.capture.sources.load_shedding import LoadShedding
from edge.capture.sources.packet_timing import PacketTiming
from edge.capture.sources.source import StreamReport
from producer.clock import Elapsed


class StreamQuality:
    """For one source, over all its connections."""

    def __init__(self, elapsed: Elapsed, recorder: Recorder | None, *, only_keyframes: bool = False) -> None:
        self._recorder = recorder
        self._lost = 0
        self.pictures, self.sound = Damage(elapsed), Damage(elapsed)
        self.shedding = LoadShedding(elapsed, only_keyframes=only_keyframes)

    def report(self, arrivals: PacketTiming, codec: str) -> StreamReport:
        fps, bits_per_s = arrivals.measured()
        complaint = self.pictures.sentence("what it sent") or self._lost_segments() or self.shedding.complaint()
        remark = self.sound.sentence("its sound") or self.shedding.remark()
        return StreamReport(round(fps, 2), codec, bits_per_s, complaint, remark)

    def _lost_segments(self) -> str | None:
        """Counts since the last report."""
        lost = self._recorder.lost if self._recorder else 0
        more, self._lost = lost - self._lost, lost
        return f"{more} segments of its video could not be written" if more else None
