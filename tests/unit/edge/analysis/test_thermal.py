"""What thermal frames say."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus_schemas.agent import ThermalStatistics
from bus_schemas.roi_sets import ROI_SETS
from bus_schemas.settings import FULL_FRAME, Corner, Roi, ThermographySettings
from edge.analysis.emissivity import corrected, legacy
from edge.analysis.thermal import ThermalProcessor, ThermalReading
from edge.analysis.thermal_filters import COLDEST, HOTTEST
from edge.analysis.thermal_statistics import gradient, hotspots
from edge.capture.sources.csv_lines import BadLines, bounded_lines
from edge.capture.sources.thermal_csv import recorded_frames
from tests.recordings import ROOM_THERMAL, recording

NOW = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
WHOLE = FULL_FRAME.coordinates


def black(name: str, coordinates: tuple[Corner, Corner] = WHOLE, **given: Any) -> Roi:
    """A region whose surface reflects nothing."""
    return Roi(name=name, coordinates=coordinates, emissivity=1.0, **given)


PLAIN = (black("all"),)


def noise(level: float, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(level, 0.1, (24, 32)).astype(np.float32)


def fed(
    frames: list[np.ndarray], rois: Sequence[Roi] = PLAIN, settings: ThermographySettings | None = None
) -> list[ThermalReading]:
    processor = ThermalProcessor(settings, rois)
    return [processor.process(frame, NOW + timedelta(seconds=index / 8)) for index, frame in enumerate(frames)]


def test_an_alarm_is_out_within_two_frames_of_a_step_from_40_to_100() -> None:
    readings = fed([noise(40, index) for index in range(20)] + [noise(100, index) for index in range(2)])

    assert readings[19].alert_level == "normal"
    assert readings[21].alert_level == "emergency"
    assert readings[20].regions[0].peak_temp == pytest.approx(100, abs=1)


@pytest.mark.parametrize("side", [1, 2, 3, 4, 5])
def test_a_two_by_two_hot_spot_survives_bad_pixel_removal(side: int) -> None:
    frames = [noise(30, index) for index in range(200)]
    for index, frame in enumerate(frames):
        frame[10 : 10 + side, 12 : 12 + side] = 110 + np.random.default_rng(index).normal(0, 0.1, (side, side))
    reading = fed(frames)[-1]

    assert reading.flags == ()
    assert [spot.area for spot in reading.hotspots] == [side * side]
    assert reading.hotspots[0].max_temp == pytest.approx(110.2, abs=0.4)
    assert reading.regions[0].alert_level == "emergency"


def test_a_frame_in_a_fire_is_clamped_flagged_and_published() -> None:
    fire, frost = noise(30), noise(30)
    fire[3, 4], fire[5, 6] = 151, 420
    frost[0, 0] = -60
    hot, cold = fed([fire])[0], fed([frost])[0]

    assert hot.flags == ("clamped",)
    assert hot.regions[0].peak_temp == 300
    assert [spot.max_temp for spot in hot.hotspots] == [300.0, 151.0]
    assert cold.flags == ("clamped",)


def test_151_degrees_are_within_the_range() -> None:
    frame = noise(30)
    frame[3, 4] = 151

    assert fed([frame])[0].flags == ()


def test_pixels_that_are_no_numbers_are_replaced_and_flagged() -> None:
    frame = noise(30)
    frame[3, 4], frame[7, 8], frame[9, 9] = np.nan, np.inf, -np.inf
    reading = fed([frame])[0]

    assert "invalid_pixels" in reading.flags
    assert reading.frame_stats is not None
    assert 29 < reading.frame_stats.min < reading.frame_stats.max < 31
    assert np.isfinite(reading.frame).all()


def test_a_frame_of_nothing_is_a_reading_without_data() -> None:
    reading = fed([np.full((24, 32), np.nan, np.float32)])[0]

    assert (reading.flags, reading.frame_stats, reading.regions) == (("no_data",), None, ())
    assert (reading.composite_temperature, reading.sensor_temp, reading.hotspots) == (None, None, ())


def test_a_frame_of_pixels_that_are_all_broken_is_a_reading_without_data() -> None:
    whole = tuple((x, y) for x in range(32) for y in range(24))
    reading = fed([noise(30)], settings=ThermographySettings(broken_pixels=whole))[0]

    assert (reading.flags, reading.frame_stats, reading.bad_pixels) == (("no_data",), None, 768)


def test_a_known_bad_pixel_raises_no_alarm() -> None:
    frame = noise(30)
    frame[1, 1] = 250
    processor = ThermalProcessor(rois=PLAIN, listed_bad=[33])
    reading = processor.process(frame, NOW)

    assert (reading.alert_level, reading.flags, reading.hotspots) == ("normal", ("bad_pixels",), ())
    assert processor.statistics().bad_pixels == 1


@given(st.integers(0, 2**32 - 1))
def test_frame_statistics_are_numpy_s(seed: int) -> None:
    frame = np.random.default_rng(seed).normal(40, 20, (24, 32)).clip(COLDEST, HOTTEST).astype(np.float32)
    (reading,) = fed([frame], settings=ThermographySettings(filtered=False))
    assert reading.frame_stats is not None
    found = reading.frame_stats._asdict()
    plain = {
        "min": frame.min(),
        "max": frame.max(),
        "mean": frame.mean(dtype=float),
        "median": np.median(frame),
        "std": frame.std(dtype=float),
        "percentile_95": np.percentile(frame, 95),
        "percentile_5": np.percentile(frame, 5),
        "range": frame.max() - frame.min(),
    }

    assert found == pytest.approx({name: float(value) for name, value in plain.items()}, abs=0.0051)


@pytest.mark.parametrize("formula", ["radiation", "legacy"])
def test_region_statistics_are_those_of_the_plain_formulas(formula: Literal["radiation", "legacy"]) -> None:
    frame = np.random.default_rng(4).normal(60, 10, (24, 32)).astype(np.float32)
    settings = ThermographySettings(reflected_c=18.0, emissivity_formula=formula, filtered=False)
    regions = fed([frame], ROI_SETS["substation"], settings)[0].regions

    assert [region.name for region in regions] == [roi.name for roi in ROI_SETS["substation"]]
    for region, roi in zip(regions, ROI_SETS["substation"], strict=True):
        (x1, y1), (x2, y2) = roi.coordinates
        part = frame[y1:y2, x1:x2].astype(np.float64)
        surface = legacy(part, roi.emissivity) if formula == "legacy" else corrected(part, roi.emissivity, 18.0)
        assert region.pixel_count == part.size
        assert region.peak_temp == pytest.approx(surface.max(), abs=1e-5)
        assert region.max_temp == pytest.approx(region.peak_temp, abs=0.0051)
        assert region.min_temp == pytest.approx(surface.min(), abs=0.006)
        assert region.avg_temp == pytest.approx(surface.mean(), abs=0.006)
        assert region.median_temp == pytest.approx(np.median(surface), abs=0.006)
        assert region.std_dev == pytest.approx(surface.std(), abs=0.006)


def test_the_order_of_filters_is_temporal_then_gaussian_then_ambient() -> None:
    frames = [noise(40, index) for index in range(5)]
    reading = fed(frames, settings=ThermographySettings(ambient_c=35.0))[-1]
    weights = np.exp(np.linspace(-1, 0, 5))
    mean = sum(frame * weight for frame, weight in zip(frames, weights / weights.sum(), strict=True))
    line = np.exp(-(np.array([-1.0, 0.0, 1.0]) ** 2) / 0.5)
    kernel = np.outer(line, line) / line.sum() ** 2
    plain = sum(kernel[i, j] * mean[i : i + 22, j : j + 30] for i in range(3) for j in range(3)) - 1.0

    assert reading.frame[1:-1, 1:-1] == pytest.approx(plain, abs=1e-3)


def test_hot_spots_touch_along_edges_and_not_at_corners() -> None:
    frame = np.full((24, 32), 20.0, np.float32)
    frame[2:4, 2:4] = 90
    frame[4, 4] = 95
    frame[10, 20:25] = 100
    spots = hotspots(frame, 80.0, NOW)

    assert [(spot.center, spot.max_temp, spot.area) for spot in spots] == [
        ((22, 10), 100.0, 5),
        ((4, 4), 95.0, 1),
        ((2, 2), 90.0, 4),
    ]


def test_eighty_degrees_are_not_above_eighty() -> None:
    assert hotspots(np.full((24, 32), 80.0, np.float32), 80.0, NOW) == ()


def test_the_gradient_of_a_ramp_is_eight_times_its_slope() -> None:
    ramp = np.tile(np.arange(32, dtype=np.float32), (24, 1))
    found = gradient(ramp)

    assert found.magnitude[5, 5] == pytest.approx(8.0)
    assert found.direction[5, 5] == pytest.approx(0.0)
    assert gradient(-ramp).direction[5, 5] == pytest.approx(180.0)


ROIS = (black("a", ((0, 0), (16, 24)), weight=3.0), black("b", ((16, 0), (32, 24))))


@pytest.mark.parametrize(
    ("method", "expected"), [("weighted_average", 45.0), ("max", 60.0), ("average", 50.0), ("none", None)]
)
def test_the_composite_is_of_the_maxima_of_regions(method: str, expected: float | None) -> None:
    frame = np.full((24, 32), 40.0, np.float32)
    frame[:, 16:] = 60
    settings = ThermographySettings.model_validate({"composite": method, "filtered": False})

    assert fed([frame], ROIS, settings)[0].composite_temperature == expected


def test_disabled_regions_are_not_read_and_no_region_has_no_composite() -> None:
    reading = fed([noise(40)], (black("off", enabled=False),))[0]

    assert (reading.regions, reading.composite_temperature, reading.alert_level) == ((), None, "normal")


def test_processing_is_counted() -> None:
    processor = ThermalProcessor(rois=PLAIN)
    frame = noise(30)
    frame[3, 3] = 99
    for _ in range(7):
        processor.process(frame, NOW)

    assert processor.statistics() == ThermalStatistics(
        frames=7, bad_pixels=0, averaged_frames=5, hot_spots=7, filtered=True
    )


def test_every_number_of_a_reading_is_a_plain_one() -> None:
    frame = noise(30)
    frame[3, 3] = 99
    reading = fed([frame])[0]
    assert reading.frame_stats is not None
    parts = [*(region._asdict() for region in reading.regions), *(spot._asdict() for spot in reading.hotspots)]
    parts.append(reading.frame_stats._asdict())

    assert json.loads(json.dumps(parts, default=lambda value: value.isoformat()))[0]["name"] == "all"
    assert type(reading.sensor_temp) is float


def test_regions_change_from_the_next_frame_on() -> None:
    processor = ThermalProcessor(rois=PLAIN)
    processor.process(noise(30), NOW)
    processor.apply(ThermographySettings(), ROIS)

    assert [region.name for region in processor.process(noise(30), NOW).regions] == ["a", "b"]


def test_a_real_room_is_read_without_flags_and_its_person_is_warmer_than_it() -> None:
    with recording(ROOM_THERMAL).open(newline="", encoding="utf-8") as file:
        frames = [frame.temperatures for frame in recorded_frames(bounded_lines(file), BadLines())]
    readings = fed(frames, ROI_SETS["substation"])

    assert len(readings) == 846
    assert {reading.flags for reading in readings} == {()}
    assert all(reading.frame_stats and 20 < reading.frame_stats.mean < 35 for reading in readings)
    assert max(reading.frame_stats.range for reading in readings if reading.frame_stats) > 3


def test_the_sensor_is_as_warm_as_the_tenth_percentile_of_its_raw_frame() -> None:
    ramp = np.linspace(20, 96.7, 768, dtype=np.float32).reshape(24, 32)

    assert fed([ramp])[0].sensor_temp == pytest.approx(27.67, abs=0.01)
