"""Sprite sheets, the small pictures of an hour, one of each minute, in one JPEG: their measures, and those kept."""

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

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
