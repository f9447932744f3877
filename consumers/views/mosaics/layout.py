"""The layout of a mosaic: columns, rows and cells."""

from math import sqrt
from typing import NamedTuple


class Grid(NamedTuple):
    columns: int
    rows: int


class CellRectangle(NamedTuple):
    """A rectangle of a mosaic, in pixels."""

    x: int
    y: int
    width: int
    height: int


_SMALL = (Grid(0, 0), Grid(1, 1), Grid(2, 1), Grid(2, 2), Grid(2, 2), Grid(3, 2), Grid(3, 2), Grid(3, 3), Grid(3, 3))
_WIDEST = 6
_LARGE_ROWS = 4
"""A mosaic of more rows has smaller cells, so that it does not grow with the number of devices for ever."""


def grid(count: int) -> Grid:
    """Up to 9 cells as square as may be, then rows of six."""
    if count < len(_SMALL):
        return _SMALL[count]
    return Grid(3, 3) if count == 9 else Grid(_WIDEST, -(-count // _WIDEST))


def cell_size(count: int, width: int, height: int) -> tuple[int, int]:
    """The size of a cell in a mosaic of so many, by that of a cell in a small one; of whole pairs of pixels."""
    scale = min(1.0, sqrt(_LARGE_ROWS / max(1, grid(count).rows)))
    return round(width * scale / 2) * 2, round(height * scale / 2) * 2


def cells(count: int, width: int, height: int) -> list[CellRectangle]:
    """The cells in reading order, each of this size."""
    columns = grid(count).columns
    return [CellRectangle(index % columns * width, index // columns * height, width, height) for index in range(count)]


def size(count: int, width: int, height: int) -> tuple[int, int]:
    """Width and height of the whole; that of two by two cells where there is none."""
    columns, rows = grid(count) if count else Grid(2, 2)
    return columns * width, rows * height


def inset(picture: tuple[int, int], cell: tuple[int, int], border: int) -> CellRectangle:
    """The rectangle of a picture in a cell, within the border and with its aspect kept; both as (width, height)."""
    room_x, room_y = cell[0] - 2 * border, cell[1] - 2 * border
    scale = min(room_x / picture[0], room_y / picture[1])
    width, height = max(1, round(picture[0] * scale)), max(1, round(picture[1] * scale))
    return CellRectangle((cell[0] - width) // 2, (cell[1] - height) // 2, width, height)
