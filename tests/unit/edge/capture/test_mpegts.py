"""Timestamps that a multiplexer takes."""

import pytest

from edge.capture.mpegts import decoding_times, distinct


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ([0, 40, 80], [0, 40, 80]),
        ([0, 120, 40, 80, 240, 160, 200], [-40, 0, 40, 80, 120, 160, 200]),
        ([0, 160, 80, 40, 120], [-80, -40, 0, 40, 80]),
        ([90], [90]),
        ([], []),
    ],
    ids=["in order", "two pictures between", "a pyramid", "one", "none"],
)
def test_pictures_are_decoded_in_time_to_be_shown(shown: list[int], expected: list[int]) -> None:
    assert decoding_times(shown) == expected


def test_no_two_pictures_are_shown_at_once() -> None:
    assert distinct([0, 40, 40, 20, 41, 80]) == [0, 40, 41, 20, 42, 80]
