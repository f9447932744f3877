"""A picture that stands still behind a clock that runs."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
import pytest

from edge.analysis.freeze import FreezeDetector
from edge.analysis.running_clock import Grey, LineRegion, changed_region, difference, visible_difference

START = datetime(2026, 1, 5, 10, 0, 40, tzinfo=UTC)
FPS = 5
SIZES = [(320, 180), (320, 240)]


def live(seconds: int, size: tuple[int, int] = (320, 240), noise: float = 0.3, seed: int = 1) -> Iterator[Grey]:
    """A static scene through a sensor that has noise."""
    random = np.random.default_rng(seed)
    coarse = random.integers(30, 220, (12, 20), dtype=np.uint8)
    scene = np.asarray(cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC), np.float64)
    for _ in range(seconds * FPS):
        yield np.clip(scene + random.normal(0, noise, scene.shape), 0, 255).round().astype(np.uint8)


def with_clock(pictures: Iterator[Grey], begin: datetime = START) -> Iterator[tuple[Grey, datetime]]:
    """The time at the top left, as a recorder writes it."""
    for number, picture in enumerate(pictures):
        time, drawn = begin + timedelta(seconds=number / FPS), picture.copy()
        scale = picture.shape[0] / 480
        cv2.putText(drawn, f"{time:%Y-%m-%d %H:%M:%S}", (6, picture.shape[0] // 12), 0, scale, 255, 1)
        yield drawn, time


def verdicts(detector: FreezeDetector, pictures: Iterator[tuple[Grey, datetime]]) -> list[bool | None]:
    return [detector.analyse(grey, time).frozen for grey, time in pictures]


def repeated(picture: Grey, seconds: int) -> Iterator[Grey]:
    yield from [picture] * (seconds * FPS)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("noise", [0.2, 0.4])
def test_a_picture_that_stands_behind_a_running_clock_is_frozen_after_ten_seconds_at_most(
    size: tuple[int, int], noise: float
) -> None:
    detector = FreezeDetector()
    *before, last = live(40, size, noise)
    assert not any(verdicts(detector, with_clock(iter(before))))

    begin = START + timedelta(seconds=len(before) / FPS)
    seen = verdicts(detector, with_clock(repeated(last, 90), begin))

    # Also as the minute changes.
    assert all(seen[11 * FPS :])
    assert verdicts(detector, with_clock(live(1, size, noise, seed=2), begin + timedelta(seconds=90)))[0] is False


def test_a_freeze_behind_a_clock_teaches_nothing_of_how_long_an_encoder_skips() -> None:
    detector, pictures = FreezeDetector(), list(live(40))
    begin, found = START, []
    for _ in range(3):
        verdicts(detector, with_clock(iter(pictures), begin))
        begin += timedelta(seconds=40)
        found.append(verdicts(detector, with_clock(repeated(pictures[-1], 18), begin)).index(True) / FPS)
        begin += timedelta(seconds=18)

    assert found[1:] == pytest.approx(found[:1] * 2, abs=1)


def test_the_values_of_such_a_picture_are_those_beside_the_clock() -> None:
    detector = FreezeDetector()
    *before, last = live(40)
    verdicts(detector, with_clock(iter(before)))
    states = [
        detector.analyse(grey, time)
        for grey, time in with_clock(repeated(last, 12), START + timedelta(seconds=len(before) / FPS))
    ]

    assert states[-1].frozen is True
    assert states[-1].diffs == (0.0, 0.0, 0.0)
    assert states[-1].clock is not None
    assert states[-1].clock.bottom <= 30


def test_what_shows_a_still_picture_and_a_clock_by_nature_is_not_frozen() -> None:
    [still] = list(live(1))[:1]

    assert not any(verdicts(FreezeDetector(), with_clock(repeated(still, 120))))


@pytest.mark.parametrize("every_s", [2, 4, 8])
def test_an_encoder_that_skips_all_but_the_clock_is_not_taken_for_a_frozen_camera(every_s: int) -> None:
    keyframes = list(live(120))[:: every_s * FPS]
    pictures = (picture for one in keyframes for picture in [one] * (every_s * FPS))

    seen = verdicts(FreezeDetector(), with_clock(pictures))

    # Nothing is known yet of how long it skips.
    assert not any(seen[3 * every_s * FPS :])


def test_something_that_moves_alone_in_a_still_picture_is_no_clock() -> None:
    detector = FreezeDetector()
    *before, last = live(40)
    verdicts(detector, with_clock(iter(before)))

    def walking() -> Iterator[tuple[Grey, datetime]]:
        for number in range(40 * FPS):
            picture = last.copy()
            picture[150:200, number : number + 20] = 30
            yield picture, START + timedelta(seconds=40 + number / FPS)

    assert not any(verdicts(detector, walking()))


def test_a_region_is_around_all_that_differs_visibly() -> None:
    one = np.full((240, 320), 100, np.uint8)
    other = one.copy()
    other[10:22, 200:212] = 200
    other[100, 100] += 10

    region = changed_region(one, other)
    assert region == LineRegion(200, 10, 212, 22)
    assert region.is_line(one)
    assert difference(one, other, region) == pytest.approx(10 / (240 * 320 - 144))
    assert (visible_difference(one, other), visible_difference(one, other, region)) == (0.19, 0.0)
    assert changed_region(one, one) is None


def test_two_lines_far_apart_are_no_line() -> None:
    top, bottom = LineRegion(0, 0, 40, 12), LineRegion(0, 220, 40, 232)

    assert top.with_other(None) == top
    assert not top.with_other(bottom).is_line(np.zeros((240, 320), np.uint8))
