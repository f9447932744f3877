"""Reads the packets of an opened input, and decodes them: FFmpeg containers, and JPEG streams over HTTP."""

from collections import deque
from collections.abc import Generator, Iterator
from fractions import Fraction
from functools import cached_property
from typing import Any, Final, Literal, NamedTuple, Protocol, SupportsFloat

import av
from av.audio.stream import AudioStream
from av.error import FFmpegError
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from bus_schemas.media import MAX_PIXELS
from edge.capture.bitstream import CLOCK
from edge.capture.sources.containers import NoVideo, closing_on_failure, opened
from edge.capture.sources.failure_reasons import SINGLE_PICTURE, UNKNOWN_CODEC, WEB_PAGE
from edge.capture.sources.inputs import Input
from edge.capture.sources.jpeg_scanner import JpegScanner
from edge.capture.sources.sender_reports import reported_time

MOST_AHEAD: Final = 500
_HELD_BY_PARSER: Final = frozenset({"h264", "hevc", "mpeg4"})
_HTML: Final = (b"<!doctype", b"<html", b"<?xml")


class DemuxedPacket(NamedTuple):
    """A packet with its own timestamp in seconds, the time of its arrival, and `reported_s`, when it was taken by the
    reports of its camera in seconds since 1970, where these are known.
    """

    kind: Literal["video", "audio"]
    packet: Any
    stamp: float | None
    at_s: float | None = None
    reported_s: float | None = None


class Demuxer(Protocol):
    """`video` and `audio` are streams whose packets can be recorded as they are."""

    video: VideoStream | None
    audio: AudioStream | None
    codec: str
    is_late_by_one: bool
    """Whether a picture comes only with the beginning of the next one."""

    @property
    def size(self) -> tuple[int, int]:
        """The size of decoded pictures; (0, 0) before the first."""

    @property
    def reorders(self) -> bool:
        """Whether pictures are shown in another order than they come."""

    @property
    def cut_short(self) -> int:
        """Pictures that were incomplete, since the beginning."""

    def next(self) -> DemuxedPacket | None:
        """`None` at the end."""

    def resume(self) -> None:
        """Continue after an error, or with another limit for the time of a packet."""

    def decode(self, packet: Any) -> list[Any]: ...

    def skip_to_keyframes(self, skips: bool) -> None:
        """Whether `decode` returns keyframes only. Switch it off at a keyframe."""

    def close(self) -> None: ...


def demuxer(source: Input, limit: SupportsFloat) -> Demuxer:
    return JpegDemuxer(source, limit) if source.is_jpeg_stream else ContainerDemuxer(source, limit)


class ContainerDemuxer:
    """A decoder gets one thread: several cost more in all, and nothing here waits for a single picture."""

    cut_short = 0

    def __init__(self, source: Input, limit: SupportsFloat) -> None:
        self._container = opened(source, limit)
        with closing_on_failure(self._container):
            self._use_streams()
            if source.local == "file":
                self._refuse_single()

    def _use_streams(self) -> None:
        if not self._container.streams.video:
            raise NoVideo("it has no video")
        self.video: VideoStream | None = self._container.streams.video[0]
        self.audio: AudioStream | None = self._container.streams.audio[0] if self._container.streams.audio else None
        self._context: Any = self._container.streams.video[0].codec_context
        if self._context is None:
            raise NoVideo(UNKNOWN_CODEC)
        self._context.thread_count = 1
        self._context.options = {"max_pixels": str(MAX_PIXELS)}
        self.codec: str = self._context.name
        self.is_late_by_one = self._container.format.name == "rtsp" and self.codec in _HELD_BY_PARSER
        self._has_reports = self._container.format.name == "rtsp"
        self._packets: Iterator[Any] = iter(())
        self._ahead: deque[DemuxedPacket] = deque()
        self._bases: dict[int, tuple[int, int]] = {}
        """Numerator and denominator of the time base of each stream."""
        self.resume()

    @property
    def size(self) -> tuple[int, int]:
        return self._context.width, self._context.height

    @property
    def reorders(self) -> bool:
        return bool(self._context.has_b_frames)

    @property
    def start(self) -> float | None:
        """The first timestamp of the pictures, where the container has it."""
        assert self.video is not None
        start, base = self.video.start_time, self.video.time_base
        return None if start is None or base is None else float(start * base)

    @cached_property
    def fps(self) -> float:
        """As the container states it, which is asked for with every packet."""
        assert self.video is not None
        return float(self.video.average_rate or self.video.guessed_rate or 25)

    def next(self) -> DemuxedPacket | None:
        return self._ahead.popleft() if self._ahead else self._read()

    def _refuse_single(self) -> None:
        """Refuse a single picture: it would be played again and again as fast as it can be opened."""
        pictures = 0
        while len(self._ahead) < MOST_AHEAD and pictures < 2:
            try:
                arrival = self._read()
            except FFmpegError:
                # The reader of the file comes to the damaged part, and counts it.
                self.resume()
                return
            if arrival is None:
                break
            self._ahead.append(arrival)
            pictures += arrival.kind == "video" and arrival.packet.size > 0
        if pictures == 1 and len(self._ahead) < MOST_AHEAD:
            raise NoVideo("this is a single picture, not a video")

    def _read(self) -> DemuxedPacket | None:
        packet = next(self._packets, None)
        if packet is None:
            return None
        pts = packet.pts
        stamp = pts if pts is not None else packet.dts
        seconds = None if stamp is None else self._seconds(packet, stamp)
        if packet.stream.type != "video":
            return DemuxedPacket("audio", packet, seconds)
        return DemuxedPacket("video", packet, seconds, reported_s=reported_time(packet) if self._has_reports else None)

    def _seconds(self, packet: Any, stamp: int) -> float:
        """Fractions would take as long as reading the packet, and the quotient is the same to the last bit."""
        base = self._bases.get(packet.stream_index)
        if base is None:
            base = self._bases[packet.stream_index] = packet.time_base.as_integer_ratio()
        return stamp * base[0] / base[1]

    def resume(self) -> None:
        streams = [self.video, *([self.audio] if self.audio is not None else [])]
        # The iterator before resets the limit when it ends, so it must end first.
        _close(self._packets)
        self._packets = self._container.demux(*streams)

    def decode(self, packet: Any) -> list[Any]:
        return list(packet.decode())

    def skip_to_keyframes(self, skips: bool) -> None:
        self._context.skip_frame = "NONKEY" if skips else "DEFAULT"

    def close(self) -> None:
        _close(self._packets)
        self._container.close()


class JpegDemuxer:
    """FFmpeg transports the bytes (HTTP, TLS, passwords). Its own parser of MIME parts is not used: it trusts their
    lengths, and gives up at the first part that is empty, too short, or not a JPEG.
    """

    video: VideoStream | None = None
    audio: AudioStream | None = None
    codec = "mjpeg"
    is_late_by_one = False
    reorders = False

    def __init__(self, source: Input, limit: SupportsFloat) -> None:
        self._chunks: Iterator[Any] = iter(())
        self._scanner = JpegScanner()
        self._pictures: deque[bytes] = deque()
        self._first: bytes | None = None
        self._found = 0
        self._context: Any = av.CodecContext.create("mjpeg", "r")
        self._context.thread_count = 1
        self._context.options = {"max_pixels": str(MAX_PIXELS)}
        self._size = (0, 0)
        self._container = opened(source, limit)
        with closing_on_failure(self._container):
            self.resume()

    @property
    def size(self) -> tuple[int, int]:
        return self._size

    @property
    def cut_short(self) -> int:
        return self._scanner.cut_short

    def next(self) -> DemuxedPacket | None:
        """Bytes without a complete picture give a `DemuxedPacket` without a packet."""
        if not self._pictures:
            data = self._read()
            if not data:
                return None
            self._refuse_pages(data)
            self._pictures.extend(self._scanner.feed(data))
            self._found += len(self._pictures)
        if not self._pictures:
            return DemuxedPacket("video", None, None)
        packet: Packet[Any] = Packet(self._pictures.popleft())
        packet.time_base = Fraction(1, CLOCK)
        packet.is_keyframe = True
        return DemuxedPacket("video", packet, None)

    def resume(self) -> None:
        _close(self._chunks)
        self._chunks = self._container.demux()

    def decode(self, packet: Any) -> list[Any]:
        pictures: list[VideoFrame] = self._context.decode(packet)
        if pictures:
            self._size = pictures[-1].width, pictures[-1].height
        return pictures

    def skip_to_keyframes(self, skips: bool) -> None:
        """Every picture is a keyframe."""

    def close(self) -> None:
        _close(self._chunks)
        self._container.close()

    def _read(self) -> bytes:
        """Empty at the end. FFmpeg reports an error of the connection when a server closes it."""
        try:
            chunk = next(self._chunks, None)
        except (FFmpegError, OSError):
            self._refuse_single()
            raise
        if chunk is None or not chunk.size:
            self._refuse_single()
            return b""
        return bytes(chunk)

    def _refuse_single(self) -> None:
        if self._found == 1 and self._first is not None and self._first.startswith(b"\xff\xd8"):
            raise NoVideo(SINGLE_PICTURE)

    def _refuse_pages(self, data: bytes) -> None:
        if self._first is None:
            self._first = data
            if data.lstrip().lower().startswith(_HTML):
                raise NoVideo(WEB_PAGE)


def _close(packets: Iterator[Any]) -> None:
    if isinstance(packets, Generator):
        packets.close()
