"""Paints a background in layers: its colours by day, what glows, and what lamps light at night."""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.simulation.view import Point, View

Bytes8 = NDArray[np.uint8]
Rgb = tuple[int, int, int]
Extent = tuple[float, float]

DARK: Final[Rgb] = (0, 0, 0)
_SOLID: Final[Rgb] = (255, 255, 255)
_FINER: Final = 2
_SHIFT: Final = 4
_SIDE_SHADE: Final = 0.72
_TOP_SHADE: Final = 1.12


class Canvas:
    """Twice as fine as the picture, so that edges are smooth. RGB; points in 0..1 of the picture.

    `glow` is light of its own; `matte` is 255 where a surface is lit by lamps instead.
    """

    def __init__(self, size: tuple[int, int], view: View) -> None:
        self.size = size
        self.view = view
        width, height = size[0] * _FINER, size[1] * _FINER
        self.colour: Bytes8 = np.zeros((height, width, 3), np.uint8)
        self.glow: Bytes8 = np.zeros((height, width, 3), np.uint8)
        self.matte: Bytes8 = np.zeros((height, width, 3), np.uint8)
        self._random = np.random.default_rng(3)

    def finished(self) -> tuple[Bytes8, Bytes8, Bytes8]:
        return tuple(  # type: ignore[return-value]  # three of three
            np.asarray(cv2.resize(layer, self.size, interpolation=cv2.INTER_AREA), np.uint8)
            for layer in (self.colour, self.glow, self.matte)
        )

    def area(self, points: Sequence[Point], colour: Rgb, glow: Rgb = DARK) -> None:
        corners = polygon(self.colour, points)
        for layer, value in self._layers(colour, glow):
            cv2.fillPoly(layer, [corners], value, cv2.LINE_AA, _SHIFT)

    def box(self, x: float, y: float, wide: float, high: float, colour: Rgb, glow: Rgb = DARK) -> None:
        self.area(((x, y), (x + wide, y), (x + wide, y + high), (x, y + high)), colour, glow)

    def fade(self, rows: Extent, first: Rgb, last: Rgb, glows: tuple[Rgb, Rgb] = (DARK, DARK)) -> None:
        """From one colour to another over the whole width, downwards."""
        height = self.colour.shape[0]
        top, bottom = (round(row * height) for row in rows)
        share = np.linspace(0, 1, max(1, bottom - top))[:, np.newaxis, np.newaxis]
        matte = (_matte(glows[0]), _matte(glows[1]))
        for layer, (start, end) in ((self.colour, (first, last)), (self.glow, glows), (self.matte, matte)):
            layer[top:bottom] = (np.array(start) * (1 - share) + np.array(end) * share).astype(np.uint8)

    def line(self, first: Point, last: Point, colour: Rgb, thick: float, glow: Rgb = DARK) -> None:
        """`thick` as a share of the picture's height."""
        height, width = self.colour.shape[:2]
        pixels = max(1, round(thick * height))
        ends = [(round(x * width), round(y * height)) for x, y in (first, last)]
        for layer, value in self._layers(colour, glow):
            cv2.line(layer, ends[0], ends[1], value, pixels, cv2.LINE_AA)

    def disc(self, centre: Point, radii: Point, colour: Rgb, glow: Rgb = DARK) -> None:
        """`radii` across and down, each as a share of that side of the picture."""
        height, width = self.colour.shape[:2]
        middle = round(centre[0] * width), round(centre[1] * height)
        axes = max(1, round(radii[0] * width)), max(1, round(radii[1] * height))
        for layer, value in self._layers(colour, glow):
            cv2.ellipse(layer, middle, axes, 0, 0, 360, value, cv2.FILLED, cv2.LINE_AA)

    def _layers(self, colour: Rgb, glow: Rgb) -> tuple[tuple[Bytes8, Rgb], ...]:
        return (self.colour, colour), (self.glow, glow), (self.matte, _matte(glow))

    def ground(self, across: Extent, away: Extent, colour: Rgb) -> None:
        """A rectangle that lies on the ground, in metres."""
        (left, right), (near, far) = across, away
        corners = ((left, near), (left, far), (right, far), (right, near))
        self.area([self.view.point(x, 0.0, z) for x, z in corners], colour)

    def solid(self, across: Extent, up: Extent, away: Extent, colour: Rgb) -> None:
        """A block in metres: its front, the side that the camera sees and its top where that is below the eye."""
        (left, right), (low, high), (near, far) = across, up, away
        see = self.view.point
        if left > 0 or right < 0:
            side = left if left > 0 else right
            edges = (see(side, low, near), see(side, high, near), see(side, high, far), see(side, low, far))
            self.area(edges, shaded(colour, _SIDE_SHADE))
        if high < self.view.eye:
            edges = (see(left, high, near), see(right, high, near), see(right, high, far), see(left, high, far))
            self.area(edges, shaded(colour, _TOP_SHADE))
        self.front(across, up, near, colour)

    def front(self, across: Extent, up: Extent, away: float, colour: Rgb, glow: Rgb = DARK) -> None:
        """An upright rectangle that faces the camera, in metres."""
        (left, right), (low, high) = across, up
        corners = ((left, low), (left, high), (right, high), (right, low))
        self.area([self.view.point(x, y, away) for x, y in corners], colour, glow)

    def shadow(self, points: Sequence[Point], depth: float, soft: float) -> None:
        """Darkens by `depth` 0..1 with an edge that is `soft` of the picture's height wide."""
        height, width = self.colour.shape[:2]
        coarse = np.zeros((height // 4, width // 4), np.uint8)  # nothing that is soft needs more
        cv2.fillPoly(coarse, [polygon(coarse, points)], 255, cv2.LINE_AA, _SHIFT)
        blurred = cv2.resize(cv2.GaussianBlur(coarse, (0, 0), max(0.5, soft * height / 4)), (width, height))
        light = 1 - depth / 255 * np.asarray(blurred, np.float32)
        self.colour[:] = np.clip(self.colour * light[:, :, np.newaxis], 0, 255).astype(np.uint8)

    def ground_shadow(self, across: Extent, away: Extent, depth: float = 0.4, soft: float = 0.012) -> None:
        (left, right), (near, far) = across, away
        corners = ((left, near), (left, far), (right, far), (right, near))
        self.shadow([self.view.point(x, 0.0, z) for x, z in corners], depth, soft)

    def grain(self, rows: Extent, strength: float, pixels: int = 1) -> None:
        """Roughness of a surface, in spots of that many pixels of the picture, finer towards the horizon."""
        height, width = self.colour.shape[:2]
        top, bottom = (round(row * height) for row in rows)
        step = pixels * _FINER
        spots = self._random.normal(0, strength, (max(2, (bottom - top) // step), max(2, width // step)))
        rough = cv2.resize(spots.astype(np.float32), (width, bottom - top), interpolation=cv2.INTER_CUBIC)
        nearer = np.linspace(0.35, 1.0, bottom - top, dtype=np.float32)[:, np.newaxis]
        part = self.colour[top:bottom]
        part[:] = np.clip(part + (rough * nearer)[:, :, np.newaxis], 0, 255).astype(np.uint8)


def _matte(glow: Rgb) -> Rgb:
    return _SOLID if glow == DARK else DARK


def polygon(picture: Bytes8, points: Sequence[Point]) -> NDArray[np.int32]:
    """Corners as `fillPoly` takes them with sixteenths of a pixel."""
    height, width = picture.shape[:2]
    scale = np.array((width << _SHIFT, height << _SHIFT))
    corners: NDArray[np.int32] = np.rint(np.clip(np.array(points), -8, 8) * scale).astype(np.int32)
    return corners


def shaded(colour: Rgb, share: float) -> Rgb:
    red, green, blue = (min(255, round(part * share)) for part in colour)
    return red, green, blue
