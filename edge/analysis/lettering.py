"""Draws text on a grey plane from cached glyphs, because drawing each letter costs more than the picture."""

import unicodedata
from functools import cache, lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]

_FONT: Final = cv2.FONT_HERSHEY_SIMPLEX
_IS_ASCII_ONLY: Final = int(cv2.__version__.partition(".")[0]) < 5
"""Older releases of OpenCV draw a question mark for each byte of any other letter."""


class Lettering:
    """Letters of one height in pixels, proportional, white on black with a rim of two pixels."""

    def __init__(self, height: int = 14) -> None:
        self.height = height + height // 3 + 4
        self._baseline = height + 2

    def image(self, text: str) -> Plane:
        """H x W uint8, as wide as the text. It is shared by all users of the text and must not be changed."""
        drawn = in_ascii(text) if _IS_ASCII_ONLY else unicodedata.normalize("NFC", text)
        return _words(drawn, self.height, self._baseline)

    def write(self, plane: Plane, text: str, corner: tuple[int, int]) -> tuple[int, int, int, int]:
        """Write on an H x W uint8 plane with the top left at `corner` (x, y), moved so that it stays inside. Returns
        (x, y, w, h).
        """
        words = self.image(text)[: plane.shape[0], : plane.shape[1]]
        high, wide = words.shape
        x = max(0, min(corner[0], plane.shape[1] - wide))
        y = max(0, min(corner[1], plane.shape[0] - high))
        plane[y : y + high, x : x + wide] = words
        return x, y, wide, high


def in_ascii(text: str) -> str:
    """Letters without their accents, and a question mark for each that has no other form."""
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
    return "".join(one for one in plain if not unicodedata.combining(one)).encode("ascii", "replace").decode()


@lru_cache(maxsize=256)
def _words(text: str, height: int, baseline: int) -> Plane:
    rim = np.zeros((height, 2), np.uint8)
    words = np.concatenate([rim, *(_glyph(letter, height, baseline) for letter in text), rim], axis=1)
    words.flags.writeable = False
    return words


@cache
def _glyph(letter: str, height: int, baseline: int) -> Plane:
    scale = (baseline - 2) / 22
    width = cv2.getTextSize(letter, _FONT, scale, 1)[0][0]
    canvas = np.zeros((height, max(3, width)), np.uint8)
    return np.asarray(cv2.putText(canvas, letter, (0, baseline), _FONT, scale, 255, 1, cv2.LINE_AA), np.uint8)
