"""Recorded video of a device in a data directory: each picture bears its number, as bars that survive encoding."""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.packet import Packet
from av.video.frame import VideoFrame

from bus_schemas.event import Event
from tests import builders
from tests.builders import START
from tests.data_directory import fold, write

CLOCK = 90_000
BITS = 12
WIDTH, HEIGHT = 192, 96


@dataclass(frozen=True)
class Film:
    """Pictures are numbered from `first` on; a keyframe comes every `gop` pictures."""

    device: str = "yard"
    start: datetime = START
    seconds: int = 30
    fps: int = 10
    gop: int = 20
    segment_s: int = 10
    width: int = WIDTH
    height: int = HEIGHT
    codec: str = "libx264"
    reordered: bool = False

    @property
    def pictures(self) -> int:
        return self.seconds * self.fps


def numbered_picture(number: int, width: int = WIDTH, height: int = HEIGHT) -> VideoFrame:
    """Twelve bars, white where a bit of the number is set."""
    picture = np.full((height, width, 3), 16, np.uint8)
    bar = width // BITS
    for bit in range(BITS):
        if number >> bit & 1:
            picture[:, bit * bar : (bit + 1) * bar] = 235
    return VideoFrame.from_ndarray(picture, format="bgr24")


def number_of(frame: VideoFrame) -> int:
    """The number that a picture bears."""
    grey = frame.reformat(format="gray").to_ndarray()[frame.height // 2]
    bar = frame.width // BITS
    return sum(1 << bit for bit in range(BITS) if grey[bit * bar + bar // 4 : bit * bar + 3 * bar // 4].mean() > 128)


def numbers_in(path: Path) -> list[int]:
    with av.open(str(path)) as container:
        return [number_of(frame) for frame in container.decode(video=0)]


def coded(film: Film, drawn: Callable[[int, int, int], VideoFrame] = numbered_picture) -> Iterator[Any]:
    """Packets; `drawn` makes the picture of a number, a width and a height."""
    encoder: Any = av.CodecContext.create(film.codec, "w")
    encoder.width, encoder.height, encoder.pix_fmt = film.width, film.height, "yuv420p"
    encoder.time_base, encoder.framerate, encoder.gop_size = Fraction(1, CLOCK), Fraction(film.fps), film.gop
    options = {"preset": "ultrafast", "sc_threshold": "0", "forced-idr": "1"}
    encoder.options = options if film.reordered else {**options, "tune": "zerolatency"}
    if film.reordered:
        encoder.max_b_frames = 2
        encoder.options = {**options, "preset": "veryfast", "x264-params": "scenecut=0:open-gop=0"}
    for number in range(film.pictures):
        frame = drawn(number, film.width, film.height)
        frame.pts, frame.time_base = number * CLOCK // film.fps, Fraction(1, CLOCK)
        yield from encoder.encode(frame)
    yield from encoder.encode(None)


def segments(film: Film) -> list[tuple[datetime, float, bytes]]:
    """Begin, duration and MPEG-TS of each; timestamps go on from one to the next."""
    groups: dict[int, list[Any]] = {}
    index = -1
    for packet in coded(film):
        if packet.is_keyframe and packet.pts >= (index + 1) * film.segment_s * CLOCK:
            index += 1
        groups.setdefault(index, []).append(packet)
    made = []
    for number, packets in groups.items():
        begin = number * film.segment_s
        length = min(film.segment_s, film.seconds - begin)
        made.append((film.start + timedelta(seconds=begin), float(length), muxed(packets, film)))
    return made


def muxed(packets: Sequence[Any], film: Film, later_s: int = 0) -> bytes:
    """MPEG-TS; `later_s` is added to the times of the packets."""
    shift = (10 + later_s) * CLOCK
    buffer = io.BytesIO()
    name = {"libx264": "h264", "libx265": "hevc"}[film.codec]
    with av.open(buffer, "w", format="mpegts", options={"mpegts_copyts": "1"}) as container:
        stream = container.add_mux_stream(name, width=film.width, height=film.height)
        stream.time_base = Fraction(1, CLOCK)
        for packet in packets:
            sent = Packet(bytes(packet))
            sent.stream, sent.time_base, sent.is_keyframe = stream, Fraction(1, CLOCK), packet.is_keyframe
            sent.pts, sent.dts = packet.pts + shift, packet.dts + shift
            container.mux_one(sent)
    return buffer.getvalue()


@dataclass(frozen=True)
class Recorded:
    """A segment of a device: when it begins, how long it is, its bytes, and whether it begins a run."""

    device: str
    begin: datetime
    length_s: float
    body: bytes
    begins_run: bool
    codec: str = "h264"
    content_type: str = "video/mp2t"


def record(data: Path, *films: Film, extra: Sequence[Event] = ()) -> list[str]:
    """Write the films into journal, archive and views; the keys of their segments."""
    made = [
        Recorded(film.device, begin, length, body, number == 0)
        for film in films
        for number, (begin, length, body) in enumerate(segments(film))
    ]
    return keep(data, made, extra)


def keep(data: Path, recorded: Sequence[Recorded], extra: Sequence[Event] = ()) -> list[str]:
    """As ingest does; the keys of the segments."""
    events: list[tuple[datetime, Event]] = [(event.time, event) for event in extra]
    payloads: dict[str, bytes] = {}
    for one in recorded:
        end = one.begin + timedelta(seconds=one.length_s)
        given = {"device": one.device, "content_type": one.content_type}
        medium = builders.media(end, one.body, kind="segment", **given)
        key = medium.data.key
        payloads[key] = one.body
        reported = builders.segment(
            one.begin, duration_s=one.length_s, device=one.device, media=(key,), size=len(one.body),
            discontinuity=one.begins_run, codec=one.codec,
        )  # fmt: skip
        events += [(end, medium), (end, reported)]
    events.sort(key=lambda pair: pair[0])
    events.append((events[-1][0], builders.tick(events[-1][0])))
    write(data, events, payloads)
    fold(data, "recordings", "registry", "health")
    return list(payloads)
