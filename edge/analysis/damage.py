"""Finds pictures that a broken decoder left: rows that repeat, loose blocks, and colours that nothing has."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Bytes8 = NDArray[np.uint8]

_ALIKE: Final = 1
"""Grey levels: reducing a picture rounds."""
_BUSY: Final = 10
_FIRST_PIXELS: Final = 64
"""Pixels of a row."""
BLOCK: Final = 16
"""Pixels of a side of a macroblock in every codec in use; larger units are multiples of it."""
_STEP: Final = 8
"""Grey levels by which a loose block differs from its neighbour, beyond what its surroundings do."""
_AROUND: Final = np.array([[1, 1, 0, 1, 1]], np.uint8)
_ROWS: Final = 24
"""Rows of a picture in which blocks are looked for."""
_GREEN_BELOW: Final = 90
_PINK_ABOVE: Final = 170
FALSE_COLOUR_PERCENT: Final = 8.0


@dataclass(frozen=True, slots=True)
class Detail:
    """Detail that the reduced grey of a picture does not show.

    `rows` are some of its rows at full resolution, R x W uint8, `None` where its format has none; `u` and `v` its
    reduced chroma, both h x w uint8.
    """

    rows: Bytes8 | None
    u: Bytes8
    v: Bytes8


def identical_rows(grey: Bytes8) -> float:
    """The share of rows (of H x W uint8) equal to the row above. Rows without contrast do not count: a flat sky repeats
    too.

    A decoder that lost a slice repeats the last row that it has; 18 per cent of such rows are the measure of the
    recorder that this system replaces.
    """
    if len(grey) < 2:
        return 0.0
    # Of most pictures no row begins like the one above it, and the rest of them need not be looked at.
    if not _repeated(grey[:, :_FIRST_PIXELS]).any():
        return 0.0
    repeated = _repeated(grey)
    busy = np.ptp(grey[1:][repeated], axis=1) > _BUSY
    return float(np.count_nonzero(busy)) / (len(grey) - 1)


def _repeated(grey: Bytes8) -> NDArray[np.bool_]:
    return np.asarray(np.max(cv2.absdiff(grey[1:], grey[:-1]), axis=1) <= _ALIKE)


def sampled_rows(luma: Bytes8) -> Bytes8:
    """A row through the middle of each row of blocks, of at most 24, of H x W uint8: a copy R x W."""
    height = len(luma)
    every = max(BLOCK, -(-height // (_ROWS * BLOCK)) * BLOCK)
    return np.ascontiguousarray(luma[min(every // 2, height - 1) :: every])


def block_percentage(sampled: Bytes8) -> float:
    """The share of blocks (per cent) that are loose from their left neighbour. `sampled` is R x W uint8.

    A loose block has a step at its edge that is larger than twice any around it by 8 grey levels. What has such edges
    by nature, as lettering, has them at every place; those of blocks are all 8 or 16 pixels apart. So what counts is by
    how much the most frequent of these places exceeds their median: it needs not know where the grid begins.
    """
    count, width = sampled.shape
    if width < 4 * BLOCK:
        return 0.0
    steps = cv2.absdiff(sampled[:, 1:], sampled[:, :-1])
    around = cv2.dilate(steps, _AROUND, borderType=cv2.BORDER_REPLICATE)
    excess = cv2.subtract(cv2.subtract(steps, around), around)
    steep = cv2.threshold(excess, _STEP, 1, cv2.THRESH_BINARY)[1]
    loose = np.asarray(cv2.reduce(steep, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[0], np.int32)
    usable = len(loose) // BLOCK * BLOCK
    of_large: list[int] = loose[:usable].reshape(-1, BLOCK).sum(axis=0).tolist()
    of_small = [one + other for one, other in zip(of_large[: BLOCK // 2], of_large[BLOCK // 2 :], strict=True)]
    large = count * (usable // BLOCK)
    return round(float(100.0 * max(_excess(of_large) / large, _excess(of_small) / (2 * large))), 1)


def _excess(places: Sequence[int]) -> float:
    """By how much the largest exceeds the median; an even number of them."""
    ordered, middle = sorted(places), len(places) // 2
    median: float = (ordered[middle - 1] + ordered[middle]) / 2
    return ordered[-1] - median


def false_colour_percentage(u: Bytes8, v: Bytes8) -> float:
    """The share of pixels (per cent) in the green or the pink that missing chroma decodes to; both h x w uint8.

    The monitor of television boxes that this system replaces looked for green and pink by their hue, which lawns have
    as well; here green has both chroma values near zero, and pink both near the top, which nothing before a camera has.
    """
    (low_u, high_u), (low_v, high_v) = cv2.minMaxLoc(u)[:2], cv2.minMaxLoc(v)[:2]
    count = 0
    if max(low_u, low_v) <= _GREEN_BELOW:
        count += int(np.count_nonzero(cv2.max(u, v) <= _GREEN_BELOW))
    if min(high_u, high_v) >= _PINK_ABOVE:
        count += int(np.count_nonzero(cv2.min(u, v) >= _PINK_ABOVE))
    return round(100.0 * count / u.size, 1)
