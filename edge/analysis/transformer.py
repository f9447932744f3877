"""Finds a transformer in a thermal frame as the largest part that is warmer than its surroundings."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Celsius = NDArray[np.float32]

LEAST_PIXELS: Final = 50
LEAST_CONTRAST: Final = 3.0
LEAST_EDGE: Final = 0.5
_KERNEL: Final = np.ones((2, 2), np.uint8)


@dataclass(frozen=True, slots=True)
class TransformerRegion:
    """°C; `detection_confidence` is (average - background) / average."""

    min_temp: float
    max_temp: float
    avg_temp: float
    q1_temp: float
    q3_temp: float
    median_temp: float
    std_dev: float
    pixel_count: int
    detection_confidence: float


def transformer_region(frame: Celsius) -> TransformerRegion | None:
    """The largest component of an H x W float32 frame (°C) at or above the 85th percentile.

    It must be 3 degrees warmer than the rest, and half of the difference must lie at its edge: the warm end of a
    gradient over the whole picture has no edge.
    """
    warm = (frame >= np.percentile(frame, 85)).astype(np.uint8)
    # An even kernel moves the result by a pixel; the other corner as the anchor moves it back.
    opened = cv2.morphologyEx(warm, cv2.MORPH_OPEN, _KERNEL)
    opened = cv2.morphologyEx(opened, cv2.MORPH_CLOSE, _KERNEL, anchor=(0, 0))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=8)
    if count < 2 or opened.all():
        return None
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    inside = np.asarray(labels == largest)
    pixels = frame[inside]
    background = float(frame[~inside].mean())
    contrast = float(pixels.mean()) - background
    rim = cv2.dilate(inside.view(np.uint8), np.ones((5, 5), np.uint8)).astype(bool) & ~inside
    step = float(pixels.mean()) - float(frame[rim].mean())
    if pixels.size < LEAST_PIXELS or contrast < LEAST_CONTRAST or step < LEAST_EDGE * contrast:
        return None
    return _region(pixels, background)


def _region(pixels: Celsius, background: float) -> TransformerRegion:
    q1, median, q3 = (float(value) for value in np.percentile(pixels, (25, 50, 75)))
    average = float(pixels.mean())
    return TransformerRegion(
        min_temp=round(float(pixels.min()), 2),
        max_temp=round(float(pixels.max()), 2),
        avg_temp=round(average, 2),
        q1_temp=round(q1, 2),
        q3_temp=round(q3, 2),
        median_temp=round(median, 2),
        std_dev=round(float(pixels.std()), 2),
        pixel_count=int(pixels.size),
        detection_confidence=round((average - background) / average, 3) if average > 0 else 0.0,
    )
