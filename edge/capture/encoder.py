"""Encodes H.264 and AAC for sources that send something else: drawn scenes, MJPEG, old video files."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any, Final

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.codec.context import Flags
from av.packet import Packet
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from edge.agent.defaults import NOMINAL_FPS, SOUND_BITS_PER_S, peak_bits_per_s
from edge.capture.bitstream import CLOCK, Aac, Unit

AAC_RATES: Final = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_AAC_FRAME: Final = 1024
_TICK: Final = Fraction(1, CLOCK)
_QUALITY: Final = "23"


@dataclass(frozen=True, slots=True)
class Encoding:
    """`None` keeps what the camera has: its rate, its size, and as many bits as its pictures need.

    Video of the codecs in `passed` is recorded as it is sent, and everything else is encoded.
    """

    fps: float | None = None
    bit_rate: int | None = None
    max_width: int | None = None
    preset: str = "veryfast"
    passed: frozenset[str] = frozenset({"h264", "hevc"})


class VideoEncoder:
    """One for each run: segments do not refer to each other's pictures, but rate control continues."""

    def __init__(self, encoding: Encoding, size: tuple[int, int]) -> None:
        scale = min(1.0, (encoding.max_width or size[0]) / size[0])
        self.width, self.height = (max(2, round(side * scale / 2) * 2) for side in size)
        self._scaler = VideoReformatter()
        fps = encoding.fps or NOMINAL_FPS
        self._thins_out = encoding.fps is not None
        self._interval = round(CLOCK / fps)
        self._due: int | None = None
        self._latest: int | None = None
        self._codec: Any = av.CodecContext.create("libx264", "w")
        self._codec.width, self._codec.height, self._codec.pix_fmt = self.width, self.height, "yuv420p"
        self._codec.time_base, self._codec.framerate = _TICK, Fraction(fps).limit_denominator(1000)
        self._codec.thread_count = 1
        self._codec.gop_size = round(3600 * fps)  # keyframes come where segments begin, and nowhere else
        self._codec.options = {
            "preset": encoding.preset,
            "tune": "zerolatency",
            "forced-idr": "1",
            "x264-params": "scenecut=0",
            **self._rate_control(encoding.bit_rate, fps),
        }

    def _rate_control(self, bit_rate: int | None, fps: float) -> dict[str, str]:
        if bit_rate is not None:
            self._codec.bit_rate = bit_rate
            return {"maxrate": str(bit_rate), "bufsize": str(2 * bit_rate)}
        most = peak_bits_per_s(self.width, self.height, fps)
        return {"crf": _QUALITY, "maxrate": str(most), "bufsize": str(2 * most)}

    def due(self, pts: int) -> bool:
        """A slightly early picture is accepted, because sources jitter."""
        if self._latest is not None and pts <= self._latest:
            return False
        return not self._thins_out or self._due is None or pts >= self._due - self._interval // 8

    def encode(self, picture: VideoFrame, pts: int, time: datetime, *, keyframe: bool) -> list[Unit]:
        frame = self._scaler.reformat(picture, self.width, self.height, "yuv420p")
        if frame is picture:
            frame = VideoFrame.from_ndarray(picture.to_ndarray(), format="yuv420p")
        frame.pts, frame.time_base = pts, _TICK
        frame.pict_type = PictureType.I if keyframe else PictureType.NONE
        late = self._due is None or pts > self._due + self._interval
        self._due = (pts if late or self._due is None else self._due) + self._interval
        self._latest = pts
        return [
            Unit("video", bytes(packet), packet.pts, packet.dts, self._interval, packet.is_keyframe, time)
            for packet in self._codec.encode(frame)
        ]


def encoded_rate(rate: int) -> int:
    """The lowest sampling rate of AAC that loses nothing, or its highest."""
    return next((known for known in AAC_RATES if known >= rate), AAC_RATES[-1])


class AudioEncoder:
    """AAC of one rate, 64 kbit/s for each channel, from int16 samples (n x channels) of any rate."""

    def __init__(self, rate: int, channels: int) -> None:
        self.rate = rate
        self._layout = "mono" if channels == 1 else "stereo"
        self._codec: Any = av.CodecContext.create("aac", "w")
        self._codec.sample_rate, self._codec.format = rate, "fltp"
        self._codec.layout = self._layout
        self._codec.time_base = Fraction(1, rate)
        self._codec.bit_rate = SOUND_BITS_PER_S * channels
        # A third of the work of FFmpeg's usual search, for sound that is nearly the same.
        self._codec.options = {"aac_coder": "fast"}
        self._codec.flags |= Flags.global_header
        self._channels = channels
        self._resampler: AudioResampler | None = None
        self._resampled = (rate, channels)
        self._held: NDArray[np.float32] = np.zeros((0, channels), np.float32)
        self._next: int | None = None

    def encode(self, samples: NDArray[np.int16], rate: int, pts: int, time: datetime) -> list[Unit]:
        """`pts` is that of the first sample, in 1/90000 s. A gap in time stays a gap. Samples that come more than a
        tenth of a second too early are dropped, as from a sound card whose clock runs fast.
        """
        start = round(pts * self.rate / CLOCK)
        ahead = 0 if self._next is None else self._next + len(self._held) - start
        if ahead > self.rate // 10:
            return []
        if self._next is None or ahead < -self.rate // 10:
            # Samples that are too few for a packet move along with those that follow.
            self._next = max(start - len(self._held), 0)
        self._held = np.concatenate([self._held, self._converted(samples, rate)])
        units: list[Unit] = []
        for packet in self._packets():
            units += Aac(bytes(self._codec.extradata or b"")).convert(packet, time)
        return units

    def _converted(self, samples: NDArray[np.int16], rate: int) -> NDArray[np.float32]:
        """float32, n x channels, at the rate of the encoder."""
        form = (rate, samples.shape[1])
        if form == (self.rate, self._channels):
            return np.multiply(samples, 1 / 32768, dtype=np.float32)
        if self._resampler is None or form != self._resampled:
            self._resampler = AudioResampler(format="fltp", layout=self._layout, rate=self.rate)
            self._resampled = form
        frame = AudioFrame.from_ndarray(
            np.ascontiguousarray(samples.reshape(1, -1)), format="s16", layout="mono" if form[1] == 1 else "stereo"
        )
        frame.sample_rate = rate
        parts = [np.asarray(part.to_ndarray(), np.float32).T for part in self._resampler.resample(frame)]
        resampled: NDArray[np.float32] = np.concatenate([self._held[:0], *parts]).astype(np.float32, copy=False)
        return resampled

    def _packets(self) -> "Iterator[Packet[Any]]":
        while len(self._held) >= _AAC_FRAME:
            part, self._held = self._held[:_AAC_FRAME], self._held[_AAC_FRAME:]
            frame = AudioFrame.from_ndarray(np.ascontiguousarray(part.T), format="fltp", layout=self._layout)
            frame.sample_rate, frame.pts, frame.time_base = self.rate, self._next, Fraction(1, self.rate)
            self._next = (self._next or 0) + _AAC_FRAME
            yield from self._codec.encode(frame)
