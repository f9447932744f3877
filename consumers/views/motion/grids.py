"""The heat map grid of each device and day: how often each place of the picture moved.

Imported where it is needed: NumPy and OpenCV take memory, which every process would have that knows the consumers.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil, floor

import numpy as np
import numpy.typing as npt

from bus_schemas.event import Box

GRID_WIDTH, GRID_HEIGHT = 160, 90

Grid = npt.NDArray[np.float32]
"""Rows by columns, 90 by 160: how many events of motion touched each place of the picture."""
DayKey = tuple[str, str, str]
"""Site, device and day."""


@dataclass(frozen=True, slots=True)
class HeatMap:
    """A day's picture; `position` of its newest motion names its content, as an ETag does."""

    png: bytes
    samples: int
    position: int


@dataclass(slots=True)
class DayGrid:
    grid: Grid
    samples: int
    position: int

    def add(self, boxes: Sequence[Box], position: int) -> None:
        for x, y, width, height in boxes:
            left, top = floor(x * GRID_WIDTH), floor(y * GRID_HEIGHT)
            right, bottom = ceil((x + width) * GRID_WIDTH), ceil((y + height) * GRID_HEIGHT)
            self.grid[top:bottom, left:right] += 1
        self.samples += 1
        self.position = position


class DayGrids:
    """Not in the view before `save`."""

    def __init__(self, view: sqlite3.Connection) -> None:
        self._view = view
        self._grids: dict[DayKey, DayGrid] = {}

    def add(self, key: DayKey, boxes: Sequence[Box], position: int) -> None:
        if key not in self._grids:
            self._grids[key] = load_grid(self._view, key)
        self._grids[key].add(boxes, position)

    def save(self) -> None:
        self._view.executemany(
            "insert or replace into grids values (?, ?, ?, ?, ?, ?)",
            [(*key, day.samples, day.position, day.grid.tobytes()) for key, day in self._grids.items()],
        )


def load_grid(view: sqlite3.Connection, key: DayKey) -> DayGrid:
    query = "select grid, samples, position from grids where site = ? and device = ? and day = ?"
    found = view.execute(query, key).fetchone()
    if found is None:
        return DayGrid(np.zeros((GRID_HEIGHT, GRID_WIDTH), np.float32), 0, 0)
    return DayGrid(np.frombuffer(found[0], np.float32).reshape(GRID_HEIGHT, GRID_WIDTH).copy(), found[1], found[2])


def heat_grid(view: sqlite3.Connection, site: str, device: str, day: date) -> tuple[Grid, int, int] | None:
    """The grid of a day of the site, how many events of motion made it, and the position of the newest."""
    found = load_grid(view, (site, device, day.isoformat()))
    return (found.grid, found.samples, found.position) if found.samples else None


def heat_map(view: sqlite3.Connection, site: str, device: str, day: date) -> HeatMap | None:
    """The day as a picture: red where most moved, blue where nothing did. `None` for a day without motion."""
    import cv2

    found = heat_grid(view, site, device, day)
    if found is None:
        return None
    grid, samples, position = found
    highest = grid.max()
    shares = (grid / highest * 255 if highest else grid).astype(np.uint8)
    _, png = cv2.imencode(".png", cv2.applyColorMap(shares, cv2.COLORMAP_JET))
    return HeatMap(png.tobytes(), samples, position)
