"""Converts H.264, H.265, AAC and MJPEG for segments: Annex B with parameter sets at every keyframe, and ADTS."""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Final, Literal, NamedTuple, Protocol, TypeAlias

from av.audio.stream import AudioStream
from av.bitstream import BitStreamFilterContext
from av.packet import Packet
from av.video.stream import VideoStream

from bus_schemas.media import MJPEG
from edge.capture.aac import adts_header

CLOCK: Final = 90_000
Coded: TypeAlias = "Packet[VideoStream] | Packet[AudioStream]"
_BOXED: Final = 1
_REFERRING_SLICE: Final = 1
"""The NAL unit of a slice that is not of an IDR picture; it may be intra-coded all the same."""
_INTRA: Final = frozenset({2, 4})
"""Slice types, which come twice: plus 5 where all slices of the picture have the same."""
_LONGEST_SET: Final = 2048
"""Bytes: a packet is not searched as a whole for the sets at its end."""


class Unit(NamedTuple):
    """One coded picture or packet of sound. `pts`, `dts` and `duration` in 1/90000 s, `time` is that of `pts`."""

    kind: Literal["video", "audio"]
    data: bytes
    pts: int
    dts: int
    duration: int
    keyframe: bool
    time: datetime


class TickScale:
    """Converts times of one base to 1/90000 s. Whole numbers take a tenth of the time of fractions."""

    def __init__(self, base: Fraction) -> None:
        scale = base * CLOCK
        self._factor, self._divisor = scale.numerator, scale.denominator

    def ticks(self, value: int) -> int:
        """Rounded as `round` does: half way between two ticks, the even one."""
        if self._divisor == 1:
            return value * self._factor
        whole, rest = divmod(value * self._factor, self._divisor)
        beyond_half = 2 * rest - self._divisor
        return whole + 1 if beyond_half > 0 or (beyond_half == 0 and whole % 2) else whole


class Converter(Protocol):
    """Makes units of the packets of a run, which all have the time base of the first one."""

    @property
    def refreshes(self) -> bool:
        """Whether the last keyframe was none: pictures that become whole little by little, from one to the next."""

    def convert(self, packet: Coded, time: datetime) -> list[Unit]:
        """It consumes the packet: decode it before."""


@dataclass(frozen=True, slots=True)
class Syntax:
    """How to distinguish the NAL units of a codec: `kind = first byte >> shift & mask`."""

    codec: str
    shift: int
    mask: int
    sets: frozenset[int]
    sequence_set: int
    slices: frozenset[int]
    set_starts: frozenset[bytes]
    """The first bytes that parameter sets have."""


H264: Final = Syntax(
    "h264",
    shift=0,
    mask=31,
    sets=frozenset({7, 8}),
    sequence_set=7,
    slices=frozenset({1, 5}),
    set_starts=frozenset(bytes([reference << 5 | kind]) for reference in (1, 2, 3) for kind in (7, 8)),
)
HEVC: Final = Syntax(
    "hevc",
    shift=1,
    mask=63,
    sets=frozenset({32, 33, 34}),
    sequence_set=33,
    slices=frozenset(range(32)),
    set_starts=frozenset(bytes([kind << 1]) for kind in (32, 33, 34)),
)
SYNTAXES: Final = {syntax.codec: syntax for syntax in (H264, HEVC)}
PASSABLE: Final = frozenset({*SYNTAXES, MJPEG})
"""The codecs whose packets can be recorded as they are sent."""


class AnnexB:
    """Parameter sets come with the stream, before keyframes or (Raspberry Pi) as packets of their own. Each keyframe
    gets the latest.
    """

    def __init__(self, stream: VideoStream, syntax: Syntax) -> None:
        extradata = bytes(stream.codec_context.extradata or b"")
        boxed = extradata[:1] == bytes([_BOXED])
        self._syntax = syntax
        self._filter = BitStreamFilterContext(f"{syntax.codec}_mp4toannexb", stream) if boxed else None
        self._parameter_sets = parameter_sets_of(extradata, syntax) if boxed else extradata
        self._scale: TickScale | None = None
        self.refreshes = False

    def convert(self, packet: Coded, time: datetime) -> list[Unit]:
        scale = self._scale = self._scale or TickScale(packet.time_base)
        units: list[Unit] = []
        for part in self._filter.filter(packet) if self._filter else (packet,):
            keyframe = part.is_keyframe
            if data := self._decodable(bytes(part), keyframe=keyframe):
                units.append(_unit("video", part, data, scale, time, keyframe=keyframe and not self.refreshes))
        return units

    def _decodable(self, data: bytes, *, keyframe: bool) -> bytes | None:
        """`None` for a packet without a picture."""
        picture, sets = without_trailing_sets(data, self._syntax)
        kinds = nal_kinds(picture, self._syntax)
        lacks = keyframe and self._syntax.sequence_set not in kinds
        complete = self._parameter_sets + picture if lacks else picture
        self._parameter_sets = sets or self._parameter_sets
        if keyframe and self._syntax is H264:
            # FFmpeg takes every point of recovery for a keyframe; a player begins at none of those.
            self.refreshes = not is_whole(picture)
        return None if kinds.isdisjoint(self._syntax.slices) else complete


class WholePictures:
    """Every packet is a picture that needs no other: MJPEG."""

    refreshes = False

    def __init__(self) -> None:
        self._scale: TickScale | None = None

    def convert(self, packet: Coded, time: datetime) -> list[Unit]:
        scale = self._scale = self._scale or TickScale(packet.time_base)
        return [_unit("video", packet, bytes(packet), scale, time, keyframe=True)]


class Aac:
    """Raw AAC gets ADTS headers from the stream's AudioSpecificConfig; AAC that comes as ADTS stays as it is."""

    def __init__(self, config: bytes) -> None:
        self._config = config
        self._scale: TickScale | None = None

    def convert(self, packet: Coded, time: datetime) -> list[Unit]:
        scale = self._scale = self._scale or TickScale(packet.time_base)
        data = bytes(packet)
        framed = adts_header(self._config, len(data)) + data if self._config else data
        return [_unit("audio", packet, framed, scale, time, keyframe=packet.is_keyframe)]


def nal_kinds(data: bytes, syntax: Syntax = H264) -> set[int]:
    """The kinds of the NAL units of an Annex B packet, up to its first slice."""
    kinds: set[int] = set()
    last, slices = len(data) - 3, syntax.slices
    place = data.find(b"\0\0\1")
    while 0 <= place < last:
        kind = data[place + 3] >> syntax.shift & syntax.mask
        kinds.add(kind)
        if kind in slices:
            break
        place = data.find(b"\0\0\1", place + 3)
    return kinds


def is_whole(data: bytes) -> bool:
    """Whether a picture of H.264 needs no other one: each of its slices is of a kind that refers to nothing."""
    place = data.find(b"\0\0\1")
    while 0 <= place < len(data) - 3:
        kind = data[place + 3] & 31
        if kind == _REFERRING_SLICE and _slice_type(data[place + 4 : place + 12]) % 5 not in _INTRA:
            return False
        place = data.find(b"\0\0\1", place + 3)
    return True


def _slice_type(header: bytes) -> int:
    """ISO/IEC 14496-10, 7.3.3: the second number of the header, after that of the first macroblock."""
    bits = "".join(f"{byte:08b}" for byte in header)
    for _ in range(2):
        zeros = len(bits) - len(bits.lstrip("0"))
        code, bits = bits[zeros : 2 * zeros + 1], bits[2 * zeros + 1 :]
    return int(code or "1", 2) - 1


def without_trailing_sets(data: bytes, syntax: Syntax = H264) -> tuple[bytes, bytes]:
    """The packet without the parameter sets at its end, and these sets, which belong to the next keyframe."""
    end, starts = len(data), syntax.set_starts
    while (place := _last_start(data, end)) >= 0 and data[place + 3 : place + 4] in starts:
        end = place
    if end == len(data):
        return data.rstrip(b"\0"), b""
    return data[:end].rstrip(b"\0"), b"\0" + data[end:]


def _last_start(data: bytes, end: int) -> int:
    """Where the last NAL unit before `end` begins, if it is as short as parameter sets are; else -1."""
    return data.rfind(b"\0\0\1", max(0, end - _LONGEST_SET), end)


def parameter_sets_of(box: bytes, syntax: Syntax = H264) -> bytes:
    """Annex B of the sets in a decoder configuration record (ISO/IEC 14496-15, 5.3.3.1 and 8.3.3.1)."""
    return _sets_of_hevc(box) if syntax is HEVC else _sets_of_h264(box)


def _sets_of_h264(box: bytes) -> bytes:
    sets = b""
    place = 5
    for mask in (31, 255):
        count = box[place] & mask
        one, place = _sets_at(box, place + 1, count)
        sets += one
    return sets


def _sets_of_hevc(box: bytes) -> bytes:
    sets = b""
    place = 23
    for _ in range(box[22]):
        one, place = _sets_at(box, place + 3, int.from_bytes(box[place + 1 : place + 3], "big"))
        sets += one
    return sets


def _sets_at(box: bytes, place: int, count: int) -> tuple[bytes, int]:
    sets = b""
    for _ in range(count):
        size = int.from_bytes(box[place : place + 2], "big")
        sets += b"\0\0\0\1" + box[place + 2 : place + 2 + size]
        place += 2 + size
    return sets, place


def _unit(
    kind: Literal["video", "audio"],
    packet: Coded,
    data: bytes,
    scale: TickScale,
    time: datetime,
    *,
    keyframe: bool,
) -> Unit:
    pts, dts = packet.pts, packet.dts
    shown = scale.ticks(pts if pts is not None else dts or 0)
    decoded = shown if dts is None or dts == pts else scale.ticks(dts)
    return Unit(kind, data, shown, decoded, scale.ticks(packet.duration or 0), keyframe, time)
