"""Draws sprite sheets. Apart from what else they are, for numpy is a tenth of the start of a gateway, and 20 MB."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import simplejpeg

from gateway.serving.sprites import COLUMNS, HEIGHT, QUALITY, ROWS, WIDTH

Picture = npt.NDArray[np.uint8]
"""Rows, columns, three colours: blue, green, red."""


def sprite_sheet(pictures: Mapping[int, bytes]) -> bytes:
    """A JPEG with the picture of each minute in its place, row by row. A place without one, or with one that cannot be
    read, stays black."""
    sheet: Picture = np.zeros((ROWS * HEIGHT, COLUMNS * WIDTH, 3), np.uint8)
    for number, picture in pictures.items():
        row, column = divmod(number, COLUMNS)
        place = sheet[row * HEIGHT : (row + 1) * HEIGHT, column * WIDTH : (column + 1) * WIDTH]
        try:
            _draw(picture, place)
        except ValueError:
            continue
    return bytes(simplejpeg.encode_jpeg(sheet, QUALITY, "BGR", "420", fastdct=True))


def _draw(jpeg: bytes, place: Picture) -> None:
    """Letterboxed where it has another shape. Raises `ValueError`."""
    rows, columns = simplejpeg.decode_jpeg_header(jpeg)[:2]
    scale = min(HEIGHT / rows, WIDTH / columns)
    height, width = max(1, round(rows * scale)), max(1, round(columns * scale))
    # Half a picture is decoded in half the time.
    picture: Picture = simplejpeg.decode_jpeg(
        jpeg, "BGR", fastdct=True, fastupsample=True, min_height=height, min_width=width
    )
    if picture.shape[:2] != (height, width):
        import cv2  # 12 MB, only where somebody moves along the time bar

        picture = np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    top, left = (HEIGHT - height) // 2, (WIDTH - width) // 2
    place[top : top + height, left : left + width] = picture
