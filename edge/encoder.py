"""H.264 and AAC for sources that come as something else: drawn scenes, MJPEG, old video files."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any, Final

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.codec.context import Flags
from av.packet import Packet
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from edge.bitstream import CLOCK, Aac, Unit

_AAC_FRAME: Final = 1024
_TICK: Final = Fraction(1, CLOCK)


@dataclass(frozen=True, slots=True)
class Encoding:
    """Pictures wider than `max_width` are reduced; more than `fps` a second are left out."""

    fps: int = 10
    bit_rate: int = 600_000
    preset: str = "veryfast"
    max_width: int = 1280


class VideoEncoder:
    """One for each run, so that pictures of a segment refer to none of the one before but rate control goes on."""

    def __init__(self, encoding: Encoding, size: tuple[int, int]) -> None:
        scale = min(1.0, encoding.max_width / size[0])
        self.width, self.height = (max(2, round(side * scale / 2) * 2) for side in size)
        self._scaler = VideoReformatter()
        self._interval = CLOCK // encoding.fps
        self._due: int | None = None
        self._codec: Any = av.CodecContext.create("libx264", "w")
        self._codec.width, self._codec.height, self._codec.pix_fmt = self.width, self.height, "yuv420p"
        self._codec.time_base, self._codec.framerate = _TICK, Fraction(encoding.fps)
        self._codec.thread_count = 1
        self._codec.bit_rate = encoding.bit_rate
        self._codec.gop_size = 3600 * encoding.fps  # keyframes come where segments begin, and nowhere else
        rate = str(encoding.bit_rate)
        self._codec.options = {"preset": encoding.preset, "tune": "zerolatency", "forced-idr": "1", "maxrate": rate}
        self._codec.options |= {"bufsize": str(2 * encoding.bit_rate), "x264-params": "scenecut=0"}

    def due(self, pts: int) -> bool:
        """A little early is in time: sources jitter."""
        return self._due is None or pts >= self._due - self._interval // 8

    def encode(self, picture: VideoFrame, pts: int, time: datetime, *, keyframe: bool) -> list[Unit]:
        frame = self._scaler.reformat(picture, self.width, self.height, "yuv420p")
        if frame is picture:
            frame = VideoFrame.from_ndarray(picture.to_ndarray(), format="yuv420p")
        frame.pts, frame.time_base = pts, _TICK
        frame.pict_type = PictureType.I if keyframe else PictureType.NONE
        late = self._due is None or pts > self._due + self._interval
        self._due = (pts if late or self._due is None else self._due) + self._interval
        return [
            Unit("video", bytes(packet), packet.pts, packet.dts, self._interval, packet.is_keyframe, time)
            for packet in self._codec.encode(frame)
        ]


class AudioEncoder:
    """AAC, 64 kbit/s for each channel, from int16 samples (n x channels)."""

    def __init__(self, rate: int, channels: int) -> None:
        self.rate = rate
        self._channels = channels
        self._codec: Any = av.CodecContext.create("aac", "w")
        self._codec.sample_rate, self._codec.format = rate, "fltp"
        self._codec.layout = "mono" if channels == 1 else "stereo"
        self._codec.time_base = Fraction(1, rate)
        self._codec.bit_rate = 64_000 * channels
        self._codec.flags |= Flags.global_header
        self._held: NDArray[np.float32] = np.zeros((0, channels), np.float32)
        self._next: int | None = None

    def encode(self, samples: NDArray[np.int16], pts: int, time: datetime) -> list[Unit]:
        """`pts` in 1/90000 s is that of the first sample; a hole in time is kept as a hole."""
        start = round(pts * self.rate / CLOCK)
        if self._next is None or abs(start - self._next - len(self._held)) > self.rate // 10:
            self._held = self._held[:0]
            self._next = start
        self._held = np.concatenate([self._held, samples.astype(np.float32) / 32768])
        converter = Aac(b"")
        units: list[Unit] = []
        for packet in self._packets():
            config = bytes(self._codec.extradata or b"")
            converter = Aac(config)
            units += converter.convert(packet, time)
        return units

    def _packets(self) -> "Iterator[Packet[Any]]":
        while len(self._held) >= _AAC_FRAME:
            part, self._held = self._held[:_AAC_FRAME], self._held[_AAC_FRAME:]
            frame = AudioFrame.from_ndarray(np.ascontiguousarray(part.T), format="fltp", layout=self._codec.layout.name)
            frame.sample_rate, frame.pts, frame.time_base = self.rate, self._next, Fraction(1, self.rate)
            self._next = (self._next or 0) + _AAC_FRAME
            yield from self._codec.encode(frame)
