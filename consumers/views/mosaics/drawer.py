"""Draws mosaics. Each picture is decoded once, at the size that is needed, for all tiles in which it appears."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from consumers.hub_config import Mosaic
from consumers.jpeg import Picture, decoded
from consumers.views.mosaics.encoding import Around, CellGrid, CellPicture, EncodedTile, encode, encoded_rows
from consumers.views.mosaics.layout import BLOCK, CellRectangle, SiteLayout, inset, whole_blocks
from consumers.views.mosaics.lettering import lettering
from consumers.views.mosaics.minute import CellStatus, Shown
from consumers.views.mosaics.minute_state import MinuteState
from consumers.views.mosaics.workers import Workers

BORDER = 4
INSET = 5
MIN_LETTERS, MAX_LETTERS = 12, 18
"""Pixels."""
MIN_CELLS_KEPT = 128
"""Or those of the site that was drawn last, where these are more."""
MAX_PLACEHOLDERS_KEPT = 64
MAX_LABELS_KEPT = 512
MAX_FRAMES_KEPT = 16
MAX_AROUND_KEPT = 1024

_BORDERS = {MinuteState.INCIDENT: (0, 0, 255), MinuteState.OK: (0, 255, 0)}
_GREY = (128, 128, 128)
_NO_CAPTURE = ("NO CAPTURE", (0x2A, 0x2A, 0x2A))
_NOT_FOUND = ("NOT FOUND", (0x2A, 0x2A, 0x4A))
_UNDECODABLE = ("NOT READABLE", (0x2A, 0x2A, 0x4A))
_WHITE, _LIGHT_GREY, _RED = (255, 255, 255), (200, 200, 200), (0, 0, 255)
_EDGE = np.ones((3, 3), np.uint8)

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A cell; a placeholder stands where there is no picture, or none that can be decoded."""

    picture: CellPicture
    status: CellStatus = "active"


class Drawer:
    """Keeps the cells that it has drawn: a minute that is drawn again redoes only those that changed. The archive is
    read by the caller's thread alone.
    """

    def __init__(self, settings: Mosaic, read: Callable[[str], bytes | None]) -> None:
        self._settings = settings
        self._read = read
        self._cells: OrderedDict[Shown, Drawn] = OrderedDict()
        self._placeholder = lru_cache(MAX_PLACEHOLDERS_KEPT)(self._draw_placeholder)
        self.workers = Workers()

    def tiles(
        self, wanted: Sequence[Sequence[Shown]], layout: SiteLayout
    ) -> tuple[list[EncodedTile], dict[str, CellStatus]]:
        """A JPEG for each, with its cells in reading order; black where there is none. And why which devices in them
        have a placeholder. The first is of all devices.
        """
        every = wanted[0]
        missing = list(dict.fromkeys(each for each in every if each not in self._cells))
        payloads = ((each, None if each.key is None else self._read(each.key)) for each in missing)
        self._cells.update(zip(missing, self.workers.map(self._draw, payloads), strict=True))
        grids = [self._grid(shown, layout) for shown in wanted]
        tiles = encode(grids, self._settings.quality, layout.byte_budget, self.workers)
        statuses = ((each.device, self._cells[each].status) for each in every)
        without: dict[str, CellStatus] = {device: status for device, status in statuses if status != "active"}
        while len(self._cells) > max(MIN_CELLS_KEPT, len(every)):
            self._cells.popitem(last=False)
        return tiles, without

    def _grid(self, shown: Sequence[Shown], layout: SiteLayout) -> CellGrid:
        pictures = [self._cells[each].picture for each in shown]
        return CellGrid(pictures, layout.columns(len(shown)), *layout.size(len(shown)))

    def _draw(self, of: tuple[Shown, bytes | None]) -> Drawn:
        shown, payload = of
        picture = None if payload is None else decoded(payload, shown.height - 2 * BORDER, shown.width - 2 * BORDER)
        if picture is None:
            status: CellStatus = "missing" if payload is None else "undecodable"
            return Drawn(self._placeholder(shown._replace(key=shown.key and ""), status), status)
        pixels = _frame(shown.width, shown.height, _BORDERS.get(shown.state, _GREY)).copy()
        cell = pixels[: shown.height, : shown.width]
        room = inset((picture.shape[1], picture.shape[0]), (shown.width, shown.height), BORDER)
        inner = cell[room.y : room.y + room.height, room.x : room.x + room.width]
        cv2.resize(picture, (room.width, room.height), dst=inner, interpolation=cv2.INTER_LINEAR)
        _label(cell, shown.label)
        return Drawn(CellPicture(pixels, _around(shown, room)))

    def _draw_placeholder(self, shown: Shown, status: CellStatus) -> CellPicture:
        """A device that shows nothing looks the same in every minute in which it is in the same state."""
        without = _UNDECODABLE if status == "undecodable" else _NOT_FOUND
        text, colour = _NO_CAPTURE if shown.key is None else without
        pixels = _frame(shown.width, shown.height, _BORDERS.get(shown.state, _GREY)).copy()
        cell = pixels[BORDER : shown.height - BORDER, BORDER : shown.width - BORDER]
        cell[:] = colour
        middle, scale = shown.height // 2, shown.height / 300
        for words, above, size, ink in (
            (text, -54, 24, _RED),
            (shown.site, -14, 24, _WHITE),
            (shown.device if shown.label == f"{shown.site}_{shown.device}" else shown.label, 24, 16, _LIGHT_GREY),
        ):
            letters = lettering(words, max(MIN_LETTERS, round(size * scale)), shown.width - 2 * BORDER)
            at = ((cell.shape[1] - letters.shape[1]) // 2, middle + round(above * scale) - BORDER)
            _write(cell, letters, at, ink)
        return CellPicture(pixels)


@lru_cache(MAX_FRAMES_KEPT)
def _frame(width: int, height: int, colour: Colour) -> Picture:
    """An empty cell, black beyond its size up to whole blocks."""
    pixels = np.zeros((whole_blocks(height), whole_blocks(width), 3), np.uint8)
    pixels[:height, :width] = colour
    pixels[BORDER : height - BORDER, BORDER : width - BORDER] = 0
    return pixels


def _around(shown: Shown, room: CellRectangle) -> Around | None:
    """The rows of blocks above and below a picture; `None` where it leaves none."""
    own = range(room.y // BLOCK, -(-(room.y + room.height) // BLOCK))
    if len(own) == whole_blocks(shown.height) // BLOCK:
        return None
    colour = _BORDERS.get(shown.state, _GREY)
    return Around(own, lambda quality: _rows_around(shown.label, shown.width, shown.height, colour, quality))


@lru_cache(MAX_AROUND_KEPT)
def _rows_around(label: str, width: int, height: int, colour: Colour, quality: int) -> Sequence[bytes]:
    pixels = _frame(width, height, colour).copy()
    _label(pixels[:height, :width], label)
    return encoded_rows(pixels, quality)


def _label(cell: Picture, text: str) -> None:
    """White on a dark edge, bottom right."""
    height, width = cell.shape[:2]
    size = max(MIN_LETTERS, min(MAX_LETTERS, height // 16))
    edge, letters = _layers(text, size, width - 2 * (BORDER + INSET))
    x, y = width - BORDER - INSET - letters.shape[1], height - BORDER - INSET - letters.shape[0] + size // 4
    part = cell[y : y + letters.shape[0], x : x + letters.shape[1]]
    cv2.add(cv2.subtract(part, edge), letters, dst=part)


@lru_cache(MAX_LABELS_KEPT)
def _layers(text: str, size: int, width: int) -> tuple[Picture, Picture]:
    """The mask by which a label darkens a picture, and the letters that it adds."""
    letters = lettering(text, size, width)
    edge = cv2.cvtColor(cv2.dilate(letters, _EDGE), cv2.COLOR_GRAY2BGR)
    return np.asarray(edge, np.uint8), np.asarray(cv2.cvtColor(letters, cv2.COLOR_GRAY2BGR), np.uint8)


def _write(cell: Picture, letters: Picture, at: tuple[int, int], ink: Colour) -> None:
    """Letters with their top left there, as far as they are within the cell."""
    x, y = max(0, at[0]), max(0, at[1])
    part = cell[y : y + letters.shape[0], x : x + letters.shape[1]]
    share = letters[: part.shape[0], : part.shape[1], None].astype(np.uint16)
    part[:] = (part * (255 - share) + np.asarray(ink, np.uint16) * share) // 255
