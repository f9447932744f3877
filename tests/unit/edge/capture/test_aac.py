"""AAC as cameras describe it, and as ADTS has it."""

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.capture.aac import aac_rate, adts_header, can_pass_aac


def stream(config: bytes, rate: int = 48_000, codec: str = "aac") -> Any:
    return SimpleNamespace(codec_context=SimpleNamespace(name=codec, extradata=config, sample_rate=rate))


def test_an_adts_header_is_that_of_the_standard() -> None:
    low_complexity_44100_mono = bytes([0x12, 0x08])

    assert adts_header(low_complexity_44100_mono, 200).hex(" ") == "ff f1 50 40 19 ff fc"


@given(st.integers(0, 8000), st.sampled_from([(0x12, 0x10), (0x14, 0x08), (0x11, 0x90)]))
def test_an_adts_header_counts_itself(size: int, config: tuple[int, int]) -> None:
    header = adts_header(bytes(config), size)

    assert len(header) == 7
    assert (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5 == size + 7


@pytest.mark.parametrize(("config", "channels"), [((0x12, 0x08), 1), ((0x12, 0x10), 2)])
def test_an_adts_header_names_the_channels(config: tuple[int, int], channels: int) -> None:
    header = adts_header(bytes(config), 100)

    assert (header[2] & 1) << 2 | header[3] >> 6 == channels


@pytest.mark.parametrize(
    ("config", "rate"),
    [
        ("2b 11 88", 24_000),  # HE-AAC: coded at 24 kHz, heard at 48 kHz
        ("eb 11 88", 24_000),  # HE-AAC v2
        ("12 08", 44_100),
        ("", 48_000),
        ("17 80 5d c0 08", 48_000),  # a rate that is no usual one
    ],
)
def test_the_rate_is_that_at_which_sound_is_coded(config: str, rate: int) -> None:
    assert aac_rate(stream(bytes.fromhex(config))) == rate


@pytest.mark.parametrize(
    ("config", "codec", "passes"),
    [("2b 11 88", "aac", True), ("", "aac", True), ("17 80 5d c0 08", "aac", False), ("", "pcm_alaw", False)],
)
def test_sound_passes_where_adts_can_say_its_rate(config: str, codec: str, passes: bool) -> None:
    assert can_pass_aac(stream(bytes.fromhex(config), codec=codec)) is passes
