"""Finds pictures that a broken decoder left: rows that repeat, loose blocks, and colours that nothing has."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

Bytes8 = NDArray[np.uint8]

_ALIKE: Final = 1
"""Grey levels: reducing a picture rounds."""
_BUSY: Final = 10
_FEWEST_REPEATED: Final = 16
"""Rows."""
_FIRST_PIXELS: Final = 64
"""Pixels of a row."""
BLOCK: Final = 16
"""Pixels of a side of a macroblock in every codec in use; larger units are multiples of it."""
_STEP: Final = 8
"""Grey levels by which a loose block differs from its neighbour, beyond what its surroundings do."""
_AROUND: Final = np.array([[1, 1, 0, 1, 1]], np.uint8)
_NEAR_BLOCKS: Final = np.array([[1], [0], [1], [1], [0], [1], [1], [0], [1]], np.uint8)
"""Those 1, 2 and 4 blocks away."""
_ROWS: Final = 24
"""Rows of a picture in which blocks are looked for."""
_GREEN_BELOW: Final = 90
_PINK_ABOVE: Final = 170
FALSE_COLOUR_PERCENT: Final = 8.0
_UNFILLED: Final = (128, 130)
"""Grey levels of a luma of 128, which is 130 in a picture whose range is limited."""
_NEUTRAL: Final = (127, 129)
_EVEN: Final = np.ones((17, 17), np.uint8)
_EVERY_ROWS: Final = 8


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
    recorder that this system replaces. Rows count where at least 16 of them follow each other: an encoder with few bits
    for a picture of little contrast, as in fog, predicts the rows of a block from the one above.
    """
    if len(grey) <= _FEWEST_REPEATED:
        return 0.0
    # Of most pictures no row begins like the one above it, and the rest of them need not be looked at. Down a column,
    # NumPy compares many pixels at once.
    beginnings = cv2.transpose(grey[:, :_FIRST_PIXELS])
    if np.maximum.reduce(cv2.absdiff(beginnings[:, 1:], beginnings[:, :-1])).min() > _ALIKE:
        return 0.0
    repeated = _repeated(grey)
    repeated[repeated] = np.ptp(grey[1:][repeated], axis=1) > _BUSY
    return sum(_same(grey[first : last + 1]) for first, last in _runs(repeated)) / (len(grey) - 1)


def _repeated(grey: Bytes8) -> NDArray[np.bool_]:
    return np.asarray(np.max(cv2.absdiff(grey[1:], grey[:-1]), axis=1) <= _ALIKE)


def _runs(repeated: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """The first and the last row of each run that is long enough; the first is the row that the others repeat."""
    turns = np.flatnonzero(np.diff(repeated, prepend=False, append=False))
    for first, last in zip(turns[::2].tolist(), turns[1::2].tolist(), strict=True):
        if last - first >= _FEWEST_REPEATED:
            yield first, last


def _same(run: Bytes8) -> int:
    """How many rows repeat the first one of a run, or the last one: in a soft shade each row is close to the one above,
    and the last is another than the first.
    """
    same = max(
        int(np.count_nonzero(np.max(cv2.absdiff(run, np.broadcast_to(one, run.shape)), axis=1) <= _ALIKE)) - 1
        for one in (run[:1], run[-1:])
    )
    return same if same >= _FEWEST_REPEATED else 0


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

    A loose block has loose neighbours. A column that has many more steps than those of the same place near it is a
    line: the seam between the views of a recorder, or a bar at the side.
    """
    count, width = sampled.shape
    if width < 4 * BLOCK:
        return 0.0
    steps = cv2.absdiff(sampled[:, 1:], sampled[:, :-1])
    around = cv2.dilate(steps, _AROUND, borderType=cv2.BORDER_REPLICATE)
    excess = cv2.subtract(cv2.subtract(steps, around), around)
    steep = cv2.threshold(excess, _STEP, 1, cv2.THRESH_BINARY)[1]
    loose = np.asarray(cv2.reduce(steep, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32F)[0], np.float32)
    usable = len(loose) // BLOCK * BLOCK
    places = _without_lines(loose[:usable].reshape(-1, BLOCK))
    of_large: list[float] = cv2.reduce(places, 0, cv2.REDUCE_SUM)[0].tolist()
    of_small = [one + other for one, other in zip(of_large[: BLOCK // 2], of_large[BLOCK // 2 :], strict=True)]
    large = count * (usable // BLOCK)
    return round(float(100.0 * max(_excess(of_large) / large, _excess(of_small) / (2 * large))), 1)


def _without_lines(loose: NDArray[np.float32]) -> MatLike:
    """The steps of each column (blocks x places) as far as there are half as many in a column of that place near it, by
    the widths of blocks: 16, 32 or 64 pixels away.
    """
    beside = cv2.dilate(loose, _NEAR_BLOCKS, borderType=cv2.BORDER_CONSTANT, borderValue=(0,))
    return cv2.min(loose, cv2.add(beside, beside))


def _excess(places: Sequence[float]) -> float:
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


def unfilled_percentage(grey: Bytes8, u: Bytes8, v: Bytes8) -> float:
    """The share of pixels (per cent) in the grey that a decoder begins with, where it has nothing to draw over it.

    That is 128 in all three planes. What a camera shows may be as grey, but not without any noise: places count that
    are of one level for 8 pixels around. `grey` is H x W uint8, `u` and `v` half of it, rounded up.
    """
    sampled = grey[::_EVERY_ROWS]
    if 100 * cv2.countNonZero(cv2.inRange(sampled, *_UNFILLED)) < FALSE_COLOUR_PERCENT * sampled.size / 2:
        return 0.0
    lowest, highest = cv2.erode(grey, _EVEN), cv2.dilate(grey, _EVEN)
    even = cv2.bitwise_and(cv2.inRange(grey, *_UNFILLED), cv2.compare(lowest, highest, cv2.CMP_EQ))
    around = cv2.dilate(even, _EVEN)[::2, ::2]
    neutral = cv2.bitwise_and(cv2.inRange(u, *_NEUTRAL), cv2.inRange(v, *_NEUTRAL))
    return round(100.0 * cv2.countNonZero(cv2.bitwise_and(around, neutral)) / u.size, 1)
