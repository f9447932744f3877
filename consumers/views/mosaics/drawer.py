"""Draws mosaics. Each picture is decoded once, at the size that is needed, for all tiles in which it appears."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
import simplejpeg

from consumers.hub_config import Mosaic
from consumers.jpeg import Picture, decoded
from consumers.views.mosaics.layout import cells, inset, size
from consumers.views.mosaics.minute import CellStatus, Shown
from consumers.views.mosaics.minute_state import MinuteState

BORDER = 4
MAX_CELLS_KEPT = 128
MAX_PLACEHOLDERS_KEPT = 64
THREADS = 2

_BORDERS = {MinuteState.INCIDENT: (0, 0, 255), MinuteState.OK: (0, 255, 0)}
_GREY = (128, 128, 128)
_NO_CAPTURE = ("NO CAPTURE", (0x2A, 0x2A, 0x2A))
_NOT_FOUND = ("NOT FOUND", (0x2A, 0x2A, 0x4A))
_UNDECODABLE = ("NOT READABLE", (0x2A, 0x2A, 0x4A))
_WHITE, _LIGHT_GREY, _RED = (255, 255, 255), (200, 200, 200), (0, 0, 255)
_FONT = cv2.FONT_HERSHEY_SIMPLEX

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A cell; a placeholder stands where there is no picture, or none that can be decoded."""

    picture: Picture
    status: CellStatus = "active"


class Drawer:
    """Keeps the cells that it has drawn: a minute that is drawn again redoes only those that changed.

    What decodes, scales and encodes lets other threads run meanwhile, so two of them halve the time; the archive is
    read by the caller's thread alone.
    """

    def __init__(self, settings: Mosaic, read: Callable[[str], bytes | None]) -> None:
        self._settings = settings
        self._read = read
        self._cells: OrderedDict[Shown, Drawn] = OrderedDict()
        self._placeholder = lru_cache(MAX_PLACEHOLDERS_KEPT)(self._draw_placeholder)
        self._pool = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="mosaic")

    def tiles(self, wanted: Sequence[Sequence[Shown]]) -> tuple[list[bytes], dict[str, CellStatus]]:
        """A JPEG for each, with its cells in reading order; black where there is none. And why which devices in them
        have a placeholder.
        """
        missing = list(dict.fromkeys(each for shown in wanted for each in shown if each not in self._cells))
        payloads = [None if each.key is None else self._read(each.key) for each in missing]
        self._cells.update(zip(missing, self._pool.map(self._draw, missing, payloads), strict=True))
        tiles = list(self._pool.map(self._tile, wanted))
        statuses = ((each.device, self._cells[each].status) for shown in wanted for each in shown)
        without: dict[str, CellStatus] = {device: status for device, status in statuses if status != "active"}
        while len(self._cells) > MAX_CELLS_KEPT:
            self._cells.popitem(last=False)
        return tiles, without

    def _tile(self, shown: Sequence[Shown]) -> bytes:
        one = (shown[0].width, shown[0].height) if shown else (self._settings.cell_width, self._settings.cell_height)
        width, height = size(len(shown), *one)
        canvas = np.zeros((height, width, 3), np.uint8)
        for each, cell in zip(shown, cells(len(shown), *one), strict=True):
            canvas[cell.y : cell.y + cell.height, cell.x : cell.x + cell.width] = self._cells[each].picture
        quality = self._settings.quality
        tile: bytes = simplejpeg.encode_jpeg(canvas, quality=quality, colorspace="BGR", colorsubsampling="420")
        return tile

    def _draw(self, shown: Shown, payload: bytes | None) -> Drawn:
        picture = None if payload is None else decoded(payload, shown.height - 2 * BORDER, shown.width - 2 * BORDER)
        if picture is None:
            status: CellStatus = "missing" if payload is None else "undecodable"
            return Drawn(self._placeholder(replace(shown, key=shown.key and ""), status), status)
        cell = np.zeros((shown.height, shown.width, 3), np.uint8)
        room = inset((picture.shape[1], picture.shape[0]), (shown.width, shown.height), BORDER)
        inner = cell[room.y : room.y + room.height, room.x : room.x + room.width]
        cv2.resize(picture, (room.width, room.height), dst=inner, interpolation=cv2.INTER_LINEAR)
        self._label(cell, f"{shown.site}_{shown.device}")
        _frame(cell, _BORDERS.get(shown.state, _GREY))
        return Drawn(cell)

    def _draw_placeholder(self, shown: Shown, status: CellStatus) -> Picture:
        """A device that shows nothing looks the same in every minute in which it is in the same state."""
        without = _UNDECODABLE if status == "undecodable" else _NOT_FOUND
        text, colour = _NO_CAPTURE if shown.key is None else without
        cell = np.full((shown.height, shown.width, 3), colour, np.uint8)
        middle, scale = shown.height // 2, shown.height / 300
        for words, below, size_of_text, ink in (
            (text, -30, 0.8, _RED),
            (shown.site, 10, 0.8, _WHITE),
            (shown.device, 40, 0.55, _LIGHT_GREY),
        ):
            width = cv2.getTextSize(words, _FONT, size_of_text * scale, 1)[0][0]
            at = (max(BORDER, (shown.width - width) // 2), middle + round(below * scale))
            cv2.putText(cell, words, at, _FONT, size_of_text * scale, ink, 1, cv2.LINE_AA)
        _frame(cell, _BORDERS.get(shown.state, _GREY))
        cell.flags.writeable = False
        return cell

    def _label(self, cell: Picture, text: str) -> None:
        """White on a dark edge, bottom right."""
        (width, _), below = cv2.getTextSize(text, _FONT, 0.5, 1)
        at = (max(BORDER, cell.shape[1] - width - BORDER - 5), cell.shape[0] - below - BORDER - 5)
        cv2.putText(cell, text, at, _FONT, 0.5, (0, 0, 0), 3)
        cv2.putText(cell, text, at, _FONT, 0.5, _WHITE, 1)


def _frame(cell: Picture, colour: Colour) -> None:
    cell[:BORDER], cell[-BORDER:], cell[:, :BORDER], cell[:, -BORDER:] = colour, colour, colour, colour
