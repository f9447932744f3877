"""Moving regions, and the start and end of motion."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus_schemas.settings import MotionSettings, Zone
from edge.analysis.motion import (
    NONE,
    Box,
    MotionDetector,
    MotionEnded,
    MotionMeasurement,
    MotionStarted,
    MotionTracker,
    threshold,
)
from edge.analysis.pictures import Pictures
from tests.recordings import PEDESTRIANS, recording

START = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)

# Counted and pointed at by hand: frame number to the middle of each person (x, y) in 0..1.
PEOPLE = {
    200: [(.129, .322), (.307, .400), (.650, .314), (.824, .554), (.940, .528), (.896, .219), (.925, .227)],
    350: [(0.512, 0.353), (0.519, 0.469), (0.641, 0.410), (0.892, 0.469), (0.925, 0.469)],
    500: [(0.421, 0.392), (0.747, 0.482), (0.763, 0.598), (0.817, 0.546)],
    650: [(0.199, 0.317), (0.301, 0.325), (0.434, 0.330), (0.629, 0.464), (0.855, 0.394), (0.459, 0.755)],
    780: [(0.322, 0.348), (0.429, 0.394), (0.481, 0.536), (0.757, 0.510), (0.819, 0.433), (0.878, 0.291)],
}  # fmt: skip


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def scene(size: tuple[int, int]) -> np.ndarray:
    coarse = np.random.default_rng(1).integers(20, 235, (20, 32), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, size), np.int16)


def noisy(deviation: float, count: int, size: tuple[int, int] = (320, 180)) -> Iterator[np.ndarray]:
    random, picture = np.random.default_rng(2), scene(size)
    for _ in range(count):
        noise = random.normal(0, deviation, picture.shape)
        yield np.clip(picture + noise, 0, 255).astype(np.uint8)


def holds(box: Box, point: tuple[float, float]) -> bool:
    x, y, width, height = box
    return x <= point[0] <= x + width and y <= point[1] <= y + height


@pytest.mark.parametrize("sensitivity", [0, 25, 100])
@pytest.mark.parametrize("noise", [0.0, 2.0, 5.0, 10.0])
def test_a_still_noisy_scene_has_no_boxes_at_any_sensitivity(noise: float, sensitivity: int) -> None:
    detector = MotionDetector((640, 360), MotionSettings(sensitivity=sensitivity, min_area=100))
    boxes = [detector.analyse(grey, at(index / 5)).boxes for index, grey in enumerate(noisy(noise, 60))]

    assert boxes == [()] * 60


LEFT = Zone(name="left", points=((0, 0), (0.5, 0), (0.5, 1), (0, 1)), motion="only")
ROAD = Zone(name="road", points=((0, 0), (0.25, 0), (0.25, 1), (0, 1)), motion="ignored")


def boxes_of_square(at_x: int, *zones: Zone, sensitivity: int = 25) -> tuple[Box, ...]:
    """The boxes of a bright square that appears in a still scene of 320 x 180."""
    detector = MotionDetector((640, 360), MotionSettings(sensitivity=sensitivity), zones)
    still = scene((320, 180)).astype(np.uint8)
    for index in range(10):
        detector.analyse(still, at(index / 5))
    moved = still.copy()
    moved[60:100, at_x : at_x + 40] = 255 - moved[60:100, at_x : at_x + 40]
    return detector.analyse(moved, at(2)).boxes


def test_sensitivity_zero_sees_nothing() -> None:
    assert boxes_of_square(200, sensitivity=1)
    assert boxes_of_square(200, sensitivity=0) == ()


def test_zones_say_where_motion_counts() -> None:
    assert boxes_of_square(200)
    assert boxes_of_square(200, LEFT) == ()
    assert boxes_of_square(100, LEFT)
    assert boxes_of_square(20, LEFT, ROAD) == ()
    assert boxes_of_square(20, ROAD) == ()
    assert boxes_of_square(200, ROAD)


def test_other_zones_hold_at_once_and_what_was_learned_stays() -> None:
    detector = MotionDetector((640, 360), MotionSettings())
    still = scene((320, 180)).astype(np.uint8)
    for index in range(10):
        detector.analyse(still, at(index / 5))
    detector.use_zones([LEFT])
    moved = still.copy()
    moved[60:100, 20:60] = 255 - moved[60:100, 20:60]

    assert detector.analyse(moved, at(2)).boxes


@pytest.fixture(scope="session")
def found() -> dict[int, MotionMeasurement]:
    """What is found in the frames whose people were counted."""
    path: Path = recording(PEDESTRIANS)
    pictures, seen = Pictures(), {}
    with av.open(str(path)) as container:
        detector = MotionDetector((768, 576), MotionSettings(min_area=200))
        for index, frame in enumerate(container.decode(video=0)):
            motion = detector.analyse(pictures.small(frame).y, at(index / 10))
            if index in PEOPLE:
                seen[index] = motion
    return seen


@pytest.mark.thorough
def test_every_pedestrian_that_was_counted_by_hand_is_in_a_box(found: dict[int, MotionMeasurement]) -> None:
    missed = [
        (frame, person)
        for frame, people in PEOPLE.items()
        for person in people
        if not any(holds(box, person) for box in found[frame].boxes)
    ]

    assert missed == []


def test_boxes_around_pedestrians_hold_little_else(found: dict[int, MotionMeasurement]) -> None:
    covered = [sum(width * height for _, _, width, height in motion.boxes) for motion in found.values()]

    assert max(covered) < 0.08
    assert all(len(found[frame].boxes) <= len(people) + 2 for frame, people in PEOPLE.items())


@given(st.integers(-50, 150), st.integers(-50, 150))
def test_higher_sensitivity_never_needs_a_larger_difference(one: int, other: int) -> None:
    less, more = sorted((one, other))

    assert 3 <= threshold(more) <= threshold(less) <= 24


def moved_square(sensitivity: int, contrast: int, side: int, min_area: int = 100) -> MotionMeasurement:
    detector = MotionDetector((320, 180), MotionSettings(sensitivity=sensitivity, min_area=min_area))
    for index, grey in enumerate(noisy(1.0, 20)):
        detector.analyse(grey, at(index / 5))
    grey = next(noisy(1.0, 1)).astype(np.int16)
    grey[60 : 60 + side, 100 : 100 + side] += contrast
    return detector.analyse(np.clip(grey, 0, 255).astype(np.uint8), at(4))


def test_what_a_sensitivity_finds_every_higher_one_finds_too() -> None:
    seen = [bool(moved_square(sensitivity, contrast=14, side=30).boxes) for sensitivity in range(0, 101, 10)]

    assert seen == sorted(seen)
    assert set(seen) == {False, True}


def test_a_contrast_of_twenty_grey_levels_is_found_at_the_default_sensitivity() -> None:
    assert len(moved_square(25, contrast=20, side=30).boxes) == 1


def test_a_box_is_where_the_change_is() -> None:
    (box,) = moved_square(25, contrast=60, side=30).boxes

    assert box == pytest.approx((100 / 320, 60 / 180, 30 / 320, 30 / 180), abs=0.012)


@pytest.mark.parametrize(("min_area", "boxes"), [(300, 1), (500, 0)])
def test_the_smallest_area_is_in_pixels_of_the_source(min_area: int, boxes: int) -> None:
    assert len(moved_square(25, contrast=60, side=20, min_area=min_area).boxes) == boxes


def test_a_switched_light_is_a_new_scene_and_no_motion() -> None:
    detector = MotionDetector((320, 180))
    for index, grey in enumerate(noisy(1.0, 20)):
        detector.analyse(grey, at(index / 5))
    dark = [grey // 3 for grey in noisy(1.0, 20)]
    after = [detector.analyse(grey, at(4 + index / 5)) for index, grey in enumerate(dark)]

    assert after[0] == NONE
    assert [motion.boxes for motion in after] == [()] * 20
    assert after[-1].settled is True


def test_what_has_come_to_stay_is_absorbed() -> None:
    detector = MotionDetector((320, 180))
    parked = [grey.copy() for grey in noisy(1.0, 200)]
    for grey in parked[20:]:
        grey[60:100, 100:160] = 250
    seen = [bool(detector.analyse(grey, at(index / 5)).boxes) for index, grey in enumerate(parked)]

    assert seen[20] is True
    assert seen[-1] is False


def moving(seconds: float, area: float = 0.1) -> tuple[MotionMeasurement, datetime]:
    return MotionMeasurement(boxes=((0.1, 0.1, area, area),), area=area, settled=True), at(seconds)


def still(seconds: float) -> tuple[MotionMeasurement, datetime]:
    return MotionMeasurement(boxes=(), area=0.0, settled=True), at(seconds)


def test_motion_starts_when_confirmed_and_ends_after_the_quiet_time() -> None:
    tracker = MotionTracker(MotionSettings(confirm_s=0.3, quiet_s=3.0))
    looks = [moving(0), moving(0.2), moving(0.4, area=0.3), still(1), moving(2), still(3), still(5)]
    changes = [tracker.advance(*analyse) for analyse in looks]

    assert changes[:2] == [None, None]
    assert changes[2] == MotionStarted(time=at(0), boxes=((0.1, 0.1, 0.3, 0.3),), area=0.3)
    assert changes[3:6] == [None, None, None]
    assert changes[6] == MotionEnded(
        time=at(2), started=at(0), duration_s=2.0, frames=4, boxes=((0.1, 0.1, 0.3, 0.3),), area=0.3
    )


def test_a_flash_of_one_frame_is_no_motion() -> None:
    tracker = MotionTracker()

    assert [tracker.advance(*analyse) for analyse in (moving(0), still(0.2), still(0.4), still(9))] == [None] * 4
    assert tracker.advance(*moving(10)) is None


def test_a_slow_loop_ends_motion_after_the_same_time() -> None:
    ends = []
    for fps in (2, 30):
        tracker = MotionTracker(MotionSettings(quiet_s=3.0))
        looks = [moving(i / fps) if i / fps < 2 else still(i / fps) for i in range(10 * fps)]
        ends.append(next(analyse[1] for analyse in looks if isinstance(tracker.advance(*analyse), MotionEnded)))

    assert abs(ends[0] - ends[1]) <= timedelta(seconds=0.5)


def test_after_a_motion_no_other_begins_until_it_has_cooled_down() -> None:
    tracker = MotionTracker(MotionSettings(confirm_s=0.0, quiet_s=1.0, cool_down_s=10.0))
    moving = MotionMeasurement(boxes=((0.1, 0.1, 0.2, 0.2),), area=0.04, settled=True)

    def began(second: float) -> bool:
        return isinstance(tracker.advance(moving, START + timedelta(seconds=second)), MotionStarted)

    assert began(0)
    assert isinstance(tracker.advance(NONE, START + timedelta(seconds=2)), MotionEnded)
    assert [began(second) for second in (3, 9, 9.9)] == [False, False, False]
    assert began(10.1)


def test_a_clock_that_is_set_back_neither_shortens_a_motion_nor_keeps_it_from_its_end() -> None:
    tracker, moving = MotionTracker(), replace(NONE, boxes=((0.1, 0.1, 0.2, 0.2),), area=0.04)
    times = [*(at(n / 5) for n in range(20)), *(at(n / 5 - 3600) for n in range(20, 40))]
    for time in times:
        tracker.advance(moving, time)
    seconds, frames = tracker.progress(times[-1])
    ends = [tracker.advance(NONE, times[-1] + timedelta(seconds=n / 5)) for n in range(300)]

    assert (round(seconds, 1), frames) == (7.6, 40)
    [ended] = [one for one in ends if isinstance(one, MotionEnded)]
    assert round(ended.duration_s, 1) == 7.6
