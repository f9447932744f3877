"""Sprite sheets: each picture stands in its place, and none spoils another."""

import numpy as np
import numpy.typing as npt
import pytest
import simplejpeg

from gateway.serving.sprite_drawing import sprite_sheet
from gateway.serving.sprites import HEIGHT, WIDTH


def picture(grey: int, rows: int = 180, columns: int = 320) -> bytes:
    return bytes(simplejpeg.encode_jpeg(np.full((rows, columns, 3), grey, np.uint8), 85))


def tile(sheet: bytes, number: int) -> npt.NDArray[np.uint8]:
    row, column = divmod(number, 10)
    pixels: npt.NDArray[np.uint8] = simplejpeg.decode_jpeg(sheet, "GRAY")[:, :, 0]
    return pixels[row * HEIGHT : (row + 1) * HEIGHT, column * WIDTH : (column + 1) * WIDTH]


def test_each_picture_stands_in_its_place_and_the_rest_is_black() -> None:
    sheet = sprite_sheet({0: picture(200), 11: picture(100), 12: b"no picture", 59: picture(250)})

    means = {number: float(tile(sheet, number).mean()) for number in (0, 1, 11, 12, 59)}

    assert simplejpeg.decode_jpeg_header(sheet)[:2] == (540, 1600)
    assert means == pytest.approx({0: 200, 1: 0, 11: 100, 12: 0, 59: 250}, abs=2)


def test_a_picture_of_another_shape_is_whole_within_its_tile() -> None:
    upright = tile(sprite_sheet({5: picture(200, rows=1280, columns=720)}), 5)

    assert [float(upright[:, column].mean()) for column in (10, 80, 150)] == pytest.approx([0, 200, 0], abs=3)
