"""The layout of a mosaic: columns, rows, cells, and the bytes that its picture may take."""

from functools import lru_cache
from math import sqrt
from typing import Final, NamedTuple

from consumers.hub_config import Mosaic


class Grid(NamedTuple):
    columns: int
    rows: int


class CellRectangle(NamedTuple):
    """A rectangle of a mosaic, in pixels."""

    x: int
    y: int
    width: int
    height: int


class TileSize(NamedTuple):
    """How large a picture became, and at which quality."""

    bytes: int
    quality: int


Wall = tuple[int, int]
"""Width and height of the screen that shows the mosaic, in any unit."""

WIDE_WALL: Final[Wall] = (16, 9)
_GRIDS_KEPT: Final = 64
_SMALL = (Grid(0, 0), Grid(1, 1), Grid(2, 1), Grid(2, 2), Grid(2, 2), Grid(3, 2), Grid(3, 2), Grid(3, 3), Grid(3, 3))
_SIX_COLUMNS: Final = 6
_MOST_IN_SIX_COLUMNS: Final = 40
_FULL_CELLS: Final = 24
"""A mosaic of more has smaller cells, so that it does not grow with the number of devices for ever."""
_NARROWEST: Final = 128
"""Pixels across a cell of which the label can still be read."""
_BUDGET_DEVICES: Final = 9
_BYTES_PER_PIXEL: Final = 0.05
"""With fewer, a picture in smaller cells shows more than one of a lower quality."""
BLOCK: Final = 16
"""Pixels across and down what JPEG encodes together. Each cell begins with a block, so that it can be encoded alone."""


def grid(count: int, wall: Wall | None = None, cell: tuple[int, int] = (4, 3)) -> Grid:
    """On a wall of a known shape, the grid whose cells are the largest there. Without one: up to 9 cells as square as
    may be, then rows of six; beyond 40 as on a wall of 16 to 9.
    """
    if wall is None and count < len(_SMALL):
        return _SMALL[count]
    if wall is None and count == _BUDGET_DEVICES:
        return Grid(3, 3)
    if wall is None and count <= _MOST_IN_SIX_COLUMNS:
        return Grid(_SIX_COLUMNS, -(-count // _SIX_COLUMNS))
    return _largest_cells(count, wall or WIDE_WALL, cell) if count else Grid(0, 0)


@lru_cache(_GRIDS_KEPT)
def _largest_cells(count: int, wall: Wall, cell: tuple[int, int]) -> Grid:
    def preference(of: Grid) -> tuple[float, int]:
        scale = min(wall[0] / (of.columns * cell[0]), wall[1] / (of.rows * cell[1]))
        return round(scale, 6), -of.columns * of.rows

    return max((Grid(columns, -(-count // columns)) for columns in range(1, count + 1)), key=preference)


def cell_size(count: int, width: int, height: int, wall: Wall | None = None) -> tuple[int, int]:
    """The size of a cell in a mosaic of so many, by that of a cell in a small one; of whole blocks if it is smaller."""
    columns, rows = grid(count, wall, (width, height))
    scale = sqrt(min(1.0, _FULL_CELLS / max(1, columns * rows)))
    return _scaled(width, height, max(scale, min(1.0, _NARROWEST / width)))


def cells(count: int, width: int, height: int, wall: Wall | None = None) -> list[CellRectangle]:
    """The cells in reading order, each of this size, and with the rest of its last blocks below and at the right."""
    columns = grid(count, wall, (width, height)).columns
    across, down = whole_blocks(width), whole_blocks(height)
    return [CellRectangle(index % columns * across, index // columns * down, width, height) for index in range(count)]


def size(count: int, width: int, height: int, wall: Wall | None = None) -> tuple[int, int]:
    """Width and height of the whole; that of two by two cells where there is none."""
    if not count:
        return 2 * width, 2 * height
    columns, rows = grid(count, wall, (width, height))
    return (columns - 1) * whole_blocks(width) + width, (rows - 1) * whole_blocks(height) + height


def whole_blocks(pixels: int) -> int:
    """The least number of pixels in whole blocks that is no smaller."""
    return -(-pixels // BLOCK) * BLOCK


def inset(picture: tuple[int, int], cell: tuple[int, int], border: int) -> CellRectangle:
    """The rectangle of a picture in a cell, within the border and with its aspect kept; both as (width, height)."""
    room_x, room_y = cell[0] - 2 * border, cell[1] - 2 * border
    scale = min(room_x / picture[0], room_y / picture[1])
    width, height = max(1, round(picture[0] * scale)), max(1, round(picture[1] * scale))
    return CellRectangle((cell[0] - width) // 2, (cell[1] - height) // 2, width, height)


class SiteLayout:
    """The cells of a site of so many devices, the same in each of its three mosaics, and the bytes of each mosaic."""

    def __init__(self, devices: int, settings: Mosaic) -> None:
        full = settings.cell_width, settings.cell_height
        self.wall = settings.wall
        per_pixel = settings.bytes_of_nine / (_BUDGET_DEVICES * full[0] * full[1])
        fitting = _scaled(*full, sqrt(min(1.0, per_pixel / _BYTES_PER_PIXEL)))
        self.cell = cell_size(devices, *fitting, self.wall)
        # A cell of half the width has a quarter of the pixels and shows half as much detail.
        full_cells = devices * self.cell[0] / fitting[0]
        self.byte_budget = round(settings.bytes_of_nine * max(1.0, full_cells / _BUDGET_DEVICES))

    def columns(self, count: int) -> int:
        return grid(count, self.wall, self.cell).columns

    def cells(self, count: int) -> list[CellRectangle]:
        return cells(count, *self.cell, self.wall)

    def size(self, count: int) -> tuple[int, int]:
        return size(count, *self.cell, self.wall)


def _scaled(width: int, height: int, scale: float) -> tuple[int, int]:
    """A size of whole blocks, no wider than that; unchanged where it is no smaller."""
    if scale >= 1:
        return width, height
    across = max(BLOCK, int(width * scale) // BLOCK * BLOCK)
    down = max(BLOCK, round(across * height / width / BLOCK) * BLOCK)
    return min(width, across), min(height, down)
