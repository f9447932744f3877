"""Sprite sheets, the small pictures of an hour, one of each minute, in one JPEG, and their measures."""

from dataclasses import dataclass

TILE_S = 60
COLUMNS, ROWS = 10, 6
WIDTH, HEIGHT = 160, 90
QUALITY = 70


@dataclass(frozen=True, slots=True)
class SheetLayout:
    """Places in rows and columns, and the pixels of one place."""

    columns: int
    rows: int
    width: int
    height: int


OF_A_DEVICE = SheetLayout(COLUMNS, ROWS, WIDTH, HEIGHT)
SHEETS_KEPT = 64
"""Sheets of about 150 kB; somebody who moves along the time bar comes back to those of the last hours."""
