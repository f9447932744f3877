"""Filters of thermal frames: smoothing, confirmation of heat, and correction for the ambient temperature."""

from collections import deque
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Celsius = NDArray[np.float32]

COLDEST: Final = -40.0
HOTTEST: Final = 300.0
WINDOW: Final = 5
_LEAST_FRAMES: Final = 3
_WITHIN: Final = np.ones((3, 3), np.uint8)
_AROUND: Final = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], np.uint8)


def weights(count: int) -> NDArray[np.float32]:
    """exp(linspace(-1, 0, count)), normalised: oldest first, the current frame last and heaviest; float32."""
    raw = np.exp(np.linspace(-1.0, 0.0, count))
    return np.asarray(raw / raw.sum(), np.float32)


class TemporalFilter:
    """Weighted mean of the current frame and the raw ones before it, at most five together; 24 x 32 float32, °C.

    It averages raw frames instead of its own output: a filter of its own output never arrives.
    """

    def __init__(self) -> None:
        self._frames: deque[Celsius] = deque(maxlen=WINDOW)
        self._weights = [weights(count) for count in range(1, WINDOW + 1)]

    def __len__(self) -> int:
        return len(self._frames)

    def filter(self, frame: Celsius) -> Celsius:
        self._frames.append(frame)
        if len(self._frames) < _LEAST_FRAMES:
            return frame
        factors = self._weights[len(self._frames) - 1]
        total = self._frames[0] * factors[0]
        for earlier, factor in zip(list(self._frames)[1:], factors[1:], strict=True):
            total += earlier * factor
        return np.asarray(total, np.float32)


class Confirmation:
    """Tells heat from a spike of one pixel in one frame. Give it every frame of one sensor once and in order."""

    def __init__(self) -> None:
        self._before: Celsius | None = None

    def confirmed(self, frame: Celsius) -> Celsius:
        """Each pixel (24 x 32 float32, °C), but no hotter than its hottest neighbour or than that place in the frame
        before.
        """
        known = np.asarray(cv2.dilate(frame, _AROUND), np.float32)
        if self._before is not None:
            known = np.maximum(known, self._before)
        self._before = np.asarray(cv2.dilate(frame, _WITHIN), np.float32)
        return np.minimum(frame, known)


def smoothed(frame: Celsius) -> Celsius:
    """Gaussian 3 x 3, sigma 0.5; H x W float32."""
    return np.asarray(cv2.GaussianBlur(frame, (3, 3), 0.5), np.float32)


def for_ambient(frame: Celsius, ambient: float | None) -> Celsius:
    """frame - (ambient - 25) * 0.1 in °C; unchanged when the ambient temperature is unknown."""
    return frame if ambient is None else frame - np.float32((ambient - 25.0) * 0.1)
