"""Draws names in any script, as masks: with the fonts within OpenCV, then with GNU Unifont where it is installed."""

import threading
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import groupby
from pathlib import Path
from typing import Final

import arabic_reshaper
import bidi
import cv2
import numpy as np

from consumers.jpeg import Picture

FONTS: Final = Path("/usr/share/fonts/opentype/unifont")
"""The font of Debian's package fonts-unifont, which has a letter for each character of Unicode."""
SMALLEST: Final = 10
"""Pixels; names that are still too long are cut."""
_BUILT_IN: Final = "uni"
_PLANE: Final = 0x10000
_MASKS: Final = 1024
_JOINERS: Final = dict.fromkeys((0x200C, 0x200D))
_DRAWING = threading.Lock()
"""Fonts keep what they draw, and are not made for several threads."""


@lru_cache(_MASKS)
def lettering(text: str, size: int, width: int) -> Picture:
    """H x W uint8, white on black, of letters of `size` pixels or smaller ones, no wider than `width`."""
    with _DRAWING:
        words, size = _fitting(_in_order(text), size, width)
        mask = np.zeros((size + size // 2, max(1, _width(words, size))), np.uint8)
        _put(mask, words, size)
    mask.flags.writeable = False
    return mask


def _in_order(text: str) -> str:
    """From left to right as people read it, the letters of Arabic joined where there is a font for that."""
    plain = "".join(letter if letter.isprintable() or ord(letter) in _JOINERS else " " for letter in text)
    joined = arabic_reshaper.reshape(plain) if _unifont(0) is not None else plain
    # They have done their work, and fonts draw them as boxes.
    return str(bidi.get_display(joined.translate(_JOINERS)))


def _fitting(words: str, size: int, width: int) -> tuple[str, int]:
    while size > SMALLEST and _width(words, size) > width:
        size -= 1
    while len(words) > 1 and _width(words, size) > width:
        words = words.rstrip("…")[:-1] + "…"
    return words, size


def _width(words: str, size: int) -> int:
    return sum(_width_of(face, part, size) for face, part in _parts(words))


def _width_of(face: "cv2.FontFace", part: str, size: int) -> int:
    # A space at the end counts: the next part begins after it.
    return _extent(face, f"{part}|", size) - _extent(face, "|", size)


def _extent(face: "cv2.FontFace", part: str, size: int) -> int:
    x, _, width, _ = cv2.getTextSize((0, 0), part, (0, 0), face, size)
    return int(x + width)


def _put(mask: Picture, words: str, size: int) -> None:
    x = 0
    for face, part in _parts(words):
        (x, _), _ = cv2.putText(mask, part, (x, size), 255, face, size)


def _parts(words: str) -> Iterator[tuple["cv2.FontFace", str]]:
    """The text by the font that has its letters."""
    for font, letters in groupby(words, _font):
        yield _face(font), "".join(letters)


def _font(letter: str) -> str:
    if _is_built_in(letter):
        return _BUILT_IN
    return _unifont(ord(letter) // _PLANE) or _BUILT_IN


@cache
def _is_built_in(letter: str) -> bool:
    """OpenCV draws a character without a letter as a question mark."""
    return letter.isascii() or not np.array_equal(_glyph(letter), _glyph("?"))


def _glyph(letter: str) -> Picture:
    drawn = np.zeros((24, 24), np.uint8)
    cv2.putText(drawn, letter, (2, 18), 255, _face(_BUILT_IN), 16)
    return drawn


@cache
def _unifont(plane: int) -> str | None:
    path = FONTS / ("unifont.otf" if plane == 0 else "unifont_upper.otf")
    return str(path) if path.is_file() else None


@cache
def _face(font: str) -> "cv2.FontFace":
    face = cv2.FontFace()
    if not face.set(font):
        face.set(_BUILT_IN)
    return face
