"""Pictures and sound that the test cameras send, drawn and encoded here, as the units that RTP carries."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from typing import Any, Final, Literal

import av
import cv2
import numpy as np
from numpy.typing import NDArray

VideoCodec = Literal["h264", "hevc"]
Size = tuple[int, int]

RATE: Final = 10
"""Pictures a second, unless a camera says otherwise: enough to see a hole of 0.2 s, and cheap for two dozen cameras."""
SIZE: Final = (160, 120)
START_CODE: Final = re.compile(rb"\x00*\x00\x00\x01")
H264_KEY, H264_SETS = 5, (7, 8)
HEVC_KEYS, HEVC_SETS = range(16, 22), (32, 33, 34)


@dataclass(frozen=True, slots=True)
class Picture:
    """One coded picture: its NAL units, and the tick (one a picture) at which it is to be shown."""

    units: tuple[bytes, ...]
    is_key: bool
    shown: int


@dataclass(frozen=True)
class Video:
    """A stretch of coded video that a camera sends in a circle; it begins with a keyframe."""

    codec: VideoCodec
    rate: int
    pictures: tuple[Picture, ...]

    def sets(self) -> dict[int, bytes]:
        """The parameter sets of the first keyframe by their NAL type."""
        return {nal_type(unit, self.codec): unit for unit in self.pictures[0].units if is_set(unit, self.codec)}

    def picture(self, number: int) -> Picture:
        return self.pictures[number % len(self.pictures)]

    def shown_s(self, number: int) -> float:
        """When the picture of this number is to be shown, in seconds since the first."""
        rounds = number // len(self.pictures)
        return (rounds * len(self.pictures) + self.picture(number).shown) / self.rate


def nal_type(unit: bytes, codec: VideoCodec) -> int:
    return unit[0] & 31 if codec == "h264" else (unit[0] >> 1) & 63


def is_set(unit: bytes, codec: VideoCodec) -> bool:
    return nal_type(unit, codec) in (H264_SETS if codec == "h264" else HEVC_SETS)


def drawn(number: int, size: Size) -> NDArray[np.uint8]:
    """height x width x 3, BGR: a ball that goes round on noise, so that no picture is like the one before."""
    width, height = size
    picture = np.random.default_rng(number).integers(60, 66, (height, width, 3), dtype=np.uint8)
    angle = number / 15
    centre = (int(width * (0.5 + 0.3 * np.cos(angle))), int(height * (0.5 + 0.3 * np.sin(angle))))
    cv2.circle(picture, centre, min(size) // 8, (40, 220, 240), -1)
    return picture


@cache
def video(
    codec: VideoCodec = "h264",
    size: Size = SIZE,
    rate: int = RATE,
    seconds: float = 10.0,
    keyframe_s: float = 1.0,
    b_frames: int = 0,
) -> Video:
    context: Any = av.CodecContext.create("libx264" if codec == "h264" else "libx265", "w")
    context.width, context.height = size
    context.pix_fmt = "yuv420p"
    context.framerate, context.time_base = Fraction(rate), Fraction(1, rate)
    gop = round(keyframe_s * rate)
    sets = f"keyint={gop}:min-keyint={gop}:scenecut=0:repeat-headers=1:bframes={b_frames}:b-adapt=0:open-gop=0"
    key = "x264-params" if codec == "h264" else "x265-params"
    context.options = {"preset": "ultrafast", key: sets if codec == "h264" else f"{sets}:log-level=none:pools=none"}
    return Video(codec, rate, tuple(_encoded(context, codec, size, round(rate * seconds))))


def of_stated_size(video: Video, width: int, height: int) -> Video:
    """The same pictures of H.264, whose parameter sets state another size (in multiples of 16)."""
    sets = _Bits("01100111" + f"{66:08b}" + "11000000" + f"{62:08b}")
    for number in (0, 0, 2, 4):
        sets.number(number)
    sets.bits += "0"
    sets.number(width // 16 - 1)
    sets.number(height // 16 - 1)
    sets.bits += "11001"
    stated = sets.escaped()
    pictures = (
        replace(one, units=tuple(stated if nal_type(unit, "h264") == H264_SETS[0] else unit for unit in one.units))
        for one in video.pictures
    )
    return replace(video, pictures=tuple(pictures))


@dataclass
class _Bits:
    """A sequence parameter set that is being written (ITU-T H.264, 7.3.2.1.1 and 9.1)."""

    bits: str

    def number(self, value: int) -> None:
        binary = f"{value + 1:b}"
        self.bits += "0" * (len(binary) - 1) + binary

    def escaped(self) -> bytes:
        bits = self.bits + "0" * (-len(self.bits) % 8)
        written = bytearray()
        for place in range(0, len(bits), 8):
            byte = int(bits[place : place + 8], 2)
            if byte <= 3 and written[-2:] == b"\0\0":
                written.append(3)
            written.append(byte)
        return bytes(written)


def _encoded(context: Any, codec: VideoCodec, size: Size, count: int) -> Iterator[Picture]:
    for number in range(count + 1):
        frame = None
        if number < count:
            frame = av.VideoFrame.from_ndarray(drawn(number, size), format="bgr24").reformat(format="yuv420p")
            frame.pts = number
        for packet in context.encode(frame):
            units = tuple(unit for unit in START_CODE.split(bytes(packet)) if unit)
            yield Picture(units, any(_is_key(unit, codec) for unit in units), packet.pts)


def _is_key(unit: bytes, codec: VideoCodec) -> bool:
    kind = nal_type(unit, codec)
    return kind == H264_KEY if codec == "h264" else kind in HEVC_KEYS


@cache
def jpeg(number: int, size: Size = SIZE, quality: int = 70) -> bytes:
    encoded, data = cv2.imencode(".jpg", drawn(number, size), [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert encoded
    return data.tobytes()


@cache
def huge_jpeg() -> bytes:
    """108 megapixels in a few hundred kilobytes."""
    encoded, data = cv2.imencode(".jpg", np.full((9000, 12000, 3), 128, np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 10])
    assert encoded
    return data.tobytes()


SoundCodec = Literal["PCMU", "PCMA", "L16", "AAC", "OPUS"]
_CODERS: Final = {"PCMU": "pcm_mulaw", "PCMA": "pcm_alaw", "L16": "pcm_s16be", "AAC": "aac", "OPUS": "libopus"}


@dataclass(frozen=True)
class Sound:
    """A tone in coded packets of `step` samples each; `setup` is what a decoder must know beforehand."""

    codec: SoundCodec
    rate: int
    step: int
    packets: tuple[bytes, ...]
    setup: bytes

    @property
    def packet_s(self) -> float:
        return self.step / self.rate


@cache
def sound(codec: SoundCodec = "PCMU", rate: int = 8000, seconds: float = 2.0) -> Sound:
    context: Any = av.CodecContext.create(_CODERS[codec], "w")
    planar = codec == "AAC"
    context.sample_rate, context.layout = rate, "mono"
    context.format = "fltp" if planar else "s16"
    context.open()
    step = context.frame_size or rate // 25
    packets: list[bytes] = []
    for start in range(0, round(rate * seconds), step):
        tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(start, start + step) / rate)
        samples = tone.astype(np.float32) if planar else (tone * 32767).astype(np.int16)
        frame: Any = av.AudioFrame.from_ndarray(samples[None, :], format=context.format.name, layout="mono")
        frame.sample_rate, frame.pts = rate, start
        packets += [bytes(packet) for packet in context.encode(frame)]
    return Sound(codec, rate, step, tuple(packets), bytes(context.extradata or b""))
