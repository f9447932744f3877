"""Broken pixels and real hot spots."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from edge.analysis.bad_pixels import STUCK_FRAMES, BadPixels, neighbours, replaced

START = datetime(2026, 1, 5, tzinfo=UTC)


def frame(level: float, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(level, 0.1, (24, 32)).astype(np.float32)


def test_most_sensors_have_no_bad_pixels() -> None:
    assert BadPixels().find(frame(30, 1), START) is None


def test_pixels_listed_by_the_sensor_are_bad_from_the_first_frame() -> None:
    pixels = BadPixels(listed=[33])
    bad = pixels.find(frame(30, 1), START)

    assert bad is not None
    assert np.argwhere(bad).tolist() == [[1, 1]]
    assert pixels.causes() == {(1, 1): "listed"}


def test_a_pixel_stuck_at_one_number_is_bad() -> None:
    pixels = BadPixels()
    for index in range(STUCK_FRAMES + 10):
        seen = frame(30, index)
        seen[5, 7] = 120.0
        pixels.find(seen, START + timedelta(seconds=index))

    assert pixels.causes() == {(7, 5): "stuck"}


def test_a_fire_beyond_the_range_of_the_sensor_is_not_taken_for_pixels_that_are_stuck() -> None:
    pixels = BadPixels()
    for index in range(3 * STUCK_FRAMES):
        seen = frame(30, index)
        seen[5:9, 7:11] = 300.0
        seen[20, 3] = 120.0
        pixels.find(seen, START + timedelta(seconds=index))

    assert pixels.causes() == {(3, 20): "stuck"}


def test_a_frame_that_repeats_altogether_makes_no_pixel_bad() -> None:
    pixels = BadPixels()
    for index in range(3 * STUCK_FRAMES):
        bad = pixels.find(frame(30, 1), START + timedelta(seconds=index))

    assert bad is None


def test_a_pixel_is_stuck_after_so_many_frames_that_changed_elsewhere_and_not_before() -> None:
    pixels = BadPixels()
    stuck_after = []
    for index in range(STUCK_FRAMES + 1):
        seen = frame(30, index)
        seen[5, 7] = 120.0
        times = [START + timedelta(minutes=index, seconds=again) for again in (0, 20, 40)]
        stuck_after += [index for time in times if pixels.find(seen, time) is not None]

    assert stuck_after == [STUCK_FRAMES] * 3
    assert pixels.causes() == {(7, 5): "stuck"}
    assert pixels.find(frame(30, 1000), START + timedelta(days=1)) is None


def run_a_day(excess: float, follows_load: bool, side: int, swing: float = 20) -> BadPixels:
    """A spot over a scene whose temperature goes up and down by `swing` degrees within four hours."""
    pixels = BadPixels()
    for index in range(1440):
        level = 30 + swing * np.sin(2 * np.pi * index / 1440)
        seen = frame(level, index)
        seen[10 : 10 + side, 10 : 10 + side] += excess * (level / 30 if follows_load else 1)
        pixels.find(seen, START + timedelta(seconds=10 * index))
    return pixels


def test_an_offset_that_is_the_same_while_the_scene_changes_is_a_broken_pixel() -> None:
    assert run_a_day(excess=12, follows_load=False, side=1).causes() == {(10, 10): "offset"}


def test_a_pixel_that_breaks_after_days_is_found_within_hours_and_good_again_when_it_is() -> None:
    pixels, found = BadPixels(), []
    for index in range(8000):
        seen = frame(30 + 20 * np.sin(2 * np.pi * index / 1440), index)
        if 5000 <= index < 6500:
            seen[10, 10] += 12
        pixels.find(seen, START + timedelta(seconds=10 * index))
        found.append(bool(pixels.causes()))

    assert not any(found[:5360])
    assert all(found[6000:6500])
    assert not any(found[6900:])


def test_a_hot_spot_as_steady_as_the_whole_scene_is_never_a_broken_pixel() -> None:
    assert run_a_day(excess=60, follows_load=False, side=1, swing=2).causes() == {}


@pytest.mark.parametrize(("excess", "side"), [(60, 1), (60, 2), (60, 3), (15, 1)])
def test_a_hot_spot_that_follows_the_load_is_never_a_broken_pixel(excess: float, side: int) -> None:
    assert run_a_day(excess, follows_load=True, side=side).causes() == {}


def test_a_bad_pixel_takes_the_mean_of_its_good_neighbours() -> None:
    seen = np.full((24, 32), 30.0, np.float32)
    seen[0, 0], seen[0, 1], seen[1, 0], seen[1, 1] = np.nan, 31, 32, 33
    bad = ~np.isfinite(seen)

    assert replaced(seen, bad)[0, 0] == pytest.approx(32.0)


def test_a_whole_region_of_bad_pixels_is_filled_from_its_edge() -> None:
    seen = np.full((24, 32), 30.0, np.float32)
    bad = np.zeros((24, 32), bool)
    bad[4:20, 4:28] = True
    seen[bad] = np.nan

    assert replaced(seen, bad) == pytest.approx(np.full((24, 32), 30.0), abs=1e-4)


def test_neighbours_are_the_plain_median_of_the_window() -> None:
    seen = frame(30, 3)

    assert neighbours(seen)[5, 6] == np.median(seen[4:7, 5:8])


def test_a_pixel_that_was_invalid_once_is_not_held_against_its_neighbours() -> None:
    pixels = BadPixels()
    broken = frame(30, 1)
    broken[4, 4] = np.nan
    pixels.find(broken, START)
    for index in range(400):
        pixels.find(frame(30 + index / 10, index), START + timedelta(seconds=10 * index))

    assert pixels.causes() == {}
