"""Readings beside the plain formulas, on frames with every kind of odd pixel."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from bus_schemas.settings import FULL_FRAME, Roi, ThermographySettings, Thresholds
from edge.analysis.bad_pixels import replaced
from edge.analysis.thermal import ThermalProcessor, ThermalReading
from edge.analysis.thermal_filters import COLDEST, HOTTEST, TemporalFilter, ambient_offset, weights
from tests.examples import examples

START = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
AMBIENT = 31.0
ODD = (np.nan, np.inf, -np.inf, 400.0, -70.0, 300.0, -40.0, 90.0, 31.0, 36.0)
CLOSE = Thresholds(warning=30, critical=35, emergency=60)
ROIS = (
    Roi(name="all", coordinates=FULL_FRAME.coordinates, emissivity=1.0, thresholds=CLOSE),
    Roi(name="part", coordinates=((4, 3), (20, 15)), emissivity=1.0, thresholds=CLOSE),
)

Frame = NDArray[np.float32]


def frames_of(seed: int, odd: int) -> list[Frame]:
    """At most so many odd pixels a frame."""
    random = np.random.default_rng(seed)
    frames = [random.normal(26, random.choice([0.1, 2.0]), (24, 32)).astype(np.float32) for _ in range(8)]
    for frame in frames:
        for _ in range(int(random.integers(0, odd + 1))):
            frame[random.integers(0, 24), random.integers(0, 32)] = random.choice(ODD)
    return frames


def highest_around(frame: Frame, *, centre: bool) -> Frame:
    """The highest of the 3 x 3 pixels at each place, with or without the one in the middle."""
    padded = np.pad(frame, 1, constant_values=-np.inf)
    shifts = [(y, x) for y in range(3) for x in range(3) if centre or (y, x) != (1, 1)]
    highest: Frame = np.max([padded[y : y + 24, x : x + 32] for y, x in shifts], axis=0)
    return highest


def cleaned(frame: Frame) -> Frame:
    finite = np.isfinite(frame)
    return (frame if finite.all() else replaced(frame, ~finite)).clip(COLDEST, HOTTEST)


def flags_of(frame: Frame) -> set[str]:
    finite = np.isfinite(frame)
    filled = frame if finite.all() else replaced(frame, ~finite)
    is_clamped = bool(((filled < COLDEST) | (filled > HOTTEST)).any())
    return {*(("invalid_pixels",) if not finite.all() else ()), *(("clamped",) if is_clamped else ())}


def check(reading: ThermalReading, raw: Frame, before: Frame | None, hot: float) -> Frame:
    """The clean frame, corrected for the ambient temperature."""
    clean = cleaned(raw)
    sharp = clean - ambient_offset(AMBIENT)
    known = highest_around(sharp, centre=False)
    if before is not None:
        known = np.maximum(known, highest_around(before, centre=True))
    confirmed = np.minimum(sharp, known)

    assert set(reading.flags) == flags_of(raw)
    assert reading.bad_pixels == np.count_nonzero(~np.isfinite(raw))
    assert reading.sensor_temp == pytest.approx(float(np.percentile(clean, 10)), abs=0.0051)
    assert sum(spot.area for spot in reading.hotspots) == np.count_nonzero(sharp > np.float32(hot))
    assert reading.confirmed_max == round(float(confirmed.max()), 2)
    for region, roi in zip(reading.regions, ROIS, strict=True):
        (x1, y1), (x2, y2) = roi.coordinates
        certain = float(confirmed[y1:y2, x1:x2].max())
        assert region.peak_temp == pytest.approx(float(sharp[y1:y2, x1:x2].max()), abs=1e-4)
        assert region.confirmed_temp == pytest.approx(certain, abs=1e-4)
        assert region.alert_level == CLOSE.level(region.peak_temp)
        assert region.confirmed_level == CLOSE.level(region.confirmed_temp)
    return sharp


@examples(40)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0, 1, 4]), st.sampled_from([24.0, 30.0, 80.0]))
def test_every_reading_is_that_of_the_plain_formulas(seed: int, odd: int, hot: float) -> None:
    processor = ThermalProcessor(ThermographySettings(ambient_c=AMBIENT, hot_spot_c=hot), ROIS)
    before: Frame | None = None
    for index, raw in enumerate(frames_of(seed, odd)):
        before = check(processor.process(raw.copy(), START + timedelta(seconds=index)), raw, before, hot)


@pytest.mark.thorough
def test_the_mean_of_frames_stays_that_of_the_last_five_however_many_there_were() -> None:
    temporal = TemporalFilter()
    frames = [np.random.default_rng(seed).normal(30, 5, (24, 32)).astype(np.float32) for seed in range(200)]
    for index, frame in enumerate(frames):
        found = temporal.filter(frame)
        if index >= 4:
            plain = sum(each * factor for each, factor in zip(frames[index - 4 : index + 1], weights(5), strict=True))
            assert found == pytest.approx(plain, abs=1e-4)
