"""What a broken decoder leaves."""

from itertools import groupby

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge.analysis.damage import (
    Detail,
    block_percentage,
    false_colour_percentage,
    identical_rows,
    sampled_rows,
    unfilled_percentage,
)
from edge.analysis.picture import PictureAnalyser
from tests.builders import at

Bytes8 = NDArray[np.uint8]
GREY = np.full((90, 160), 128, np.uint8)


def scene(width: int = 640, height: int = 360, noise: float = 2.0) -> Bytes8:
    random = np.random.default_rng(1)
    coarse = random.integers(30, 220, (12, 20), dtype=np.uint8)
    picture = np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.float64)
    return np.clip(picture + random.normal(0, noise, picture.shape), 0, 255).round().astype(np.uint8)


def in_blocks(picture: Bytes8, side: int, left: int, top: int = 0) -> Bytes8:
    """Blocks of one grey each, from a corner on."""
    broken = picture.copy()
    part = broken[top:, left:]
    size = part.shape[1] // side, part.shape[0] // side
    coarse = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    whole = cv2.resize(coarse, (size[0] * side, size[1] * side), interpolation=cv2.INTER_NEAREST)
    part[: whole.shape[0], : whole.shape[1]] = whole
    return broken


def test_rows_smeared_by_a_broken_decoder_are_corrupt_and_a_flat_sky_is_not() -> None:
    whole = scene(320, 180)
    smeared, sky = whole.copy(), whole.copy()
    smeared[120:] = smeared[120]
    sky[:90] = 180

    assert identical_rows(smeared) == pytest.approx(59 / 179, abs=1e-3)
    assert identical_rows(sky) == identical_rows(whole) == 0
    assert [PictureAnalyser().analyse(one, at(0)).damage.corrupt_rows for one in (smeared, sky)] == [True, False]


def test_rows_that_an_encoder_predicts_within_its_blocks_are_not_smeared() -> None:
    fog = np.repeat(scene(320, 23), 8, axis=0)

    assert identical_rows(fog) == 0


def test_a_soft_shade_is_not_smeared_and_rows_smeared_below_it_are() -> None:
    shade = (np.arange(100, 190)[:, None] + np.linspace(0, 40, 320)[None]).astype(np.uint8)
    smeared = np.concatenate([shade, np.repeat(shade[-1:], 90, axis=0)])

    assert identical_rows(shade) == 0
    assert identical_rows(smeared) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("side", [16, 32, 64])
@pytest.mark.parametrize("left", [0, 160, 163])
def test_blocks_are_found_wherever_their_grid_begins(side: int, left: int) -> None:
    whole = scene()

    assert block_percentage(sampled_rows(whole)) < 1
    assert block_percentage(sampled_rows(in_blocks(whole, side, left))) > 4 * 16 / side


def test_lettering_and_a_fence_are_no_blocks() -> None:
    picture = scene()
    for line in range(20, 340, 22):
        cv2.putText(picture, "12:34:56 Loading dock 7", (8, line), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 255, 1)
    fence = scene()
    fence[:, ::11] = 20

    assert block_percentage(sampled_rows(picture)) < 2
    assert block_percentage(sampled_rows(fence)) < 2


@pytest.mark.parametrize("views", [2, 3, 4])
def test_seams_between_the_views_of_a_recorder_are_no_blocks(views: int) -> None:
    whole = scene()
    size = whole.shape[1] // views // 16 * 16, whole.shape[0] // views
    for place in range(views):
        view = np.full(size[::-1], 40 + 60 * (place % 2), np.uint8)
        whole[:, place * size[0] : (place + 1) * size[0]] = np.resize(view, (whole.shape[0], size[0]))

    assert block_percentage(sampled_rows(whole)) < 1


def test_bars_beside_a_narrow_picture_are_no_blocks() -> None:
    whole = scene()
    whole[:, :80] = whole[:, -80:] = 0

    assert block_percentage(sampled_rows(whole)) < 1


def test_the_grey_of_parts_that_were_never_decoded_is_found_and_a_grey_wall_is_not() -> None:
    neutral = np.full((90, 160), 128, np.uint8)
    cut, wall = scene(320, 180), scene(320, 180)
    cut[90:] = 130
    wall[90:] = np.random.default_rng(1).integers(129, 132, (90, 320))

    assert unfilled_percentage(cut, neutral, neutral) == pytest.approx(50, abs=2)
    assert unfilled_percentage(cut, neutral + np.uint8(9), neutral) == 0
    assert unfilled_percentage(wall, neutral, neutral) == 0


@pytest.mark.parametrize(("u", "v", "found"), [(0, 0, 50.0), (212, 235, 50.0), (103, 118, 0.0), (128, 128, 0.0)])
def test_green_and_pink_of_missing_chroma_are_found_and_a_lawn_is_not(u: int, v: int, found: float) -> None:
    blue, red = GREY.copy(), GREY.copy()
    blue[45:], red[45:] = u, v

    assert false_colour_percentage(blue, red) == found


@pytest.mark.parametrize("seed", range(12))
def test_what_is_not_looked_at_changes_nothing(seed: int) -> None:
    random = np.random.default_rng(seed)
    grey = scene(320, 80, noise=random.choice([0.0, 1.0]))
    first, count = random.integers(1, 40), random.choice([8, 16, 17, 30])
    grey[first : first + count, : random.choice([32, 64, 65, 320])] = grey[first - 1, : random.choice([1, 320])][0]
    grey[first : first + count, random.integers(64, 320) :] = random.integers(20, 200)
    low, high = random.choice([0, 89, 90, 91, 128]), random.choice([128, 169, 170, 171, 255])
    u, v = random.choice([low, 128, high], (2, 9, 16)).astype(np.uint8)

    steps = np.abs(np.diff(grey.astype(int), axis=0)).max(axis=1)
    repeated = [step <= 1 and int(np.ptp(row)) > 10 for row, step in zip(grey[1:], steps, strict=True)]
    runs = [len([*run]) for is_repeated, run in groupby(repeated) if is_repeated]
    false = ((u <= 90) & (v <= 90)) | ((u >= 170) & (v >= 170))

    assert identical_rows(grey) == pytest.approx(sum(run for run in runs if run >= 16) / 79)
    assert false_colour_percentage(u, v) == pytest.approx(100 * false.mean(), abs=0.051)


def test_a_picture_without_its_detail_is_not_judged_for_blocks() -> None:
    grey = scene(320, 180)
    without, without_luma = PictureAnalyser().analyse(grey, at(0)), Detail(None, GREY, GREY)

    assert (without.damage.macroblocks, without.damage.block_percentage) == (None, None)
    assert PictureAnalyser().analyse(grey, at(0), without_luma).damage.macroblocks is None


def test_at_most_24_rows_of_a_picture_are_looked_at() -> None:
    assert sampled_rows(np.zeros((1080, 1920), np.uint8)).shape == (22, 1920)
    assert sampled_rows(np.zeros((3, 7), np.uint8)).shape == (1, 7)
