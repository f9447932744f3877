"""Encodes the mosaics of a minute as JPEG within a number of bytes each, at the best quality that holds it.

A cell is encoded once, with a restart marker after each row of its blocks. Between two markers the bytes depend on
nothing before them, so the mosaics are made by putting the rows of their cells one after the other.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from itertools import chain, cycle, islice
from math import exp, log
from typing import Final, NamedTuple

import cv2
import numpy as np

from consumers.jpeg import Picture
from consumers.views.mosaics.layout import BLOCK
from consumers.views.mosaics.workers import Workers

_STRIPS: Final = 48
"""At least so many rows of blocks are encoded to find the quality."""
_FIRST_PROBE: Final = 56
"""The quality of most mosaics, which is tried first."""
_NEAR: Final = 0.9
"""A share of the bytes from which on a better quality is not looked for."""
_PROBES: Final = (40, 10, 4)
_LOWEST: Final = 2
_SIZES_KEPT: Final = 8
"""The quality of one cell."""
_MARGIN: Final = 0.97
_POOR: Final = 0.85
"""The least share of the bytes: a picture that takes less would have had room for a better quality."""
_QUALITY_ROUNDS: Final = 2
_COARSE: Final = ((40, 4), (16, 2))
"""From such a quality on, only multiples of a number are chosen: a late picture then seldom changes the quality, for
which every cell would have to be encoded again.
"""
_RESTART: Final = re.compile(rb"\xff[\xd0-\xd7]")
_RESTARTS: Final = tuple(b"\xff%c" % (0xD0 + number) for number in (7, 0, 1, 2, 3, 4, 5, 6))
"""In their order, beginning before the first row, where none stands."""
_FRAME, _SCAN, _END = b"\xff\xc0\x00\x11\x08", b"\xff\xda\x00\x0c", b"\xff\xd9"
_SCAN_HEAD: Final = 14
_420: Final = (cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420)


class EncodedTile(NamedTuple):
    payload: bytes
    quality: int


class _Encoded(NamedTuple):
    """The bytes of a JPEG before its first row of blocks, and those of each row."""

    quality: int
    head: bytes
    rows: list[bytes]
    size: int


class Around(NamedTuple):
    """What is the same in all pictures of a device: all rows of blocks but those that are its `own`."""

    own: range
    rows: Callable[[int], Sequence[bytes]]
    """All rows by the quality; those of its own do not matter."""


class CellPicture:
    """The pixels of a cell, of whole blocks, and what they were encoded to last."""

    def __init__(self, pixels: Picture, around: Around | None = None) -> None:
        self.pixels = pixels
        self._around = around
        self._encoded: _Encoded | None = None
        self._sizes: dict[tuple[int, range], int] = {}

    def encoded(self, quality: int) -> _Encoded:
        if self._encoded is None or self._encoded.quality != quality:
            self._encoded = self._encode(quality)
        return self._encoded

    def _encode(self, quality: int) -> _Encoded:
        if self._around is None:
            return _encoded(self.pixels, quality)
        own, around = self._around.own, self._around.rows(quality)
        made = _encoded(self.pixels[own.start * BLOCK : own.stop * BLOCK], quality)
        rows = [*around[: own.start], *made.rows, *around[own.stop :]]
        # Each is followed by a marker.
        return _Encoded(quality, made.head, rows, sum(map(len, rows)) + 2 * len(rows))

    def size(self, quality: int, rows: range) -> int:
        """The bytes of some of its rows of blocks."""
        known = self._sizes.get((quality, rows))
        if known is None:
            if len(self._sizes) >= _SIZES_KEPT:
                self._sizes.clear()
            strips = [self.pixels[row * BLOCK : (row + 1) * BLOCK] for row in rows]
            known = self._sizes[quality, rows] = _encoded(np.concatenate(strips), quality).size
        return known


class CellGrid(NamedTuple):
    """Cells in reading order, all of one size; black where a row has fewer. `width` and `height` are in pixels and may
    leave out what is beyond the last cells.
    """

    cells: Sequence[CellPicture]
    columns: int
    width: int
    height: int


def encode(grids: Sequence[CellGrid], best: int, byte_budget: int, workers: Workers) -> list[EncodedTile]:
    """The first grid has all cells that the others have. The same cells give the same bytes, whatever was encoded
    before. What does not fit at the lowest quality either has that.
    """
    cells = grids[0].cells
    if not cells:
        return [EncodedTile(_jpeg(np.zeros((grid.height, grid.width, 3), np.uint8), best), best) for grid in grids]
    for quality in _qualities(cells, best, byte_budget, workers):
        tiles = [EncodedTile(_joined(grid, quality), quality) for grid in grids]
        if max(len(tile.payload) for tile in tiles) <= byte_budget or quality == _LOWEST:
            break
    return tiles


def _qualities(cells: Sequence[CellPicture], best: int, byte_budget: int, workers: Workers) -> Iterator[int]:
    """The quality that a sample promises, corrected by the bytes of the cells; after that lower and lower."""
    sample, factor = _Sample(cells, workers), 1.0
    for _ in range(_QUALITY_ROUNDS):
        quality = sample.quality(best, byte_budget * _MARGIN / factor)
        size = sum(cell.size for cell in workers.map(partial(CellPicture.encoded, quality=quality), cells))
        if size <= byte_budget and (quality == best or size >= byte_budget * _POOR):
            break
        factor = size / sample.size(quality)
    while True:
        yield quality
        quality = max(_LOWEST, min(quality - 1, quality * 7 // 8))


class _Sample:
    """Some rows of blocks of each cell, other ones of each, by which the bytes of all are estimated."""

    def __init__(self, cells: Sequence[CellPicture], workers: Workers) -> None:
        rows = cells[0].pixels.shape[0] // BLOCK
        every = max(1, rows * len(cells) // _STRIPS)
        chosen = range(every // 2, rows * len(cells), every)
        parts = [_within(chosen, range(number * rows, (number + 1) * rows)) for number in range(len(cells))]
        self._parts = [(cell, part) for cell, part in zip(cells, parts, strict=True) if part]
        self._workers = workers
        self._share = rows * len(cells) / len(chosen)
        self._sizes: dict[int, float] = {}

    def size(self, quality: int) -> float:
        """The bytes of all cells."""
        if quality not in self._sizes:
            sizes = self._workers.map(lambda one: one[0].size(quality, one[1]), self._parts)
            self._sizes[quality] = sum(sizes) * self._share
        return self._sizes[quality]

    def quality(self, best: int, byte_budget: float) -> int:
        """The quality at which the cells take so many bytes.

        Between two qualities the logarithm of the size is nearly a straight line over that of the steps by which JPEG
        divides.
        """
        larger = min(best, _FIRST_PROBE)
        if self.size(larger) <= byte_budget:
            return larger if self.size(larger) >= _NEAR * byte_budget else self._above(larger, best, byte_budget)
        for smaller in (probe for probe in _PROBES if probe < larger):
            if self.size(smaller) <= byte_budget:
                return self._between(smaller, larger, byte_budget)
            larger = smaller
        return _LOWEST

    def _above(self, smaller: int, best: int, byte_budget: float) -> int:
        return best if self.size(best) <= byte_budget else self._between(smaller, best, byte_budget)

    def _between(self, smaller: int, larger: int, byte_budget: float) -> int:
        reached = log(byte_budget / self.size(smaller)) / log(self.size(larger) / self.size(smaller))
        low, high = log(_step(smaller)), log(_step(larger))
        quality = _quality(exp(low + reached * (high - low)))
        coarse = next((step for least, step in _COARSE if quality >= least), 1)
        return max(smaller, min(larger - 1, quality - quality % coarse))


def _within(chosen: range, part: range) -> range:
    """Those of the chosen rows that lie in a part, counted from its beginning."""
    first = chosen.start + max(0, -(-(part.start - chosen.start) // chosen.step)) * chosen.step
    return range(first - part.start, len(part), chosen.step)


def _step(quality: int) -> float:
    """In percent of the steps of quality 50."""
    return 5000 / quality if quality < 50 else max(1.0, 200 - 2 * quality)


def _quality(step: float) -> int:
    return int(5000 / step if step > 100 else (200 - step) / 2)


def _joined(grid: CellGrid, quality: int) -> bytes:
    encoded = [cell.encoded(quality) for cell in grid.cells]
    black = _black(grid.cells[0].pixels.shape[:2], quality)
    encoded += [black] * (-len(encoded) % grid.columns)
    lines = (encoded[first : first + grid.columns] for first in range(0, len(encoded), grid.columns))
    rows: Iterable[bytes] = chain.from_iterable(
        chain.from_iterable(zip(*(cell.rows for cell in line), strict=True)) for line in lines
    )
    head = _sized(black.head, grid.height, grid.width)
    return b"".join((head, *islice(chain.from_iterable(zip(cycle(_RESTARTS), rows)), 1, None), _END))


def _sized(head: bytes, height: int, width: int) -> bytes:
    at = head.index(_FRAME) + len(_FRAME)
    return head[:at] + height.to_bytes(2) + width.to_bytes(2) + head[at + 4 :]


def encoded_rows(pixels: Picture, quality: int) -> Sequence[bytes]:
    """The bytes of each row of blocks of a cell."""
    return _encoded(pixels, quality).rows


@lru_cache(8)
def _black(size: tuple[int, int], quality: int) -> _Encoded:
    return _encoded(np.zeros((*size, 3), np.uint8), quality)


def _encoded(pixels: Picture, quality: int) -> _Encoded:
    payload = _jpeg(pixels, quality)
    begin = payload.index(_SCAN) + _SCAN_HEAD
    rows = _RESTART.split(payload[begin : -len(_END)])
    return _Encoded(quality, payload[:begin], rows, len(payload) - begin)


def _jpeg(pixels: Picture, quality: int) -> bytes:
    """With the tables of the standard and a marker between rows, so that each row can be put behind any other."""
    blocks = -(-pixels.shape[1] // BLOCK)
    options = (cv2.IMWRITE_JPEG_QUALITY, quality, *_420, cv2.IMWRITE_JPEG_RST_INTERVAL, blocks)
    _, encoded = cv2.imencode(".jpg", pixels, options)
    return encoded.tobytes()
