"""What is wrong with a picture."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus_schemas.settings import PictureSettings
from edge.analysis.black import black_percentage
from edge.analysis.damage import Detail, sampled_rows
from edge.analysis.freeze import FreezeDetector
from edge.analysis.picture import PictureAnalyser, quality
from edge.analysis.running_clock import Grey, difference

START = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)


def scene(seed: int = 1) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(30, 220, (12, 20), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (320, 180), interpolation=cv2.INTER_CUBIC), np.float64)


def still(noise: float, count: int, seed: int = 1) -> Iterator[Grey]:
    """A static scene through a sensor whose noise has that standard deviation after reduction."""
    random, picture = np.random.default_rng(seed), scene()
    for _ in range(count):
        yield np.clip(picture + random.normal(0, noise, picture.shape), 0, 255).round().astype(np.uint8)


def times(fps: float = 5.0) -> Iterator[datetime]:
    time = START
    while True:
        yield time
        time += timedelta(seconds=1 / fps)


def test_a_menu_over_black_is_black_only_for_a_device_with_its_own_threshold() -> None:
    menu = np.zeros((180, 320), np.uint8)
    menu[:24, :] = 200  # 13.3 % are bright
    strict, lenient = PictureAnalyser(), PictureAnalyser(PictureSettings(black_percentage=85))

    assert strict.analyse(menu, START).black.blackscreen is False
    assert lenient.analyse(menu, START).black.blackscreen is True
    assert lenient.analyse(menu, START).black.percentage == 86.7


@pytest.mark.parametrize(("level", "percentage"), [(0, 100.0), (10, 100.0), (11, 0.0)])
def test_a_pixel_is_dark_up_to_and_including_ten(level: int, percentage: float) -> None:
    assert black_percentage(np.full((90, 160), level, np.uint8)) == percentage


def test_the_dark_share_of_a_reduced_picture_is_that_of_the_whole_one() -> None:
    whole = np.full((1080, 1920), 128, np.uint8)
    whole[:700] = np.random.default_rng(2).integers(0, 9, (700, 1920))
    reduced = np.asarray(cv2.resize(whole, (320, 180), interpolation=cv2.INTER_AREA), np.uint8)

    assert black_percentage(reduced) == pytest.approx(100 * np.count_nonzero(whole <= 10) / whole.size, abs=0.5)


@given(st.integers(0, 2**32 - 1))
def test_difference_is_the_plain_mean_of_absolute_differences(seed: int) -> None:
    one, other = np.random.default_rng(seed).integers(0, 256, (2, 18, 32), dtype=np.uint8)

    assert difference(one, other) == pytest.approx(np.abs(one.astype(int) - other.astype(int)).mean())


def test_freeze_diffs_are_of_the_three_pairs_of_the_last_three_frames() -> None:
    analyser = PictureAnalyser()
    for level, time in zip((10, 20, 26), times(), strict=False):
        state = analyser.analyse(np.full((18, 32), level, np.uint8), time)

    assert state.freeze.diffs == (10.0, 16.0, 6.0)


@pytest.mark.parametrize("noise", [0.15, 0.3, 0.5, 1.0, 2.0, 3.0])
def test_a_live_camera_on_a_static_scene_is_not_frozen_however_little_noise_it_has(noise: float) -> None:
    detector, clock = FreezeDetector(), times()

    assert not any(detector.analyse(grey, next(clock)).frozen for grey in still(noise, 100))


def test_a_repeated_picture_is_frozen_after_two_seconds_and_free_at_the_first_new_one() -> None:
    detector, clock = FreezeDetector(), times()
    live = list(still(1.0, 40))
    for grey in live:
        detector.analyse(grey, next(clock))
    frozen = [detector.analyse(live[-1], next(clock)).frozen for _ in range(15)]

    assert frozen == [False] * 9 + [True] * 6
    assert detector.analyse(live[0], next(clock)).frozen is False


def test_a_picture_that_is_frozen_when_the_clock_is_set_back_is_told_in_its_time() -> None:
    detector, clock = FreezeDetector(), times()
    live = list(still(1.0, 40))
    for grey in live:
        detector.analyse(grey, next(clock))
    detector.analyse(live[-1], next(clock))
    frozen = [detector.analyse(live[-1], next(clock) - timedelta(hours=1)).frozen for _ in range(15)]

    assert frozen[0] is False
    assert frozen[-1] is True


def test_a_frozen_picture_that_is_encoded_anew_is_below_the_learned_noise_floor() -> None:
    detector, clock = FreezeDetector(), times()
    live = list(still(1.0, 60))
    for grey in live:
        detector.analyse(grey, next(clock))
    random = np.random.default_rng(9)
    for _ in range(20):
        coded = live[-1].copy()
        coded[random.integers(0, 180, 900), random.integers(0, 320, 900)] += 1
        state = detector.analyse(coded, next(clock))

    assert detector.noise_floor == pytest.approx(1.13, abs=0.05)
    assert 0 < state.diffs[2] < 0.1
    assert state.frozen is True


def test_an_encoder_that_skips_still_pictures_teaches_how_long_a_repeat_is_usual() -> None:
    detector, clock = FreezeDetector(), times()
    keyframes = list(still(1.0, 12))
    seen = [
        detector.analyse(grey, next(clock)).frozen for grey in keyframes for _ in range(20)
    ]  # one every four seconds

    assert any(seen[:20])  # nothing is known yet
    assert not any(seen[20:])
    assert [detector.analyse(keyframes[-1], next(clock)).frozen for _ in range(40)][-1] is True


def test_whether_a_picture_is_frozen_is_not_known_before_one_differs_or_is_the_same_for_long_enough() -> None:
    live = list(still(1.0, 3))
    moving, frozen = FreezeDetector(), FreezeDetector()

    assert [moving.analyse(grey, time).frozen for grey, time in zip(live, times(), strict=False)] == [
        None,
        False,
        False,
    ]
    seen = [frozen.analyse(live[0], time).frozen for _, time in zip(range(12), times(), strict=False)]
    assert seen == [None] * 10 + [True] * 2


@pytest.mark.parametrize("fault", ["black", "frozen"])
def test_a_fault_teaches_nothing_of_how_long_a_repeat_is_usual(fault: str) -> None:
    analyser, clock, live = PictureAnalyser(), times(), list(still(1.0, 100))
    for grey in live[:40]:
        analyser.analyse(grey, next(clock))
    bad = np.zeros((180, 320), np.uint8) if fault == "black" else live[39]
    for _ in range(50 * 5):
        analyser.analyse(bad, next(clock))
    for grey in live[40:]:
        analyser.analyse(grey, next(clock))
    again = [analyser.analyse(live[-1], next(clock)).freeze.frozen for _ in range(15)]

    assert again == [False] * 9 + [True] * 6


def test_pictures_of_another_size_are_compared_with_each_other_alone() -> None:
    detector, clock = FreezeDetector(), times()
    for grey in still(1.0, 40):
        detector.analyse(grey, next(clock))
    other = [detector.analyse(np.full((90, 160), level, np.uint8), next(clock)) for level in (10, 20, 26)]

    assert [state.frozen for state in other] == [None, False, False]
    assert [state.diffs for state in other] == [(), (), (10.0, 16.0, 6.0)]


def test_a_frozen_black_picture_is_both() -> None:
    analyser, clock = PictureAnalyser(), times()
    for _ in range(20):
        state = analyser.analyse(np.zeros((180, 320), np.uint8), next(clock))

    assert (state.black.blackscreen, state.freeze.frozen) == (True, True)
    assert state.freeze.seconds == 3.8


def test_another_picture_size_starts_the_comparison_afresh() -> None:
    detector, clock = FreezeDetector(), times()
    detector.analyse(np.zeros((180, 320), np.uint8), next(clock))

    assert detector.analyse(np.zeros((240, 320), np.uint8), next(clock)).diffs == ()


def test_a_picture_of_zeros_is_green_and_broken_and_not_black() -> None:
    grey, chroma = np.zeros((180, 320), np.uint8), np.zeros((90, 160), np.uint8)
    state = PictureAnalyser().analyse(grey, START, Detail(sampled_rows(grey), chroma, chroma))

    assert (state.black.blackscreen, state.damage.macroblocks) == (False, True)


def test_a_grey_blur_and_a_broken_picture_have_a_low_quality() -> None:
    whole = next(still(2.0, 1))

    assert quality(whole).score == 5
    assert quality(whole, is_intact=False).score == 4
    assert quality(np.full((180, 320), 120, np.uint8)).score == 3


@pytest.mark.parametrize("shape", [(1, 1), (1, 320), (320, 1), (2, 2), (16, 16), (100, 63)])
@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_picture_of_any_size_and_of_one_colour_is_judged(shape: tuple[int, int], level: int) -> None:
    analyser, grey = PictureAnalyser(), np.full(shape, level, np.uint8)
    chroma = np.full(((shape[0] + 1) // 2, (shape[1] + 1) // 2), 128, np.uint8)

    for time in list(zip(range(15), times(), strict=False)):
        state = analyser.analyse(grey, time[1], Detail(sampled_rows(grey), chroma, chroma))

    assert (state.black.blackscreen, state.freeze.frozen) == (level == 0, True)
    assert (state.damage.corrupt_rows, state.damage.macroblocks) == (False, level == 128)
