"""Lights a background at night."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.simulation.canvas import Bytes8, Rgb
from edge.simulation.view import Point

Floats = NDArray[np.float32]

WARM_WHITE: Final[Rgb] = (255, 214, 160)
COLD_WHITE: Final[Rgb] = (226, 236, 255)
_MOON: Final = (0.27, 0.31, 0.42)
_EXPOSED: Final = 84.0
"""Mean grey that the camera's automatic exposure reaches at night, if the lamps allow it."""
_MOST_GAIN: Final = 1.8
_CONE: Final = 26.0


@dataclass(frozen=True, slots=True)
class Lamp:
    """Its `head`, the middle of the lit area and the `reach` across and down, all in 0..1 of the picture."""

    head: Point
    spot: Point
    reach: Point
    colour: Rgb = WARM_WHITE
    strength: float = 1.0


def at_night(colour: Bytes8, glow: Bytes8, matte: Bytes8, lamps: Sequence[Lamp]) -> tuple[Bytes8, Floats]:
    """From the layers of a canvas (H x W x 3 uint8) the picture, and the light on figures (H x W x 3 float32, 1 is
    daylight).
    """
    size = colour.shape[1], colour.shape[0]
    light = _light(size, lamps)
    picture = colour * light * (matte.astype(np.float32) / 255) + glow + _haze(size, lamps)
    gain = min(_MOST_GAIN, max(1.0, _EXPOSED / float(picture.mean())))
    return np.clip(picture * gain, 0, 255).astype(np.uint8), np.clip(light * gain, 0, 1.1).astype(np.float32)


def _light(size: tuple[int, int], lamps: Sequence[Lamp]) -> Floats:
    light = np.full((size[1], size[0], 3), _MOON, np.float32)
    for lamp in lamps:
        falling = _bell(size, lamp.spot, lamp.reach) * lamp.strength
        light += falling[:, :, np.newaxis] * (np.array(lamp.colour, np.float32) / 255)
    return 0.98 * light / (1 + 0.25 * light)  # bright spots saturate softly


def _haze(size: tuple[int, int], lamps: Sequence[Lamp]) -> Floats:
    """The visible cone below each lamp and the halo around it."""
    added = np.zeros((size[1], size[0], 3), np.float32)
    for lamp in lamps:
        cone = np.zeros((size[1], size[0]), np.float32)
        (x, y), (spot_x, spot_y), (wide, _) = lamp.head, lamp.spot, lamp.reach
        corners = ((x, y), (spot_x + wide * 0.6, spot_y), (spot_x - wide * 0.6, spot_y))
        cv2.fillPoly(cone, [np.array([(round(a * size[0]), round(b * size[1])) for a, b in corners])], 1.0)
        cone = np.asarray(cv2.GaussianBlur(cone, (0, 0), size[0] / 50), np.float32)
        cone *= _bell(size, lamp.head, (wide * 0.9, 0.4))
        halo = _bell(size, lamp.head, (0.018, 0.032)) * 150 + _bell(size, lamp.head, (0.06, 0.1)) * 24
        tint = np.array(lamp.colour, np.float32) / 255 * min(1.0, lamp.strength)
        added += (cone * _CONE + halo)[:, :, np.newaxis] * tint
    return added


def _bell(size: tuple[int, int], middle: Point, reach: Point) -> Floats:
    across = ((np.arange(size[0]) / size[0] - middle[0]) / reach[0]) ** 2
    down = ((np.arange(size[1]) / size[1] - middle[1]) / reach[1]) ** 2
    return np.exp(-(across[np.newaxis, :] + down[:, np.newaxis])).astype(np.float32)
