"""Finds what is wrong with a picture: black, frozen, smeared, broken into blocks, or of low quality."""

from dataclasses import dataclass, replace
from datetime import datetime
from time import perf_counter
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from bus_schemas.camera import ZapSequence
from bus_schemas.settings import PictureSettings
from edge.analysis.black import Black, BlackDetector, rows
from edge.analysis.damage import (
    FALSE_COLOUR_PERCENT,
    Detail,
    block_percentage,
    false_colour_percentage,
    identical_rows,
    unfilled_percentage,
)
from edge.analysis.freeze import Freeze, FreezeDetector

Grey = NDArray[np.uint8]

VERSION: Final = 4
"""Incremented by changes of the outcome for the same pictures, so that findings name their analysis."""
OF_DETAIL: Final = frozenset({"macroblocks", "block_percentage", "false_colour_percentage", "performance_ms"})
"""Fields of a frame event that cannot be found again in a picture that was kept."""


@dataclass(frozen=True, slots=True)
class Damage:
    """Per cent and verdicts; `None` where a picture came without its detail."""

    corrupt_rows: bool
    identical_rows: float
    macroblocks: bool | None = None
    block_percentage: float | None = None
    false_colour_percentage: float | None = None

    @property
    def is_any(self) -> bool:
        return self.corrupt_rows or bool(self.macroblocks)

    @property
    def has_false_colours(self) -> bool:
        return self.false_colour_percentage is not None and self.false_colour_percentage >= FALSE_COLOUR_PERCENT


@dataclass(frozen=True, slots=True)
class PictureQuality:
    """`score` is from 0 to 5."""

    brightness: float
    contrast: float
    sharpness: float
    score: int


@dataclass(frozen=True, slots=True)
class PictureState:
    """What one analysis found, and the milliseconds that it took."""

    black: Black
    freeze: Freeze
    damage: Damage
    quality: PictureQuality
    performance_ms: float

    @property
    def faults(self) -> tuple[bool | None, ...]:
        """The verdicts that become incidents."""
        return self.black.blackscreen, self.freeze.frozen, self.damage.corrupt_rows, self.damage.macroblocks

    @property
    def verdicts(self) -> tuple[bool | None, ...]:
        """An event is due when one of them changes."""
        damage = self.damage
        return (
            self.black.blackscreen,
            self.black.zap,
            self.freeze.frozen,
            damage.corrupt_rows,
            damage.macroblocks,
            self.black.zap_end is not None,
        )


class PictureAnalyser:
    """Give it every analysed frame of one device in order, as reduced grey (H x W uint8, 0 black)."""

    def __init__(self, settings: PictureSettings | None = None) -> None:
        self.settings = settings or PictureSettings()
        self._black = BlackDetector(self.settings)
        self._freeze = FreezeDetector(self.settings.freeze_seconds)

    def analyse(self, grey: Grey, time: datetime, detail: Detail | None = None) -> PictureState:
        begun = perf_counter()
        black, damage = self._black.analyse(grey, time), self._damage(grey, detail)
        if damage.has_false_colours:
            # A picture of zeros is green, and only its grey is black.
            black = replace(black, blackscreen=False, zap=False)
        is_fault = black.blackscreen or black.zap or damage.is_any
        freeze = self._freeze.analyse(grey, time, learns=not is_fault)
        if black.zap:
            # A banner stands still over black while the channel changes.
            freeze = replace(freeze, frozen=False)
        found = quality(grey, is_intact=not damage.is_any)
        return PictureState(black, freeze, damage, found, round((perf_counter() - begun) * 1000, 3))

    def _damage(self, grey: Grey, detail: Detail | None) -> Damage:
        repeated = round(100 * identical_rows(grey), 1)
        is_corrupt = repeated >= self.settings.corrupt_percentage
        if detail is None:
            return Damage(is_corrupt, repeated)
        # Where rows repeat, so do the steps in them, which are then no edges of blocks.
        blocks = None if detail.rows is None or is_corrupt else block_percentage(detail.rows)
        colours = false_colour_percentage(detail.u, detail.v) + unfilled_percentage(grey, detail.u, detail.v)
        is_broken = None if blocks is None else blocks >= self.settings.macroblock_percentage
        damage = Damage(is_corrupt, repeated, is_broken, blocks, round(colours, 1))
        return replace(damage, macroblocks=True) if damage.has_false_colours else damage


def picture_fields(state: PictureState, settings: PictureSettings) -> dict[str, Any]:
    """The fields of a frame event that follow from the picture alone."""
    black, damage, end = state.black, state.damage, state.black.zap_end
    return {
        "blackscreen": black.blackscreen,
        "blackscreen_percentage": black.percentage,
        "blackscreen_threshold": settings.black_percentage,
        "blackscreen_region": (settings.black_top, settings.black_bottom),
        "zap": black.zap,
        "has_bottom_content": black.has_bottom_content,
        "bottom_edge_density": black.bottom_edge_density,
        "zap_sequence": None
        if end is None
        else ZapSequence(start=end.start, duration_s=end.duration_s, frames=end.frames),
        "freeze": state.freeze.frozen,
        "freeze_threshold": round(state.freeze.threshold, 4),
        "corrupt_rows": damage.corrupt_rows,
        "identical_rows": damage.identical_rows,
        "identical_rows_threshold": settings.corrupt_percentage,
        "macroblocks": damage.macroblocks,
        "block_percentage": damage.block_percentage,
        "block_threshold": settings.macroblock_percentage,
        "false_colour_percentage": damage.false_colour_percentage,
        "quality_score": state.quality.score,
        "analyzed": True,
        "performance_ms": state.performance_ms,
    }


def quality(grey: Grey, *, is_intact: bool = True) -> PictureQuality:
    """One point each for: not dark, not blown out, contrast, detail, no damage. `grey` is H x W uint8."""
    mean, deviation = cv2.meanStdDev(grey)
    brightness, contrast = float(mean[0, 0]), float(deviation[0, 0])
    # The variance of the Laplacian in the middle rows; its mean is nothing but their border.
    middle = rows(grey, 0.25, 0.75)
    sharpness = float(cv2.norm(cv2.Laplacian(middle, cv2.CV_16S), cv2.NORM_L2SQR)) / middle.size
    points = (brightness > 20, brightness < 235, contrast > 10, sharpness > 15, is_intact)
    return PictureQuality(round(brightness, 1), round(contrast, 1), round(sharpness, 1), sum(points))
