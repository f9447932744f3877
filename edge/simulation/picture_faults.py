"""Spoils drawn pictures as broken decoders and changes of channel do. Pictures are I420: H * 3/2 x W uint8."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.analysis.lettering import Lettering

Bytes8 = NDArray[np.uint8]

_STUDIO_BLACK: Final = 16
_BLOCK: Final = 16
_SMEARED_FROM: Final = 0.55
_BLOCKS_FROM: Final = 0.5
_BANNER: Final = (0.8, 0.94)
_CHANNEL: Final = "7  Yard, the evening news  20:00"
_LETTERS: Final = Lettering(24)


def black(size: tuple[int, int]) -> Bytes8:
    width, height = size
    planes = np.full((height * 3 // 2, width), 128, np.uint8)
    planes[:height] = _STUDIO_BLACK
    return planes


def banner(size: tuple[int, int]) -> Bytes8:
    """What a box shows while it changes its channel: black, and the name of the channel at the bottom."""
    planes, (width, height) = black(size), size
    top, bottom = (round(share * height) for share in _BANNER)
    planes[top:bottom, width // 20 : -width // 20] = 60
    _LETTERS.write(planes[:height], _CHANNEL, (width // 12, top + 4))
    return planes


def smear(planes: Bytes8) -> None:
    """Repeat a row to the bottom, as where a slice is lost."""
    for part in _parts(planes):
        first = round(_SMEARED_FROM * len(part))
        part[first:] = part[first]


def break_into_blocks(planes: Bytes8) -> None:
    """Leave one grey and one colour of each block of the right half, as where what refines them is lost."""
    for part, side in zip(_parts(planes), (_BLOCK, _BLOCK // 2, _BLOCK // 2), strict=True):
        rows, columns = part.shape[0] // side, part.shape[1] // side
        whole = part[: rows * side, : columns * side]
        coarse = cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA)
        blocks = cv2.resize(coarse, (columns * side, rows * side), interpolation=cv2.INTER_NEAREST)
        first = round(_BLOCKS_FROM * columns) * side
        whole[:, first:] = blocks[:, first:]


def _parts(planes: Bytes8) -> tuple[Bytes8, Bytes8, Bytes8]:
    """Views of luma and of both chroma planes."""
    height, width = len(planes) * 2 // 3, planes.shape[1]
    chroma = planes[height:].reshape(2, height // 2, width // 2)
    return planes[:height], chroma[0], chroma[1]
