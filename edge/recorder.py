"""Records one device: packets as they came where they are H.264, encoded pictures where not."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from av.audio.stream import AudioStream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from edge.bitstream import CLOCK, H264, Aac, Coded, Converter, can_pass_aac
from edge.encoder import AudioEncoder, Encoding, VideoEncoder
from edge.segments import Layout, Segment, SegmentWriter

TARGET_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Passing:
    """Which streams of a source are recorded without being encoded anew."""

    video: bool
    audio: bool


class Recorder:
    """A source tells it what it is (`begin`), then gives it everything in order; the agent takes finished segments.

    Used by one thread. Times are those of the pictures, so that a segment starts when its first picture was taken.
    """

    def __init__(self, target_seconds: float = TARGET_SECONDS, encoding: Encoding | None = None) -> None:
        self._encoding = encoding or Encoding()
        self._writer = SegmentWriter(target_seconds)
        self._converters: dict[str, Converter] = {}
        self._video: VideoEncoder | None = None
        self._audio: AudioEncoder | None = None
        self._origin: datetime | None = None

    def begin(
        self,
        size: tuple[int, int],
        video: VideoStream | None = None,
        audio: AudioStream | None = None,
        rate: int | None = None,
    ) -> Passing:
        """A new run of pictures of `size`. `video` and `audio` are a container's streams; a scene gives only the `rate`
        of its sound.
        """
        self._converters = {}
        self._video = self._audio = self._origin = None
        if video is not None and video.codec_context.name == "h264":
            self._converters["video"] = H264(video)
        else:
            self._video = VideoEncoder(self._encoding, size)
        if audio is not None and "video" in self._converters and can_pass_aac(audio):
            self._converters["audio"] = Aac(bytes(audio.codec_context.extradata or b""))
        rate = audio.codec_context.sample_rate if audio is not None else rate
        width, height = (self._video.width, self._video.height) if self._video else size
        self._writer.start(Layout(width, height, rate))
        return Passing("video" in self._converters, "audio" in self._converters)

    def packet(self, packet: Coded, time: datetime) -> None:
        """Uses the packet up: decode it before."""
        kind = packet.stream.type
        for unit in self._converters[kind].convert(packet, time):
            if unit.kind == "video" and self._origin is None:
                self._origin = unit.time - timedelta(seconds=unit.pts / CLOCK)
            self._writer.add(unit)

    def picture(self, picture: VideoFrame, time: datetime) -> None:
        if self._video is None:
            return
        pts = self._ticks(time)
        if self._video.due(pts):
            first = self._origin == time
            for unit in self._video.encode(picture, pts, time, keyframe=first or self._writer.cuts_at(pts)):
                self._writer.add(unit)

    def sound(self, samples: NDArray[np.int16], rate: int, time: datetime) -> None:
        """n x channels; ignored where the source's own packets are recorded, and before the first picture."""
        if "audio" in self._converters or self._origin is None:
            return
        if self._audio is None:
            self._audio = AudioEncoder(rate, samples.shape[1])
        for unit in self._audio.encode(samples, self._ticks(time), time):
            self._writer.add(unit)

    def take(self) -> list[Segment]:
        return self._writer.take()

    def finish(self) -> None:
        """The source has ended or is lost: what is open becomes a segment."""
        self._writer.finish()

    def _ticks(self, time: datetime) -> int:
        self._origin = self._origin or time
        return round((time - self._origin).total_seconds() * CLOCK)
