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
        # The newest frames lie one after the other, so that all are weighed and added in two calls.
        self._frames: Celsius | None = None
        self._end = 0
        self._weights = [weights(count) for count in range(1, WINDOW + 1)]

    def __len__(self) -> int:
        return min(self._end, WINDOW)

    def filter(self, frame: Celsius) -> Celsius:
        frames = self._room_for(frame)
        frames[self._end] = frame
        self._end += 1
        count = len(self)
        if count < _LEAST_FRAMES:
            return frame
        rows = frames[self._end - count : self._end].reshape(count, -1)
        return np.asarray(np.dot(self._weights[count - 1], rows), np.float32).reshape(frame.shape)

    def _room_for(self, frame: Celsius) -> Celsius:
        if self._frames is None:
            self._frames = np.empty((_ROOM, *frame.shape), np.float32)
        elif self._end == _ROOM:
            self._end = WINDOW - 1
            self._frames[: self._end] = self._frames[-self._end :]
        return self._frames


class Confirmation:
    """Separates heat from a spike of one pixel in one frame. Needs every frame of one sensor, once and in order."""

    def __init__(self) -> None:
        self._before: Celsius | None = None

    def confirmed(self, frame: Celsius) -> Celsius:
        """Each pixel (H x W float32, °C), but no hotter than its hottest neighbour or than that place in the frame
        before.
        """
        around = np.asarray(cv2.dilate(frame, _AROUND), np.float32)
        known = around if self._before is None else np.maximum(around, self._before)
        self._before = np.maximum(around, frame)
        return np.minimum(frame, known)


def smoothed(frame: Celsius) -> Celsius:
    """Gaussian 3 x 3, sigma 0.5; H x W float32."""
    return np.asarray(cv2.GaussianBlur(frame, (3, 3), 0.5), np.float32)


def for_ambient(frame: Celsius, ambient: float | None) -> Celsius:
    """frame - (ambient - 25) * 0.1 in °C; unchanged when the ambient temperature is unknown."""
    return frame if ambient is None else frame - np.float32((ambient - 25.0) * 0.1)
