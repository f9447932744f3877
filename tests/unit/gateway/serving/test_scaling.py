"""Pictures at the width at which they are shown."""

import numpy as np
import pytest
import simplejpeg

from gateway.serving.scaling import scaled


@pytest.fixture(scope="module")
def picture() -> bytes:
    noise = np.random.default_rng(7).integers(0, 255, (360, 640, 3), np.uint8)
    return bytes(simplejpeg.encode_jpeg(noise, 85))


def size(jpeg: bytes) -> tuple[int, int]:
    rows, columns = simplejpeg.decode_jpeg_header(jpeg)[:2]
    return columns, rows


@pytest.mark.parametrize(
    ("width", "expected"), [(80, (80, 45)), (161, (240, 135)), (240, (240, 135)), (639, (640, 360))]
)
def test_a_picture_is_scaled_to_the_next_step_and_keeps_its_shape(
    picture: bytes, width: int, expected: tuple[int, int]
) -> None:
    assert size(scaled(picture, width)) == expected


def test_a_small_picture_takes_a_tenth_of_the_bytes(picture: bytes) -> None:
    assert len(scaled(picture, 160)) < len(picture) / 10


def test_a_picture_that_is_not_wider_stays_as_it_is(picture: bytes) -> None:
    assert scaled(picture, 4096) is picture


@pytest.mark.parametrize("body", [b"", b"GIF89a", b"\xff\xd8 a picture \xff\xd9"])
def test_what_is_no_jpeg_stays_as_it_is(body: bytes) -> None:
    assert scaled(body, 80) == body


def test_a_picture_that_breaks_off_does_not_fail(picture: bytes) -> None:
    assert scaled(picture[: len(picture) // 2], 80)
