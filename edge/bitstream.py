"""H.264 and AAC as MPEG-TS wants them: Annex B with parameter sets at every keyframe, and ADTS."""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Final, Literal, Protocol, TypeAlias

from av.audio.stream import AudioStream
from av.bitstream import BitStreamFilterContext
from av.packet import Packet
from av.video.stream import VideoStream

CLOCK: Final = 90_000
Coded: TypeAlias = "Packet[VideoStream] | Packet[AudioStream]"
_AVCC: Final = 1
_SEQUENCE_PARAMETER_SET: Final = 7
_SLICES: Final = frozenset({1, 5})
_PARAMETER_SETS: Final = frozenset(bytes([reference << 5 | kind]) for reference in (1, 2, 3) for kind in (7, 8))
_ESCAPED_RATE: Final = 15


@dataclass(frozen=True, slots=True)
class Unit:
    """One coded picture or piece of sound. `pts`, `dts` and `duration` in 1/90000 s, `time` is that of `pts`."""

    kind: Literal["video", "audio"]
    data: bytes
    pts: int
    dts: int
    duration: int
    keyframe: bool
    time: datetime


class Converter(Protocol):
    def convert(self, packet: Coded, time: datetime) -> list[Unit]:
        """Uses the packet up: decode it before."""


class H264:
    """Parameter sets come with the stream, before keyframes or (Raspberry Pi) as packets of their own; each keyframe
    gets the latest.
    """

    def __init__(self, stream: VideoStream) -> None:
        extradata = bytes(stream.codec_context.extradata or b"")
        boxed = extradata[:1] == bytes([_AVCC])
        self._filter = BitStreamFilterContext("h264_mp4toannexb", stream) if boxed else None
        self._parameter_sets = parameter_sets_of(extradata) if boxed else extradata

    def convert(self, packet: Coded, time: datetime) -> list[Unit]:
        base = packet.time_base
        return [
            _unit("video", part, data, base, time)
            for part in (self._filter.filter(packet) if self._filter else [packet])
            if (data := self._decodable(bytes(part), keyframe=part.is_keyframe))
        ]

    def _decodable(self, data: bytes, *, keyframe: bool) -> bytes | None:
        """`None` for what is no picture."""
        picture, sets = without_trailing_sets(data)
        kinds = nal_kinds(picture)
        complete = self._parameter_sets + picture if keyframe and _SEQUENCE_PARAMETER_SET not in kinds else picture
        self._parameter_sets = sets or self._parameter_sets
        return complete if kinds & _SLICES else None


class Aac:
    """Raw AAC gets its header from the stream's AudioSpecificConfig; AAC that comes as ADTS is left as it is."""

    def __init__(self, config: bytes) -> None:
        self._config = config

    def convert(self, packet: Coded, time: datetime) -> list[Unit]:
        data = bytes(packet)
        framed = adts_header(self._config, len(data)) + data if self._config else data
        return [_unit("audio", packet, framed, packet.time_base, time)]


def can_pass_aac(stream: AudioStream) -> bool:
    """ADTS has no place for a sampling rate that is not one of the usual thirteen."""
    config = bytes(stream.codec_context.extradata or b"")
    if stream.codec_context.name != "aac":
        return False
    return not config or (len(config) >= 2 and _rate_index(config) != _ESCAPED_RATE)


def nal_kinds(data: bytes) -> set[int]:
    """The kinds of the NAL units of an Annex B packet, up to and with its first slice."""
    kinds: set[int] = set()
    place = data.find(b"\0\0\1")
    while 0 <= place < len(data) - 3:
        kinds.add(data[place + 3] & 31)
        if kinds & _SLICES:
            break
        place = data.find(b"\0\0\1", place + 3)
    return kinds


def without_trailing_sets(data: bytes) -> tuple[bytes, bytes]:
    """The packet, and the parameter sets at its end, which belong to the next keyframe and not to this picture."""
    end = len(data)
    while (place := data.rfind(b"\0\0\1", 0, end)) >= 0 and data[place + 3 : place + 4] in _PARAMETER_SETS:
        end = place
    return data[:end].rstrip(b"\0"), (b"\0" + data[end:] if end < len(data) else b"")


def parameter_sets_of(avcc: bytes) -> bytes:
    """Annex B of the sets in an AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1)."""
    sets = b""
    place = 5
    for mask in (31, 255):
        count = avcc[place] & mask
        place += 1
        for _ in range(count):
            size = int.from_bytes(avcc[place : place + 2], "big")
            sets += b"\0\0\0\1" + avcc[place + 2 : place + 2 + size]
            place += 2 + size
    return sets


def adts_header(config: bytes, size: int) -> bytes:
    """ISO/IEC 13818-7, 6.2: seven bytes without checksum. `config` is an AudioSpecificConfig, `size` the payload's."""
    profile = min(max((config[0] >> 3) - 1, 0), 1)
    rate = _rate_index(config)
    channels = (config[1] >> 3) & 15
    length = size + 7
    return bytes(
        (
            0xFF,
            0xF1,
            profile << 6 | rate << 2 | channels >> 2,
            (channels & 3) << 6 | length >> 11,
            length >> 3 & 0xFF,
            (length & 7) << 5 | 0x1F,
            0xFC,
        )
    )


def ticks(value: int, base: Fraction) -> int:
    return round(value * base * CLOCK)


def _unit(
    kind: Literal["video", "audio"],
    packet: Coded,
    data: bytes,
    base: Fraction,
    time: datetime,
) -> Unit:
    pts = packet.pts if packet.pts is not None else packet.dts or 0
    dts = packet.dts if packet.dts is not None else pts
    return Unit(
        kind, data, ticks(pts, base), ticks(dts, base), ticks(packet.duration or 0, base), packet.is_keyframe, time
    )


def _rate_index(config: bytes) -> int:
    return (config[0] & 7) << 1 | config[1] >> 7
