"""Filters of thermal frames: smoothing, confirmation of heat, and correction for the ambient temperature."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Celsius = NDArray[np.float32]

COLDEST: Final = -40.0
HOTTEST: Final = 300.0
WINDOW: Final = 5
_LEAST_FRAMES: Final = 3
_ROOM: Final = 16 * WINDOW
_GAUSSIAN: Final = cv2.getGaussianKernel(3, 0.5, cv2.CV_32F)
_AROUND: Final = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], np.uint8)


def weights(count: int) -> NDArray[np.float32]:
    """exp(linspace(-1, 0, count)), normalised: oldest first, the current frame last and heaviest; float32."""
    raw = np.exp(np.linspace(-1.0, 0.0, count))
    return np.asarray(raw / raw.sum(), np.float32)


class TemporalFilter:
    """Weighted mean of the current frame and the raw ones before it, at most five together; H x W float32, °C.

    It averages raw frames instead of its own output: a filter of its own output never arrives.
    """

    def __init__(self) -> None:
        # The newest frames lie one after the other, a row each, so that all are weighed and added in one call.
        self._rows: Celsius | None = None
        self._end = 0
        self._weights = [weights(count) for count in range(1, WINDOW + 1)]

    def __len__(self) -> int:
        return min(self._end, WINDOW)

    def filter(self, frame: Celsius) -> Celsius:
        rows = self._room_for(frame)
        rows[self._end] = frame.ravel()
        self._end = end = self._end + 1
        count = min(end, WINDOW)
        if count < _LEAST_FRAMES:
            return frame
        mean: Celsius = self._weights[count - 1].dot(rows[end - count : end])
        return mean.reshape(frame.shape)

    def _room_for(self, frame: Celsius) -> Celsius:
        if self._rows is None:
            self._rows = np.empty((_ROOM, frame.size), np.float32)
        elif self._end == _ROOM:
            self._end = WINDOW - 1
            self._rows[: self._end] = self._rows[-self._end :]
        return self._rows


class Confirmation:
    """Separates heat from a spike of one pixel in one frame. Needs every frame of one sensor, once and in order."""

    def __init__(self) -> None:
        self._before: Celsius | None = None

    def confirm(self, frame: Celsius, into: Celsius) -> None:
        """Put each pixel (H x W float32, °C) into the other frame, but no hotter than its hottest neighbour or than
        that place in the frame before.
        """
        around = np.asarray(cv2.dilate(frame, _AROUND), np.float32)
        known = around if self._before is None else np.maximum(around, self._before)
        self._before = np.maximum(around, frame)
        np.minimum(frame, known, out=into)


def smoothed(frame: Celsius) -> Celsius:
    """Gaussian 3 x 3, sigma 0.5; H x W float32."""
    return np.asarray(cv2.sepFilter2D(frame, -1, _GAUSSIAN, _GAUSSIAN), np.float32)


def ambient_offset(ambient: float | None) -> NDArray[np.float32]:
    """(ambient - 25) * 0.1 °C, by which frames are too warm; nothing when the ambient temperature is unknown.

    An array without dimensions: NumPy converts a number in each call.
    """
    return np.array(0.0 if ambient is None else (ambient - 25.0) * 0.1, np.float32)
