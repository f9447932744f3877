"""What the motion detector sees, as it is drawn for whoever sets it."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import simplejpeg
from numpy.typing import NDArray

from bus_schemas.settings import MotionSettings, Zone
from edge.analysis.motion import MotionDetector
from edge.analysis.motion_preview import BOX_BGR, COUNTED_BGR, IGNORED_BGR, motion_preview

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
LEFT_HALF = Zone(name="left", points=((0, 0), (0.5, 0), (0.5, 1), (0, 1)), motion="ignored")
GREY, LIGHT = 60, 200


def seen(sensitivity: int, zones: tuple[Zone, ...] = (), min_area: int = 100) -> NDArray[np.uint8]:
    """H x W x 3 BGR: a quiet scene, in which two squares light up, left and right."""
    detector = MotionDetector((320, 180), MotionSettings(sensitivity=sensitivity, min_area=min_area), zones)
    still = np.full((180, 320), GREY, np.uint8)
    for number in range(20):
        detector.analyse(still, NOON + timedelta(seconds=number / 5))
    moved = still.copy()
    moved[80:100, 60:80] = moved[80:100, 240:260] = LIGHT
    found = detector.analyse(moved, NOON + timedelta(seconds=4))
    shown: NDArray[np.uint8] = simplejpeg.decode_jpeg(
        motion_preview(moved, detector.view, found.boxes), colorspace="BGR"
    )
    return shown


def is_near(picture: NDArray[np.uint8], place: tuple[int, int], colour: tuple[int, int, int]) -> bool:
    x, y = place
    return bool(np.abs(picture[y, x].astype(int) - colour).max() < 40)


def test_what_moves_is_marked_with_its_boxes() -> None:
    picture = seen(25)

    assert [is_near(picture, place, COUNTED_BGR) for place in ((70, 90), (250, 90), (160, 90))] == [True, True, False]
    assert is_near(picture, (160, 90), (GREY, GREY, GREY))
    assert any(is_near(picture, (70, y), BOX_BGR) for y in range(76, 84))


def test_where_motion_does_not_count_the_picture_is_dark_and_what_moves_has_another_colour() -> None:
    picture = seen(25, (LEFT_HALF,))

    assert is_near(picture, (70, 90), IGNORED_BGR)
    assert is_near(picture, (250, 90), COUNTED_BGR)
    assert picture[20, 20].max() < GREY / 2 + 10 < picture[20, 300].min()
    assert not any(is_near(picture, (70, y), BOX_BGR) for y in range(76, 84))


def test_sensitivity_0_sees_nothing() -> None:
    picture = seen(0).astype(int)

    assert int((picture.max(axis=2) - picture.min(axis=2)).max()) < 20


@pytest.mark.parametrize("min_area", [100, 10_000])
def test_what_is_smaller_than_the_smallest_area_moves_without_a_box(min_area: int) -> None:
    picture = seen(25, min_area=min_area)

    assert is_near(picture, (70, 90), COUNTED_BGR)
    assert any(is_near(picture, (70, y), BOX_BGR) for y in range(76, 84)) == (min_area == 100)
