"""The forms in which pictures are needed."""

import cv2
import numpy as np
import pytest
import simplejpeg
from av.video.frame import VideoFrame

from edge.analysis.pictures import Pictures, fitted, frame_of, plane, thumbnail


def photo(width: int, height: int) -> np.ndarray:
    coarse = np.random.default_rng(1).integers(20, 235, (9, 16, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


@pytest.mark.parametrize(("level", "grey"), [(0, 0), (128, 128), (255, 255)])
def test_grey_is_full_range_although_video_is_not(level: int, grey: int) -> None:
    frame = frame_of(np.full((360, 640, 3), level, np.uint8))

    assert int(plane(frame.planes[0]).max()) < 240
    assert Pictures().small(frame).y == pytest.approx(np.full((180, 320), grey), abs=1)


@pytest.mark.parametrize(
    ("size", "shape"), [((1920, 1080), (180, 320)), ((768, 576), (240, 320)), ((160, 120), (120, 160))]
)
def test_the_small_picture_keeps_the_aspect_and_is_never_enlarged(
    size: tuple[int, int], shape: tuple[int, int]
) -> None:
    assert Pictures().small(frame_of(photo(*size))).y.shape == shape


def test_the_small_picture_is_the_plain_average_of_what_it_covers() -> None:
    bgr = photo(1280, 720)
    plain = cv2.resize(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), (320, 180), interpolation=cv2.INTER_AREA)

    assert np.abs(Pictures().small(frame_of(bgr)).y.astype(int) - plain).mean() < 1.0


@pytest.mark.parametrize("size", [(1920, 1080), (768, 576), (160, 120)])
def test_grey_alone_is_that_of_the_small_picture(size: tuple[int, int]) -> None:
    frame, pictures = frame_of(photo(*size)), Pictures()
    grey, small = pictures.grey(frame), pictures.small(frame).y

    assert grey.shape == small.shape
    assert np.abs(grey.astype(int) - small).max() <= 1


def test_averaging_makes_noise_small() -> None:
    noise = np.random.default_rng(1).normal(128, 12, (720, 1280)).clip(0, 255).astype(np.uint8)
    reduced = Pictures().small(frame_of(np.repeat(noise[:, :, np.newaxis], 3, axis=2))).y

    assert float(reduced.std()) < 6


def test_a_jpeg_shows_the_picture_in_its_colours() -> None:
    bgr = photo(640, 360)
    shown = simplejpeg.decode_jpeg(Pictures().jpeg(frame_of(bgr)), colorspace="BGR")

    assert shown.shape == (360, 640, 3)
    assert np.abs(shown.astype(int) - bgr).mean() < 3


@pytest.mark.parametrize("size", [(1920, 1080), (642, 362), (161, 121)])
def test_the_planes_of_a_picture_have_the_exact_levels_of_jpeg(size: tuple[int, int]) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    frame = frame_of(noise)
    planes = Pictures().planes(frame)

    for source, found, (middle, levels) in zip(
        frame.planes, (planes.y, planes.u, planes.v), ((16, 219), (128, 224), (128, 224)), strict=True
    ):
        exact = (plane(source).astype(float) - middle) * 255 / levels + (middle if middle == 128 else 0)
        assert np.abs(found - np.clip(exact, 0, 255)).max() <= 0.5001


def test_planes_in_memory_that_is_used_again_are_the_same() -> None:
    pictures, drawn, shared = Pictures(), np.random.default_rng(2), set()
    for width, height in ((642, 362), (642, 362), (161, 121), (642, 362), (642, 362)):
        frame = frame_of(drawn.integers(0, 256, (height, width, 3), dtype=np.uint8))
        wanted, found = Pictures().planes(frame), pictures.passing_planes(frame)
        shared.add(found.y.ctypes.data)
        for part in ("y", "u", "v"):
            assert np.array_equal(getattr(found, part), getattr(wanted, part))

    assert len(shared) < 5


def test_levels_beyond_those_of_video_are_black_and_white() -> None:
    frame = frame_of(np.zeros((16, 16, 3), np.uint8))
    half = frame.planes[0].buffer_size // 2
    frame.planes[0].update(bytes(half) + b"\xff" * half)
    y = Pictures().planes(frame).y

    assert (y[0, 0], y[15, 15]) == (0, 255)


def test_a_picture_of_full_range_keeps_its_levels() -> None:
    frame = VideoFrame.from_ndarray(np.full((24, 16), 7, np.uint8), format="yuvj420p")

    assert Pictures().planes(frame).y.tolist() == np.full((16, 16), 7).tolist()


@pytest.mark.parametrize("size", [(641, 361), (321, 181), (2, 2)])
def test_a_picture_of_odd_size_is_kept_whole(size: tuple[int, int]) -> None:
    frame = VideoFrame.from_ndarray(photo(*size), format="bgr24").reformat(format="yuv420p")

    assert simplejpeg.decode_jpeg(Pictures().jpeg(frame)).shape == (size[1], size[0], 3)


@pytest.mark.parametrize(
    ("size", "inside"),
    [((1920, 1080), (0, 0, 320, 180)), ((768, 576), (40, 0, 240, 180)), ((400, 100), (0, 50, 320, 80))],
)
def test_a_thumbnail_is_the_whole_picture_letterboxed_on_black(
    size: tuple[int, int], inside: tuple[int, int, int, int]
) -> None:
    white = np.full((size[1], size[0], 3), 255, np.uint8)
    shown = simplejpeg.decode_jpeg(thumbnail(Pictures().small(frame_of(white))), colorspace="GRAY")[:, :, 0]
    left, top, width, height = inside

    assert shown.shape == (180, 320)
    assert shown[top + 2 : top + height - 2, left + 2 : left + width - 2].min() > 230
    assert shown[: max(0, top - 8)].size == 0 or shown[: max(0, top - 8)].max() < 25
    assert shown[:, : max(0, left - 8)].size == 0 or shown[:, : max(0, left - 8)].max() < 25


def test_bgr_is_what_was_drawn() -> None:
    bgr = photo(320, 180)

    assert np.abs(Pictures().bgr(frame_of(bgr)).astype(int) - bgr).mean() < 4


@pytest.mark.parametrize(
    ("size", "fits"),
    [((1920, 1080), (320, 180)), ((768, 576), (240, 180)), ((100, 400), (44, 180)), ((3200, 2), (320, 2))],
)
def test_what_fits_is_the_largest_of_the_same_aspect(size: tuple[int, int], fits: tuple[int, int]) -> None:
    assert fitted(size, (320, 180)) == fits


def test_one_set_of_scalers_takes_pictures_of_changing_size() -> None:
    pictures = Pictures()
    shapes = [pictures.small(frame_of(photo(*size))).y.shape for size in ((640, 360), (768, 576), (640, 360))]

    assert shapes == [(180, 320), (240, 320), (180, 320)]
