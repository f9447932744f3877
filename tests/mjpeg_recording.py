"""MJPEG as a recorder keeps it that was told to keep it as it is sent."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, Final

from av.packet import Packet

from edge.capture.bitstream import CLOCK
from edge.capture.encoder import Encoding
from edge.capture.recorder import Recorder
from edge.capture.segments import RecordedSegment

MJPEG_SIZE: Final = (160, 120)
MJPEG_FPS: Final = 5
KEPT: Final = Encoding(passed=frozenset({"h264", "hevc", "mjpeg"}))


def mjpeg_segments(
    pictures: Sequence[bytes], start: datetime, *, target_s: float = 2, encoding: Encoding = KEPT
) -> list[RecordedSegment]:
    recorder = Recorder(target_s, encoding)
    recorder.begin(MJPEG_SIZE, codec="mjpeg")
    for number, picture in enumerate(pictures):
        packet: Packet[Any] = Packet(picture)
        packet.time_base, packet.pts = Fraction(1, CLOCK), number * CLOCK // MJPEG_FPS
        packet.dts, packet.duration = packet.pts, CLOCK // MJPEG_FPS
        recorder.packet(packet, start + timedelta(seconds=number / MJPEG_FPS))
    recorder.finish()
    return recorder.take()
