"""Shows the picture of a camera and the heat that the thermal sensor beside it measures as one picture."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from bus_schemas.settings import FusionSettings
from edge.analysis.alignment import Alignment, Matrix
from edge.analysis.pictures import Bytes8, Planes
from edge.analysis.render import PALETTE, Celsius, normalised

MAP_STEP: Final = 8
"""Pixels of the picture to one of the map: no thermal sensor has more detail."""
EDGE_GAIN: Final = 3.0
"""An edge of a third of the range is drawn white."""
EDGE_WIDTH: Final = 640
"""Pixels across at which edges are looked for: finer ones are noise."""


class Fusion:
    """In the size of the visual picture, through the alignment of both sensors. Used by one thread.

    The map from thermal to visual is computed once for each size, and the planes are used again for the next picture.
    """

    def __init__(self, settings: FusionSettings | None = None) -> None:
        self.settings = settings or FusionSettings()
        self._alignment = Alignment.of(self.settings.alignment)
        self._sizes = (0, 0), (0, 0)
        self._maps: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None
        self._made = Planes(*(np.zeros((0, 0), np.uint8) for _ in range(3)))

    def planes(self, visual: Planes, frame: Celsius) -> Planes:
        """They hold until the next call."""
        heat = self._laid(normalised(frame), visual)
        if self._made.y.shape != visual.y.shape:
            self._made = Planes(*(np.empty_like(part) for part in (visual.y, visual.u, visual.v)))
        made = self._made
        for plane, table in zip((made.y, made.u, made.v), PALETTE, strict=True):
            size = plane.shape[1], plane.shape[0]
            cv2.resize(cv2.LUT(heat, table), size, dst=plane, interpolation=cv2.INTER_LINEAR)
        if self.settings.form == "edges":
            _draw_edges(made.y, visual.y)
        else:
            self._mix(visual)
        return made

    def jpeg(self, visual: Planes, frame: Celsius, quality: int = 85) -> bytes:
        return self.planes(visual, frame).jpeg(quality)

    def _mix(self, visual: Planes) -> None:
        share, made = self.settings.thermal_share, self._made
        for plane, seen in ((made.y, visual.y), (made.u, visual.u), (made.v, visual.v)):
            cv2.addWeighted(seen, 1 - share, plane, share, 0, dst=plane)

    def _laid(self, thermal: Bytes8, visual: Planes) -> Bytes8:
        size = max(1, visual.y.shape[1] // MAP_STEP), max(1, visual.y.shape[0] // MAP_STEP)
        sizes = size, (thermal.shape[1], thermal.shape[0])
        if self._maps is None or self._sizes != sizes:
            self._sizes = sizes
            self._maps = _lookup(self._alignment.pixels(*sizes), size)
        across, down = self._maps
        warped = cv2.remap(thermal, across, down, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(warped, np.uint8)


def _lookup(matrix: Matrix, size: tuple[int, int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    columns, rows = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    points = np.stack([columns, rows, np.ones_like(rows)], axis=-1).astype(np.float64)
    x, y, scale = np.moveaxis(points @ matrix.T, -1, 0)
    return (x / scale).astype(np.float32), (y / scale).astype(np.float32)


def _draw_edges(heat: Bytes8, visual: Bytes8) -> None:
    """Brighten a plane of luma (H x W uint8) where the visual picture of the same size changes."""
    step = max(1, visual.shape[1] // EDGE_WIDTH)
    size = max(1, visual.shape[1] // step), max(1, visual.shape[0] // step)
    small = cv2.blur(cv2.resize(visual, size, interpolation=cv2.INTER_AREA), (3, 3))
    across = cv2.convertScaleAbs(cv2.Sobel(small, cv2.CV_16S, 1, 0), alpha=EDGE_GAIN / 4)
    down = cv2.convertScaleAbs(cv2.Sobel(small, cv2.CV_16S, 0, 1), alpha=EDGE_GAIN / 4)
    edges = cv2.resize(cv2.max(across, down), (heat.shape[1], heat.shape[0]), interpolation=cv2.INTER_LINEAR)
    cv2.add(heat, edges, dst=heat)
