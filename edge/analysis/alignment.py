"""Maps the picture of a camera to the frame of the thermal sensor beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import radians, tan
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from bus_schemas.fusion_settings import AlignmentSettings, FieldsOfView

Matrix = NDArray[np.float64]
_CORNERS: Final = np.array([(0, 0, 1), (1, 0, 1), (0, 1, 1), (1, 1, 1)], np.float64)
"""The corners of the visual picture."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """A homography from the visual picture to the thermal frame, in shares 0..1 of both, origin at the top left."""

    rows: tuple[tuple[float, float, float], ...] = ((1, 0, 0), (0, 1, 0), (0, 0, 1))

    @property
    def matrix(self) -> Matrix:
        return np.array(self.rows, np.float64)

    @classmethod
    def of(cls, settings: AlignmentSettings | None) -> "Alignment":
        if settings is None:
            return cls()
        if isinstance(settings, FieldsOfView):
            return cls.from_fields_of_view(settings.thermal, settings.visual, settings.shift)
        return cls.from_points(settings.visual, settings.thermal)

    @classmethod
    def from_fields_of_view(
        cls, thermal: tuple[float, float], visual: tuple[float, float], shift: tuple[float, float] = (0.0, 0.0)
    ) -> "Alignment":
        """From the fields of view in degrees (across, down) of sensors that look in the same direction; `shift` of the
        thermal frame, 0..1.

        A flat picture spans 2 tan(fov / 2): the narrower camera sees that part of the middle of the wider sensor.
        """
        part = [tan(radians(v) / 2) / tan(radians(t) / 2) for v, t in zip(visual, thermal, strict=True)]
        start = [(1 - share) / 2 + moved for share, moved in zip(part, shift, strict=True)]
        return cls(((part[0], 0, start[0]), (0, part[1], start[1]), (0, 0, 1)))

    @classmethod
    def from_points(cls, visual: Sequence[Sequence[float]], thermal: Sequence[Sequence[float]]) -> "Alignment":
        """From four points or more (x, y), 0..1, that a person marked in both pictures; of more the best fit."""
        found: Any = cv2.findHomography(np.array(visual, np.float64), np.array(thermal, np.float64), 0)[0]
        if found is None:
            raise ValueError("no plane fits these points")
        (a, b, c), (d, e, f), (g, h, i) = found.tolist()
        return cls(((a, b, c), (d, e, f), (g, h, i)))

    @property
    def is_of_one_side(self) -> bool:
        """Whether all of the picture lies before the sensor, and none of it is mirrored. Points that contradict each
        other, or of which three are nearly on one line, are fitted by a plane that is seen in part from behind.
        """
        matrix = self.matrix
        return bool((_CORNERS @ matrix[2] > 0).all()) and float(np.linalg.det(matrix)) > 0

    def pixels(self, visual: tuple[int, int], thermal: tuple[int, int]) -> Matrix:
        """A 3 x 3 float64 matrix from pixel centres of a visual picture (width, height) to those of a thermal frame."""
        to_unit = np.array([[1 / visual[0], 0, 0.5 / visual[0]], [0, 1 / visual[1], 0.5 / visual[1]], [0, 0, 1]])
        to_pixels = np.array([[thermal[0], 0, -0.5], [0, thermal[1], -0.5], [0, 0, 1]])
        return np.asarray(to_pixels @ self.matrix @ to_unit, np.float64)
