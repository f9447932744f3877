"""Boxes of motion and areas of the picture."""

import pytest

from bus_schemas.event import Box
from consumers.views.motion.areas import Point, reaches_into

SQUARE = ((0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6))
HOOK = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.9, 1.0), (0.9, 0.1), (0.0, 0.1))
"""Along the upper and the right edge of the picture: its middle is not in it."""


@pytest.mark.parametrize(
    ("box", "corners", "expected"),
    [
        ((0.45, 0.45, 0.1, 0.1), SQUARE, True),
        ((0.0, 0.0, 1.0, 1.0), SQUARE, True),
        ((0.35, 0.45, 0.1, 0.1), SQUARE, True),
        ((0.55, 0.55, 0.3, 0.3), SQUARE, True),
        ((0.3, 0.48, 0.4, 0.02), SQUARE, True),
        ((0.1, 0.1, 0.2, 0.2), SQUARE, False),
        ((0.6, 0.4, 0.1, 0.2), SQUARE, False),
        ((0.3, 0.3, 0.1, 0.1), SQUARE, False),
        ((0.3, 0.3, 0.3, 0.3), HOOK, False),
        ((0.85, 0.5, 0.1, 0.1), HOOK, True),
        ((0.2, 0.05, 0.1, 0.1), HOOK, True),
        ((0.5, 0.5, 0.0, 0.0), SQUARE, False),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_a_box_reaches_into_an_area_where_they_share_more_than_an_edge(
    box: Box, corners: tuple[Point, ...], expected: bool, turned: bool
) -> None:
    assert reaches_into([box], corners[::-1] if turned else corners) is expected


def test_one_box_of_several_is_enough() -> None:
    assert reaches_into([(0.0, 0.0, 0.1, 0.1), (0.5, 0.5, 0.1, 0.1)], SQUARE)
    assert not reaches_into([], SQUARE)
