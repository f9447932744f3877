"""Writes fragmented MP4 (ISO/IEC 14496-12): an initialisation segment, and fragments of coded video and sound.

MJPEG is in it as it is sent; the NAL units of H.264 and H.265 get their lengths in front.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import av
from av.packet import Packet

from bus_schemas.media import MJPEG, MP4_HEAD_BYTES
from edge.capture.bitstream import CLOCK, Unit

VIDEO_TRACK: Final = 1
AUDIO_TRACK: Final = 2
_OPTIONS: Final = {
    "movflags": "empty_moov+delay_moov+default_base_moof+frag_every_frame+skip_trailer",
    "use_editlist": "0",
}
_KEY_SAMPLE: Final = 0x02000000
_OTHER_SAMPLE: Final = 0x01010000
_BASE_IS_MOOF: Final = 0x020000
_TRUN_FLAGS: Final = 0x000F01
"""Offset of the data, and of each sample its duration, size, flags and composition offset."""
_START_CODE: Final = b"\0\0\1"


@dataclass(frozen=True, slots=True)
class LiveTracks:
    """The tracks of a stream; `audio_rate` is `None` where it has no sound."""

    codec: str
    width: int
    height: int
    audio_rate: int | None
    channels: int = 1


class _Parts:
    """Collects what the multiplexer writes."""

    def __init__(self) -> None:
        self.data = b""

    def write(self, part: bytes) -> int:
        self.data += bytes(part)
        return len(part)


def initialisation(tracks: LiveTracks, keyframe: Unit) -> bytes:
    """The boxes `ftyp` and `moov`, made of the parameter sets in front of the keyframe."""
    parts = _Parts()
    with av.open(parts, "w", format="mp4", options=_OPTIONS) as container:
        video = container.add_mux_stream(tracks.codec, width=tracks.width, height=tracks.height)
        video.time_base = Fraction(1, CLOCK)
        streams: list[tuple[Any, bytes, int]] = [(video, keyframe.data, 1)]
        if tracks.audio_rate:
            audio: Any = container.add_stream("aac", rate=tracks.audio_rate)
            audio.codec_context.layout = "mono" if tracks.channels == 1 else "stereo"
            audio.codec_context.open()
            streams.append((audio, b"\x21\x10\x04\x60\x8c\x1c", 1024))
        # The multiplexer writes `moov` once every stream has a packet and one of them a second.
        for place in range(2):
            for stream, data, duration in streams:
                packet: Packet[Any] = Packet(data)
                packet.stream, packet.time_base = stream, stream.time_base
                packet.pts = packet.dts = place * duration
                packet.duration, packet.is_keyframe = duration, True
                container.mux(packet)
    return parts.data[: parts.data.index(b"moof") - 4]


def fragment(number: int, units: Sequence[Unit], tracks: LiveTracks, shift: int) -> bytes:
    """The boxes `moof` and `mdat` of consecutive units, whose times are their own plus `shift` in 1/90000 s."""
    video = [unit for unit in units if unit.kind == "video"]
    audio = [unit for unit in units if unit.kind == "audio"] if tracks.audio_rate else []
    runs: list[tuple[int, int, list[Unit], list[bytes]]] = []
    if video:
        is_whole = tracks.codec == MJPEG
        samples = [unit.data if is_whole else length_prefixed(unit.data) for unit in video]
        runs.append((VIDEO_TRACK, CLOCK, video, samples))
    if audio:
        runs.append((AUDIO_TRACK, tracks.audio_rate or CLOCK, audio, [without_adts(unit.data) for unit in audio]))
    head = _moof(number, runs, shift, [0] * len(runs))
    offsets, offset = [], len(head) + 8
    for _, _, _, samples in runs:
        offsets.append(offset)
        offset += sum(map(len, samples))
    payload = b"".join(sample for _, _, _, samples in runs for sample in samples)
    return _moof(number, runs, shift, offsets) + _box(b"mdat", payload)


def recorded_mp4(units: Sequence[Unit], tracks: LiveTracks, shift: int) -> bytes:
    """A whole segment, whose head has the length that every one has."""
    head = initialisation(tracks, next(unit for unit in units if unit.kind == "video"))
    return head + _box(b"free", bytes(MP4_HEAD_BYTES - len(head) - 8)) + fragment(1, units, tracks, shift)


def length_prefixed(data: bytes) -> bytes:
    """Annex B as MP4 has it: each NAL unit behind its length instead of a start code."""
    units = [unit.rstrip(b"\0") for unit in data.split(_START_CODE)[1:]]
    return b"".join(struct.pack(">I", len(unit)) + unit for unit in units if unit)


def without_adts(data: bytes) -> bytes:
    """The payload of an ADTS frame, whose header has a checksum where its protection bit is not set."""
    if data[:1] != b"\xff" or len(data) < 7:
        return data
    return data[7 if data[1] & 1 else 9 :]


def channels_of(data: bytes) -> int:
    """The number of channels that an ADTS frame names, 1 or 2."""
    return 1 if ((data[2] & 1) << 2 | data[3] >> 6) == 1 else 2


def _moof(
    number: int, runs: Sequence[tuple[int, int, list[Unit], list[bytes]]], shift: int, offsets: Sequence[int]
) -> bytes:
    tracks = b"".join(_traf(*run, shift, offset) for run, offset in zip(runs, offsets, strict=True))
    return _box(b"moof", _box(b"mfhd", struct.pack(">II", 0, number)) + tracks)


def _traf(track: int, rate: int, units: Sequence[Unit], samples: Sequence[bytes], shift: int, offset: int) -> bytes:
    def scaled(ticks: int) -> int:
        return ticks if rate == CLOCK else round(ticks * rate / CLOCK)

    times = [scaled(unit.dts + shift) for unit in units]
    rows = b""
    for index, (unit, sample) in enumerate(zip(units, samples, strict=True)):
        lasts = times[index + 1] - times[index] if index + 1 < len(times) else scaled(unit.duration)
        flags = _KEY_SAMPLE if unit.keyframe or track == AUDIO_TRACK else _OTHER_SAMPLE
        rows += struct.pack(">IIIi", max(1, lasts), len(sample), flags, scaled(unit.pts - unit.dts))
    header = _box(b"tfhd", struct.pack(">II", _BASE_IS_MOOF, track))
    decode_time = _box(b"tfdt", struct.pack(">IQ", 1 << 24, max(0, times[0])))
    run = _box(b"trun", struct.pack(">IIi", 1 << 24 | _TRUN_FLAGS, len(units), offset) + rows)
    return _box(b"traf", header + decode_time + run)


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + kind + content
