"""H.264 and AAC as MPEG-TS wants them."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from edge.capture.bitstream import CLOCK, TickScale, nal_kinds, parameter_sets_of, without_trailing_sets

START = b"\0\0\0\1"
SPS, PPS, SLICE, KEY = b"\x67\x64\x00\x28\xac", b"\x68\xee\x3c\x80", b"\x41\x9a\x02\x21", b"\x65\x88\x84\x21"


def test_kinds_are_those_up_to_the_first_slice() -> None:
    assert nal_kinds(START + SPS + START + PPS + START + KEY + START + SPS) == {7, 8, 5}
    assert nal_kinds(START + SLICE) == {1}
    assert nal_kinds(b"") == set()


def test_parameter_sets_at_the_end_are_taken_off_and_kept() -> None:
    picture, sets = without_trailing_sets(START + SLICE + START + SPS + START + PPS)

    assert (picture, sets) == (START + SLICE, START + SPS + START + PPS)
    assert without_trailing_sets(START + SPS + START + KEY) == (START + SPS + START + KEY, b"")
    assert without_trailing_sets(START + SPS + START + PPS) == (b"", START + SPS + START + PPS)


def test_a_long_picture_keeps_what_looks_like_a_parameter_set_far_from_its_end() -> None:
    """A slice that begins behind the sets is no set."""
    picture = START + SPS + START + PPS + START + KEY + bytes([0x55]) * 100_000

    assert without_trailing_sets(picture) == (picture, b"")
    assert without_trailing_sets(picture + START + SPS + START + PPS) == (picture, START + SPS + START + PPS)


def test_parameter_sets_of_an_mp4_are_found_in_its_header() -> None:
    avcc = bytes([1, 0x64, 0, 0x28, 0xFF, 0xE1, 0, len(SPS)]) + SPS + bytes([1, 0, len(PPS)]) + PPS

    assert parameter_sets_of(avcc) == START + SPS + START + PPS


@given(
    st.integers(-(2**40), 2**40),
    st.fractions(min_value=Fraction(1, 10**6), max_value=2, max_denominator=10**6)
    | st.sampled_from([Fraction(1, CLOCK), Fraction(1, 15_360), Fraction(1, 180_000), Fraction(1, 48_000)]),
)
def test_a_stamp_in_ticks_is_the_nearest_and_the_even_one_of_two(value: int, base: Fraction) -> None:
    assert TickScale(base).ticks(value) == round(value * base * CLOCK)
