"""Reads which sound a recorded segment has: the sampling rate and the channels of AAC in MPEG-TS."""

from typing import Final, NamedTuple

import numpy as np

_PACKET: Final = 188
_SYNC: Final = 0x47
_BEGINS_UNIT: Final = 0x40
_HAS_ADAPTATION: Final = 0x20
_START_CODE: Final = b"\0\0\1"
_SOUND_STREAMS: Final = range(0xC0, 0xE0)
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
    flags = np.frombuffer(body, np.uint8).reshape(-1, _PACKET)[:, 1]
    for number in np.flatnonzero(flags & _BEGINS_UNIT).tolist():
        packet = body[number * _PACKET : (number + 1) * _PACKET]
        start = 4 + (1 + packet[4] if packet[3] & _HAS_ADAPTATION else 0)
        if packet[start : start + 3] == _START_CODE and packet[start + 3] in _SOUND_STREAMS:
            return _of_adts(packet[start + _PES_HEAD + packet[start + _PES_HEAD - 1] :])
    return None


def _of_adts(head: bytes) -> SoundForm:
    """ISO/IEC 13818-7, 6.2."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        return OTHER
    return SoundForm(head[2] >> 2 & 15, (head[2] & 1) << 2 | head[3] >> 6)
