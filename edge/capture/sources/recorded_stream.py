"""Hands packets and pictures to the recorder, and begins a new run when the picture size changes."""

from collections import deque
from datetime import datetime
from typing import Any, Final

from av.video.frame import VideoFrame

from edge.capture.recorder import Recorder
from edge.capture.sources.demuxer import Demuxer
from edge.capture.sources.source import Samples

MOST_WAITING: Final = 500


class RecordedStream:
    """The picture size is known once a picture is decoded, so packets wait for the first picture; none is lost."""

    def __init__(self, recorder: Recorder, demuxer: Demuxer) -> None:
        self._recorder = recorder
        self._demuxer = demuxer
        self._size: tuple[int, int] | None = None
        self._may_pass = recorder.can_pass(demuxer.codec, demuxer.video)
        self._waiting: deque[tuple[Any, datetime]] = deque(maxlen=MOST_WAITING)

    @property
    def records_packets(self) -> bool:
        """Whether packets are recorded as they come, of a size that is known."""
        return self._may_pass and self._size is not None and self._recorder.passes_video

    def goes_on_with(self, demuxer: Demuxer) -> bool:
        """Continue with the same recording, opened again, in one run. `False` for a different one."""
        if _form(demuxer) != _form(self._demuxer):
            return False
        self._demuxer = demuxer
        return True

    def never_pass(self) -> None:
        """Encode from now on: the packets have no timestamps, or the pictures must be rotated."""
        self._may_pass = False

    def packet(self, packet: Any, time: datetime) -> None:
        """A packet of video, after it was decoded."""
        if not self._may_pass or not packet.size:
            return
        if self._size is None:
            if packet.is_keyframe:
                self._waiting.clear()
            self._waiting.append((packet, time))
            return
        size = self._demuxer.size
        if packet.is_keyframe and size != self._size and all(size):
            self._begin(size)
        self._recorder.packet(packet, time)

    def picture(self, picture: VideoFrame, time: datetime, pts: int) -> None:
        size = picture.width, picture.height
        if self._size is None or (size != self._size and not self._may_pass):
            self._begin(size)
        if not self._recorder.passes_video:
            self._recorder.picture(picture, time, pts)

    def sound_packet(self, packet: Any, time: datetime) -> None:
        if self._size is not None and self._recorder.passes_audio and packet.size:
            self._recorder.packet(packet, time)

    def sound(self, part: Samples, pts: int) -> None:
        if self._size is not None and not self._recorder.passes_audio:
            self._recorder.sound(part.samples, part.rate, part.time, pts)

    def _begin(self, size: tuple[int, int]) -> None:
        self._size = size
        codec = self._demuxer.codec if self._may_pass else None
        self._recorder.begin(size, self._demuxer.video, self._demuxer.audio, codec=codec)
        while self._waiting:
            packet, time = self._waiting.popleft()
            if self._may_pass:
                self._recorder.packet(packet, time)


def _form(demuxer: Demuxer) -> tuple[object, ...]:
    """The codec and the parameter sets of both streams: where they change, another run of packets begins."""
    contexts = [stream.codec_context if stream is not None else None for stream in (demuxer.video, demuxer.audio)]
    return demuxer.codec, *((one.name, bytes(one.extradata or b"")) if one is not None else None for one in contexts)
