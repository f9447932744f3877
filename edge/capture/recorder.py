"""Records one device: packets of H.264, H.265 and, if asked to, MJPEG as they come, everything else encoded."""

from datetime import datetime, timedelta
from typing import Final

import numpy as np
from av.audio.stream import AudioStream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from bus_schemas.media import MJPEG
from edge.capture.aac import aac_rate, can_pass_aac
from edge.capture.bitstream import (
    CLOCK,
    PASSABLE,
    SYNTAXES,
    Aac,
    AnnexB,
    Coded,
    Converter,
    Unit,
    WholePictures,
)
from edge.capture.encoder import AudioEncoder, Encoding, VideoEncoder, encoded_rate
from edge.capture.live_video import LiveVideo
from edge.capture.mpegts import Layout
from edge.capture.recording_control import RecordingControl
from edge.capture.recording_gate import RecorderChange, RecordingGate
from edge.capture.segments import RecordedSegment, SegmentWriter

TARGET_S: Final = 10.0
LONGEST_PAUSE: Final = timedelta(seconds=60)


class Recorder:
    """A source announces its streams (`begin`), then gives everything in order; the agent takes finished segments.

    Used by one thread. Times are those of the pictures, so a segment starts when its first picture was taken.
    """

    def __init__(
        self,
        target_seconds: float = TARGET_S,
        encoding: Encoding | None = None,
        control: RecordingControl | None = None,
        live: LiveVideo | None = None,
    ) -> None:
        self._encoding = encoding or Encoding()
        self._writer = SegmentWriter(target_seconds)
        self._gate = RecordingGate(self._writer, control or RecordingControl())
        self._live = live or LiveVideo()
        self._size = (0, 0)
        self._audio_rate: int | None = None
        self._codec = "h264"
        self._packets: Converter | None = None
        self._sounds: Aac | None = None
        self._video: VideoEncoder | None = None
        self._audio: AudioEncoder | None = None
        self._origin: datetime | None = None
        self._latest: datetime | None = None

    @property
    def passes_video(self) -> bool:
        """Whether packets are recorded as they come, without encoding."""
        return self._video is None

    @property
    def passes_audio(self) -> bool:
        return self._sounds is not None

    @property
    def open_since(self) -> datetime | None:
        """When the segment that is being recorded began."""
        return self._writer.open_since

    def buffered_bytes(self) -> int:
        """The bytes of the pre-roll."""
        return self._gate.buffered_bytes

    @property
    def lost(self) -> int:
        """Segments that could not be written."""
        return self._writer.lost

    def can_pass(self, codec: str, video: VideoStream | None) -> bool:
        """`video` is the stream of a container, without which H.264 and H.265 lack their parameter sets."""
        return codec in self._encoding.passed & PASSABLE and (codec == MJPEG or video is not None)

    def begin(
        self,
        size: tuple[int, int],
        video: VideoStream | None = None,
        audio: AudioStream | None = None,
        rate: int | None = None,
        codec: str | None = None,
    ) -> None:
        """Begin a run of pictures of `size`. `video` and `audio` are streams of a container; a scene gives only the
        `rate` of its sound. Without a `codec` whose packets can be passed on, pictures are encoded.
        """
        self._size = size
        self._audio = self._origin = self._latest = None
        passed = codec if codec is not None and self.can_pass(codec, video) else None
        self._packets = _converter(passed, video) if passed else None
        self._codec = passed or "h264"
        passes_audio = audio is not None and can_pass_aac(audio)
        self._sounds = Aac(bytes(audio.codec_context.extradata or b"")) if audio is not None and passes_audio else None
        rate = audio.codec_context.sample_rate if audio is not None else rate
        self._audio_rate = encoded_rate(rate) if rate else rate
        if audio is not None and passes_audio:
            self._audio_rate = aac_rate(audio)
        if passed is None:
            self._encode()
        else:
            self._pass()

    def packet(self, packet: Coded, time: datetime) -> None:
        """It consumes the packet: decode it before."""
        stream = packet.stream
        if stream is not None and stream.type == "audio":
            if self._sounds is not None:
                for unit in self._sounds.convert(packet, time):
                    self._add(unit)
        elif self._packets is not None:
            self._video_packet(self._packets, packet, time)

    def picture(self, picture: VideoFrame, time: datetime, pts: int | None = None) -> None:
        """`pts` is in 1/90000 s by the clock of the source; without it `time` counts."""
        if self._video is None:
            return
        if pts is None:
            self._restart_after_jump(time)
            pts = self._ticks(time)
        elif self._origin is None:
            self._origin = time - timedelta(seconds=pts / CLOCK)
        if self._video.due(pts) and self._is_needed(time):
            keyframe = self._gate.wants_keyframe(pts, time) or self._live.wants_keyframe(pts)
            for unit in self._video.encode(picture, pts, time, keyframe=keyframe):
                self._add(unit)

    def sound(self, samples: NDArray[np.int16], rate: int, time: datetime, pts: int | None = None) -> None:
        """n x channels int16; ignored where packets of sound are recorded, and before the first picture."""
        if self._sounds is not None or self._origin is None or not self._audio_rate or not self._is_needed(time):
            return
        if self._audio is None:
            self._audio = AudioEncoder(self._audio_rate, samples.shape[1])
        for unit in self._audio.encode(samples, rate, self._ticks(time) if pts is None else pts, time):
            self._add(unit)

    def take(self) -> list[RecordedSegment]:
        return self._writer.take()

    def take_changes(self) -> list[RecorderChange]:
        """Whether it records from when on, where that has changed since the last call."""
        return self._gate.take_changes()

    def finish(self, now: int | None = None) -> None:
        """Finish the open segment: the source has ended or is lost, `now` by its clock in 1/90000 s."""
        self._writer.finish(now)

    def _video_packet(self, packets: Converter, packet: Coded, time: datetime) -> None:
        for unit in packets.convert(packet, time):
            if self._video is not None and unit.keyframe:
                self._pass()
            if self._video is not None:
                continue
            if self._origin is None:
                self._origin = unit.time - timedelta(seconds=unit.pts / CLOCK)
            self._add(unit)
        if self._video is None and (packets.refreshes or self._writer.is_overlong) and self._codec != MJPEG:
            # A camera that sends no keyframes: its pictures are encoded until it does.
            self._encode()

    def _is_needed(self, time: datetime) -> bool:
        """Whether what is encoded here of this moment is recorded, may be, or is watched."""
        return self._gate.needs(time) or self._live.is_watched

    def _add(self, unit: Unit) -> None:
        self._gate.add(unit)
        self._live.add(unit)

    def _start(self, layout: Layout) -> None:
        self._live.start(layout)
        self._gate.start(layout)

    def _pass(self) -> None:
        self._video = None
        self._start(Layout(*self._size, self._audio_rate, self._codec))

    def _encode(self) -> None:
        self._video = VideoEncoder(self._encoding, self._size)
        self._start(Layout(self._video.width, self._video.height, self._audio_rate))

    def _restart_after_jump(self, time: datetime) -> None:
        """A clock step begins a run of its own."""
        if self._latest is not None and not timedelta(0) < time - self._latest < LONGEST_PAUSE:
            self._origin = self._audio = None
            self._encode()
        self._latest = time

    def _ticks(self, time: datetime) -> int:
        self._origin = self._origin or time
        return round((time - self._origin).total_seconds() * CLOCK)


def _converter(codec: str, video: VideoStream | None) -> Converter:
    if video is None or codec == MJPEG:
        return WholePictures()
    return AnnexB(video, SYNTAXES[codec])
