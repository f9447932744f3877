"""Where a thermal sensor looks in the visual picture."""

import numpy as np
import pytest

from edge.analysis.alignment import Alignment


def apply(alignment: Alignment, x: float, y: float) -> tuple[float, float]:
    across, down, scale = alignment.matrix @ np.array([x, y, 1.0])
    return float(across / scale), float(down / scale)


def test_without_alignment_both_look_at_the_same() -> None:
    assert apply(Alignment(), 0.25, 0.75) == (0.25, 0.75)


def test_a_narrow_camera_sees_the_middle_of_a_wide_sensor() -> None:
    room = Alignment.from_fields_of_view((110, 75), (62, 49))

    assert apply(room, 0.5, 0.5) == pytest.approx((0.5, 0.5))
    assert apply(room, 0.0, 0.0) == pytest.approx((0.2896, 0.2030), abs=1e-3)
    assert apply(room, 1.0, 1.0) == pytest.approx((0.7104, 0.7970), abs=1e-3)


def test_a_shift_moves_the_part_that_is_seen() -> None:
    room = Alignment.from_fields_of_view((110, 75), (62, 49), shift=(0.1, -0.05))

    assert apply(room, 0.5, 0.5) == pytest.approx((0.6, 0.45))


def test_four_marked_points_are_laid_over_each_other() -> None:
    visual = [(0.1, 0.1), (0.9, 0.15), (0.85, 0.9), (0.2, 0.8)]
    thermal = [(0.3, 0.25), (0.7, 0.3), (0.72, 0.75), (0.28, 0.7)]
    marked = Alignment.from_points(visual, thermal)

    for seen, meant in zip(visual, thermal, strict=True):
        assert apply(marked, *seen) == pytest.approx(meant, abs=1e-4)


SQUARE = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9))


@pytest.mark.parametrize(
    ("visual", "thermal", "is_of_one_side"),
    [
        (SQUARE, SQUARE, True),
        (SQUARE, SQUARE[2:] + SQUARE[:2], True),  # a sensor that hangs upside down
        (SQUARE, ((0.3, 0.25), (0.7, 0.3), (0.72, 0.75), (0.28, 0.7)), True),
        (
            ((0.65, 0.27), (0.70, 0.94), (0.13, 0.86), (0.06, 0.38)),
            ((0.51, 0.0), (0.76, 0.91), (0.06, 0.84), (0.28, 0.37)),
            False,
        ),
    ],
)
def test_a_plane_that_is_seen_in_part_from_behind_is_none(
    visual: tuple[tuple[float, float], ...], thermal: tuple[tuple[float, float], ...], *, is_of_one_side: bool
) -> None:
    assert Alignment.from_points(visual, thermal).is_of_one_side is is_of_one_side


def test_corners_of_pixels_stay_corners_in_either_resolution() -> None:
    matrix = Alignment().pixels((640, 480), (32, 24))

    assert (matrix @ np.array([-0.5, -0.5, 1]))[:2] == pytest.approx([-0.5, -0.5])
    assert (matrix @ np.array([639.5, 479.5, 1]))[:2] == pytest.approx([31.5, 23.5])
