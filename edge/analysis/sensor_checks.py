"""Finds out whether a thermal sensor that sends frames sees anything, and which of its pixels are masked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from bus_schemas.limits import MAX_ITEMS
from bus_schemas.settings import Roi
from bus_schemas.thermal import (
    COLUMNS,
    ROWS,
    SENSOR_FAULTS,
    AlertLevel,
    MaskedPixel,
    PixelFault,
    SensorFault,
    SensorTrouble,
    ThermalSensor,
)
from edge.analysis.emissivity import corrected, legacy
from edge.analysis.thermal import ThermalProcessor, ThermalReading
from edge.analysis.thermal_filters import COLDEST, HOTTEST
from edge.analysis.thermal_regions import polygon_pixels

Celsius = NDArray[np.float32]

FROZEN_FRAMES: Final = 3
"""So many identical frames in a row: the noise of a sensor that works makes each one different."""
OUT_OF_RANGE_PERCENT: Final = 50.0
"""Per cent of the pixels. Fewer of them may be a fire."""
FAULT_ENDS_AFTER: Final = timedelta(seconds=5)
REPEATED_EVERY: Final = timedelta(seconds=10)
SETTLED_AFTER: Final = timedelta(seconds=60)
"""At most. A sensor whose agent was just started is said to be well when that is known, not because nothing is."""
_BESIDE: Final = np.array([[0, 0.25, 0], [0.25, 0, 0.25], [0, 0.25, 0]], np.float32)
_LEVELS: Final[tuple[AlertLevel, ...]] = ("normal", "warning", "critical", "emergency")

Measured = tuple[float, float]
"""A value that is beyond its limit, and the limit."""


@dataclass(slots=True)
class _Fault:
    """A fault that holds, and when it was last seen."""

    since: datetime
    seen: datetime
    measured: Measured


class SensorChecks:
    """For one sensor. Give it every frame once and in order, after it was processed."""

    def __init__(self, processor: ThermalProcessor) -> None:
        self._processor = processor
        self._faults: dict[SensorFault, _Fault] = {}
        self._previous = b""
        self._repeats = 0
        self._repeated_since: datetime | None = None
        self._masked: dict[tuple[int, int], MaskedPixel] = {}
        self._revision: tuple[int, int] | None = None
        self._emitted: tuple[SensorFault, ...] | None = None
        self._due: datetime | None = None
        self._begun: datetime | None = None
        self._signs = np.zeros((0, 0), np.float32)

    def check(self, raw: Celsius, reading: ThermalReading) -> ThermalSensor | None:
        """The state of the sensor if it has changed, or lasts and is due again. `raw` is H x W float32 in °C."""
        time = reading.timestamp
        if reading.frame_stats is None:
            # The health of the source says so already.
            return None
        self._note_repetition(raw, time)
        self._update(self._beyond_limits(raw, reading), time)
        is_changed = self._note_masked(raw)
        faults = tuple(fault for fault in SENSOR_FAULTS if fault in self._faults)
        if not faults and not self._is_settled(time):
            return None
        is_due = bool(faults) and (self._due is None or not self._due - REPEATED_EVERY <= time < self._due)
        if not (is_changed or is_due or faults != self._emitted):
            return None
        self._emitted, self._due = faults, time + REPEATED_EVERY
        return ThermalSensor(
            faults=tuple(_trouble(fault, self._faults[fault]) for fault in faults),
            masked=tuple(self._masked.values())[:MAX_ITEMS],
            masked_count=len(self._masked),
        )

    def _is_settled(self, time: datetime) -> bool:
        self._begun = time if self._begun is None else min(self._begun, time)
        is_known = self._emitted is not None or self._processor.bad_pixels.knows_stuck
        return is_known or time - self._begun >= SETTLED_AFTER

    def _beyond_limits(self, raw: Celsius, reading: ThermalReading) -> Mapping[SensorFault, Measured]:
        settings = self._processor.settings
        found: dict[SensorFault, Measured] = {}
        if self._repeats >= FROZEN_FRAMES:
            found["sensor_frozen"] = (self._repeats, FROZEN_FRAMES)
        if "clamped" in reading.flags:
            outside = 100 * float(np.count_nonzero((raw < COLDEST) | (raw > HOTTEST))) / raw.size
            if outside > OUT_OF_RANGE_PERCENT:
                found["sensor_out_of_range"] = (round(outside, 1), OUT_OF_RANGE_PERCENT)
        difference = self._chessboard(raw)
        if difference > settings.chessboard_c:
            found["sensor_chessboard"] = (round(difference, 2), settings.chessboard_c)
        bad = self._bad_pixels(reading)
        if bad > settings.max_bad_pixels:
            found["sensor_bad_pixels"] = (bad, settings.max_bad_pixels)
        return found

    def _bad_pixels(self, reading: ThermalReading) -> int:
        """Those that are replaced, or would be with the filter, or repeat one number without being hot: what is hot is
        reported as heat.
        """
        pixels = self._processor.bad_pixels
        is_hot = reading.alert_level != "normal" or bool(reading.hotspots)
        return max(reading.bad_pixels, pixels.count) + (0 if is_hot else pixels.at_highest)

    def _note_repetition(self, raw: Celsius, time: datetime) -> None:
        frame = raw.tobytes()
        if frame != self._previous:
            self._previous, self._repeats, self._repeated_since = frame, 0, None
            return
        self._repeats += 1
        self._repeated_since = self._repeated_since or time

    def _chessboard(self, raw: Celsius) -> float:
        """°C between the means of both half frames, whose pixels lie like the fields of a chessboard."""
        if self._signs.shape != raw.shape:
            self._signs = _signs(raw.shape)
        difference = abs(float(np.vdot(raw, self._signs)))
        if not np.isfinite(difference):
            difference = _difference(raw, self._signs)
        if difference <= self._processor.settings.chessboard_c:
            return difference
        # A single pixel that is very hot, or broken, makes the means of a small sensor differ as well.
        return min(difference, _alternation(raw, self._signs))

    def _update(self, found: Mapping[SensorFault, Measured], time: datetime) -> None:
        for name, measured in found.items():
            known = self._faults.get(name)
            if known is None:
                since = self._repeated_since if name == "sensor_frozen" else None
                self._faults[name] = _Fault(since or time, time, measured)
            else:
                known.seen, known.measured = time, measured
        for fault in self._faults.values():
            # The clock may have been set back since.
            fault.seen = min(fault.seen, time)
        for name in [name for name, fault in self._faults.items() if time - fault.seen >= FAULT_ENDS_AFTER]:
            del self._faults[name]

    def _note_masked(self, raw: Celsius) -> bool:
        """Whether other pixels are masked than before."""
        bad = self._processor.bad_pixels
        revision = (id(bad), bad.revision)
        if revision == self._revision:
            return False
        self._revision = revision
        causes = bad.causes() if self._processor.settings.bad_pixel_filter else {}
        before, self._masked = self._masked, {}
        for pixel, cause in causes.items():
            known = before.get(pixel)
            is_known = known is not None and known.fault == cause
            self._masked[pixel] = known if known is not None and is_known else self._mask(pixel, cause, raw)
        return before != self._masked

    def _mask(self, pixel: tuple[int, int], cause: PixelFault, raw: Celsius) -> MaskedPixel:
        x, y = pixel
        temp = float(raw[y, x])
        if cause in ("listed", "declared") or not COLDEST <= temp <= HOTTEST:
            return MaskedPixel(pixel=pixel, fault=cause)
        level = self._level(pixel, raw.shape, temp)
        return MaskedPixel(pixel=pixel, fault=cause, temp=round(temp, 2), alert_level=level)

    def _level(self, pixel: tuple[int, int], shape: Sequence[int], temp: float) -> AlertLevel:
        levels = [_level_in(roi, temp, self._processor) for roi in self._processor.rois if _is_in(roi, pixel, shape)]
        return max(levels, key=_LEVELS.index, default="normal")


def _trouble(fault: SensorFault, known: _Fault) -> SensorTrouble:
    value, limit = known.measured
    return SensorTrouble(fault=fault, since=known.since, value=value, limit=limit)


def _signs(shape: tuple[int, ...]) -> Celsius:
    """A sign for the pixels of each half frame, in as many columns of both in each row: a row may be warm."""
    rows, columns = shape
    odd = np.indices(shape).sum(axis=0) % 2 == 1
    half = max(1, rows * (columns // 2))
    signs = np.where(odd, 1 / half, -1 / half).astype(np.float32)
    signs[:, columns // 2 * 2 :] = 0
    return signs


def _difference(raw: Celsius, signs: Celsius) -> float:
    """The same of a frame with pixels that have no value."""
    halves = [values[np.isfinite(values)] for values in (raw[signs > 0], raw[signs < 0])]
    return 0.0 if not all(half.size for half in halves) else abs(float(halves[0].mean() - halves[1].mean()))


def _alternation(raw: Celsius, signs: Celsius) -> float:
    """°C by which most pixels of one half frame are off from the pixels beside them, which are of the other."""
    with np.errstate(invalid="ignore"):
        beside = raw - np.asarray(cv2.filter2D(raw, -1, _BESIDE), np.float32)
    halves = [values[np.isfinite(values)] for values in (beside[signs > 0], beside[signs < 0])]
    return 0.0 if not all(half.size for half in halves) else abs(float(np.median(halves[0]) - np.median(halves[1]))) / 2


def _is_in(roi: Roi, pixel: tuple[int, int], shape: Sequence[int]) -> bool:
    (x1, y1), (x2, y2) = roi.coordinates
    x, y, (rows, columns) = *pixel, shape
    polygon = polygon_pixels(roi, (rows, columns))
    if polygon is not None:
        return roi.enabled and y * columns + x in polygon
    return (
        roi.enabled
        and x1 * columns < (x + 1) * COLUMNS
        and x * COLUMNS < x2 * columns
        and (y1 * rows < (y + 1) * ROWS and y * ROWS < y2 * rows)
    )


def _level_in(roi: Roi, temp: float, processor: ThermalProcessor) -> AlertLevel:
    settings = processor.settings
    if settings.emissivity_formula == "legacy":
        return roi.thresholds.level(legacy(temp, roi.emissivity))
    reflected = settings.reflected_c if roi.reflected_c is None else roi.reflected_c
    return roi.thresholds.level(float(corrected(temp, roi.emissivity, reflected)))
