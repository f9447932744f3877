"""Reads how AAC is coded, and writes the headers of ADTS in front of its frames."""

from typing import Final

from av.audio.stream import AudioStream

_ESCAPED_RATE: Final = 15
_RATES: Final = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
"""The rates of sound, by the index that names them (ISO/IEC 14496-3, 1.6.3.4)."""


def can_pass_aac(stream: AudioStream) -> bool:
    """ADTS has no code for a sampling rate other than the usual thirteen."""
    config = bytes(stream.codec_context.extradata or b"")
    if stream.codec_context.name != "aac":
        return False
    return not config or (len(config) >= 2 and _rate_index(config) != _ESCAPED_RATE)


def aac_rate(stream: AudioStream) -> int:
    """The rate at which its frames are coded: of HE-AAC half of that which is heard, for a decoder doubles it."""
    config = bytes(stream.codec_context.extradata or b"")
    if len(config) < 2 or _rate_index(config) >= len(_RATES):
        return stream.codec_context.sample_rate
    return _RATES[_rate_index(config)]


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


def _rate_index(config: bytes) -> int:
    return (config[0] & 7) << 1 | config[1] >> 7
