"""Encodes a mosaic as JPEG within a number of bytes, at the best quality that holds it."""

from collections.abc import Iterator
from math import exp, log
from typing import Final, NamedTuple

import numpy as np
import simplejpeg

from consumers.jpeg import Picture

STRIP: Final = 16
"""Rows that are encoded together."""
_STRIPS: Final = 12
"""So many, and less than twice as many, are encoded to find the quality."""
_PROBES: Final = (40, 10, 4)
_LOWEST: Final = 2
_MARGIN: Final = 0.97


class EncodedTile(NamedTuple):
    payload: bytes
    quality: int


class _Point(NamedTuple):
    quality: int
    size: float


def encode(canvas: Picture, best: int, byte_budget: int) -> EncodedTile:
    """The same picture gives the same bytes. What does not fit at the lowest quality either has that."""
    for quality in _qualities(canvas, best, byte_budget):
        payload = _jpeg(canvas, quality)
        if len(payload) <= byte_budget or quality == _LOWEST:
            break
    return EncodedTile(payload, quality)


def _qualities(canvas: Picture, best: int, byte_budget: int) -> Iterator[int]:
    """What a sample promises, then lower and lower."""
    quality = _promised(canvas, best, byte_budget * _MARGIN)
    while True:
        yield quality
        if quality == _LOWEST:
            return
        quality = max(_LOWEST, min(quality - 1, quality * 7 // 8))


def _promised(canvas: Picture, best: int, byte_budget: float) -> int:
    """The quality at which the picture takes so many bytes, by what a part of it takes at some qualities.

    Between two of them the logarithm of the size is nearly a straight line over that of the steps by which JPEG
    divides.
    """
    sample = _sample(canvas)
    share = canvas.shape[0] / sample.shape[0]
    larger = _Point(best, len(_jpeg(sample, best)) * share)
    if larger.size <= byte_budget:
        return best
    for quality in (probe for probe in _PROBES if probe < best):
        smaller = _Point(quality, len(_jpeg(sample, quality)) * share)
        if smaller.size <= byte_budget < larger.size:
            return _between(smaller, larger, byte_budget)
        larger = smaller
    return _LOWEST


def _between(smaller: _Point, larger: _Point, byte_budget: float) -> int:
    reached = log(byte_budget / smaller.size) / log(larger.size / smaller.size)
    low, high = log(_step(smaller.quality)), log(_step(larger.quality))
    step = exp(low + reached * (high - low))
    return max(smaller.quality, min(larger.quality - 1, _quality(step)))


def _sample(canvas: Picture) -> Picture:
    """Strips from top to bottom; all of a small picture."""
    strips = canvas.shape[0] // STRIP
    every = strips // _STRIPS
    if every < 2:
        return canvas
    whole = canvas[: strips * STRIP].reshape(strips, STRIP, *canvas.shape[1:])
    return np.ascontiguousarray(whole[every // 2 :: every]).reshape(-1, *canvas.shape[1:])


def _step(quality: int) -> float:
    """In percent of the steps of quality 50."""
    return 5000 / quality if quality < 50 else max(1.0, 200 - 2 * quality)


def _quality(step: float) -> int:
    return int(5000 / step if step > 100 else (200 - step) / 2)


def _jpeg(canvas: Picture, quality: int) -> bytes:
    encoded: bytes = simplejpeg.encode_jpeg(canvas, quality=quality, colorspace="BGR", colorsubsampling="420")
    return encoded
