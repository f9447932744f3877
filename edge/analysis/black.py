"""Finds black pictures, and changes of channel: black with a banner at the bottom."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from bus_schemas.settings import PictureSettings

Grey = NDArray[np.uint8]

DARK_LEVEL: Final = 10
BANNER_FROM: Final = 0.7
"""A banner is in the rows below this share of the height."""
_FEWEST_EDGES: Final = 3.0
_MOST_EDGES: Final = 20.0
_CANNY: Final = (50, 150)
ZAP_S: Final = 10.0
"""A box that changes its channel shows a picture sooner; what is black for longer is no change of channel."""


@dataclass(frozen=True, slots=True)
class ZapEnd:
    """A change of channel that is over."""

    start: datetime
    duration_s: float
    frames: int


@dataclass(frozen=True, slots=True)
class Black:
    """`percentage` is the share of dark pixels in the judged rows; `bottom_edge_density` the share of edge pixels below
    them, where all above a banner is black.
    """

    blackscreen: bool
    percentage: float
    zap: bool
    bottom_edge_density: float | None
    zap_end: ZapEnd | None = None

    @property
    def has_bottom_content(self) -> bool | None:
        return None if self.bottom_edge_density is None else _is_banner(self.bottom_edge_density)


class BlackDetector:
    """The formulas are those of the monitor of television boxes that this system replaces, which judged the rows from 5
    to 70 per cent of the height: black is a picture of which 95 per cent of the pixels are at most 10; a zap is a black
    picture of whose lowest 30 per cent between 3 and 20 per cent are edges (Canny, 50 and 150), for less than 10 s.
    """

    def __init__(self, settings: PictureSettings) -> None:
        self._settings = settings
        self._since: datetime | None = None
        """Since when all above a banner is black."""
        self._frames = 0
        self._had_banner = False

    def analyse(self, grey: Grey, time: datetime) -> Black:
        """`grey` is H x W uint8, 0 black."""
        needed, top = self._settings.black_percentage, self._settings.black_top / 100
        dark = dark_pixels(grey)
        percentage = _share(dark, top, self._settings.black_bottom / 100)
        if top >= BANNER_FROM or _share(dark, top, BANNER_FROM) < needed:
            return Black(percentage >= needed, percentage, zap=False, bottom_edge_density=None, zap_end=self._end(time))
        if self._since is None or time < self._since:
            self._since, self._frames, self._had_banner = time, 0, False
        self._frames += 1
        density = edge_density(rows(grey, BANNER_FROM, 1.0))
        zap = _is_banner(density) and (time - self._since).total_seconds() < ZAP_S
        self._had_banner = self._had_banner or zap
        return Black(percentage >= needed, percentage, zap, density)

    def _end(self, time: datetime) -> ZapEnd | None:
        since, self._since = self._since, None
        if since is None or not self._had_banner:
            return None
        seconds = (time - since).total_seconds()
        return ZapEnd(since, round(seconds, 3), self._frames) if 0 <= seconds < ZAP_S else None


def rows(grey: Grey, top: float, bottom: float) -> Grey:
    """Those of H x W uint8 between two shares of the height, at least one."""
    height = len(grey)
    first = min(height - 1, round(top * height))
    return grey[first : max(first + 1, round(bottom * height))]


def dark_pixels(grey: Grey) -> Grey:
    """Not 0 where H x W uint8 is dark; of the same shape."""
    return np.asarray(cv2.threshold(grey, DARK_LEVEL, 1, cv2.THRESH_BINARY_INV)[1], np.uint8)


def black_percentage(grey: Grey) -> float:
    """The share of dark pixels of H x W uint8, per cent with one decimal."""
    return _share(dark_pixels(grey), 0.0, 1.0)


def _share(dark: Grey, top: float, bottom: float) -> float:
    judged = rows(dark, top, bottom)
    return round(100.0 * cv2.countNonZero(judged) / judged.size, 1)


def edge_density(grey: Grey) -> float:
    """Per cent of the pixels of H x W uint8 that are edges."""
    return round(100.0 * int(np.count_nonzero(cv2.Canny(grey, *_CANNY))) / grey.size, 1)


def _is_banner(density: float) -> bool:
    return _FEWEST_EDGES <= density <= _MOST_EDGES
