"""Reads which sound a recorded segment has: the sampling rate and the channels of AAC in MPEG-TS."""

from typing import Final, NamedTuple

import numpy as np

_PACKET: Final = 188
_SYNC: Final = 0x47
_BEGINS_UNIT: Final = 0x40
_HAS_ADAPTATION: Final = 0x20
_START_CODE: Final = b"\0\0\1"
_SOUND_MASK, _SOUND_STREAMS = 0xE0, 0xC0
"""The first three bits of the number of a stream that is sound."""
_PES_HEAD: Final = 9


class SoundForm(NamedTuple):
    """Codes as in an ADTS header; (-1, -1) of sound that is no AAC."""

    rate: int
    channels: int


OTHER: Final = SoundForm(-1, -1)


def sound_form(body: bytes) -> SoundForm | None:
    """The form of the first sound in a segment; `None` where it has none: a camera may name sound and send none."""
    if len(body) % _PACKET or body[:1] != bytes([_SYNC]):
        return None
    flat = np.frombuffer(body, np.uint8)
    begins = np.flatnonzero(flat[1::_PACKET] & _BEGINS_UNIT) * _PACKET
    content = np.where(flat[begins + 3] & _HAS_ADAPTATION, flat[begins + 4].astype(np.intp) + 5, 4)
    starts = (begins + content)[content <= _PACKET - _PES_HEAD]
    is_sound = (flat[starts + 3] & _SOUND_MASK) == _SOUND_STREAMS
    for place, value in enumerate(_START_CODE):
        is_sound &= flat[starts + place] == value
    first = next(iter(starts[is_sound][:1].tolist()), None)
    if first is None:
        return None
    end = first - first % _PACKET + _PACKET
    return _of_adts(body[first + _PES_HEAD + body[first + _PES_HEAD - 1] : end])


def _of_adts(head: bytes) -> SoundForm:
    """ISO/IEC 13818-7, 6.2."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        return OTHER
    return SoundForm(head[2] >> 2 & 15, (head[2] & 1) << 2 | head[3] >> 6)
