"""Draws sprite sheets: the small pictures of an hour, one of each minute, in one JPEG."""

from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock

import numpy as np
import numpy.typing as npt
import simplejpeg

TILE_S = 60
COLUMNS, ROWS = 10, 6
WIDTH, HEIGHT = 160, 90
QUALITY = 70
SHEETS_KEPT = 64
"""Sheets of about 150 kB; whoever moves along the time bar comes back to those of the last hours."""

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


class SpriteCache:
    """The sheets that were asked for last, by a name that says what is on them. For use from any thread."""

    def __init__(self, most: int = SHEETS_KEPT) -> None:
        self._most = most
        self._sheets: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()

    def get(self, name: str) -> bytes | None:
        with self._lock:
            if name in self._sheets:
                self._sheets.move_to_end(name)
            return self._sheets.get(name)

    def put(self, name: str, sheet: bytes) -> None:
        with self._lock:
            self._sheets[name] = sheet
            self._sheets.move_to_end(name)
            while len(self._sheets) > self._most:
                self._sheets.popitem(last=False)
