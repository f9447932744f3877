"""Draws sprite sheets. Apart from what else they are, for numpy is a tenth of the start of a gateway, and 20 MB."""

from collections.abc import Mapping

import numpy as np
import simplejpeg

from consumers.jpeg import Picture, decoded, size_of
from gateway.serving.sprites import OF_A_DEVICE, QUALITY, SheetLayout


def sprite_sheet(pictures: Mapping[int, bytes], layout: SheetLayout = OF_A_DEVICE) -> bytes:
    """A JPEG with each picture in its place, row by row. A place without one, or with one that cannot be read, stays
    black."""
    width, height = layout.width, layout.height
    sheet: Picture = np.zeros((layout.rows * height, layout.columns * width, 3), np.uint8)
    for number, picture in pictures.items():
        row, column = divmod(number, layout.columns)
        _draw(picture, sheet[row * height : (row + 1) * height, column * width : (column + 1) * width])
    return bytes(simplejpeg.encode_jpeg(sheet, QUALITY, "BGR", "420", fastdct=True))


def fitted(jpeg: bytes, width: int, height: int) -> tuple[int, int]:
    """Width and height of a picture that fills one of them; all of it where it cannot be read."""
    size = size_of(jpeg)
    if size is None:
        return width, height
    scale = min(height / size[0], width / size[1])
    return max(1, round(size[1] * scale)), max(1, round(size[0] * scale))


def _draw(jpeg: bytes, place: Picture) -> None:
    """Letterboxed where it has another shape."""
    room_y, room_x = place.shape[:2]
    width, height = fitted(jpeg, room_x, room_y)
    # Half a picture is decoded in half the time.
    picture = decoded(jpeg, height, width)
    if picture is None:
        return
    if picture.shape[:2] != (height, width):
        import cv2  # 12 MB, only where somebody moves along the time bar

        picture = np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    top, left = (room_y - height) // 2, (room_x - width) // 2
    place[top : top + height, left : left + width] = picture
