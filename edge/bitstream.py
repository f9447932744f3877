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
    def __init__(self, stream: VideoStream) -> None:
        extradata = stream.codec_context.extradata or b""
        self._filter = BitStreamFilterContext("h264_mp4toannexb", stream) if extradata[:1] == bytes([_AVCC]) else None
        self._parameter_sets = b"" if self._filter else bytes(extradata)

    def convert(self, packet: Coded, time: datetime) -> list[Unit]:
        base = packet.time_base
        packets = self._filter.filter(packet) if self._filter else [packet]
        units = []
        for part in packets:
            data = bytes(part)
            if part.is_keyframe and not starts_with_parameter_sets(data):
                data = self._parameter_sets + data
            units.append(_unit("video", part, data, base, time))
        return units


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


def starts_with_parameter_sets(data: bytes) -> bool:
    """Whether a sequence parameter set comes before the first slice."""
    place = data.find(b"\0\0\1")
    while 0 <= place < len(data) - 3:
        kind = data[place + 3] & 31
        if kind == _SEQUENCE_PARAMETER_SET:
            return True
        if kind in _SLICES:
            return False
        place = data.find(b"\0\0\1", place + 3)
    return False


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
