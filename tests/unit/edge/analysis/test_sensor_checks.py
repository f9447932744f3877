"""What a thermal sensor that sends frames says of itself."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from bus_schemas.settings import FULL_FRAME, Roi, ThermographySettings
from bus_schemas.thermal import ThermalSensor
from edge.analysis.bad_pixels import STUCK_FRAMES
from edge.analysis.sensor_checks import SensorChecks
from edge.analysis.thermal import ThermalProcessor

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
SURFACE = Roi(name="all", coordinates=FULL_FRAME.coordinates, emissivity=1.0)
ODD = np.indices((24, 32)).sum(axis=0) % 2 == 1

Frame = NDArray[np.float32]


def noise(seed: int, level: float = 30.0) -> Frame:
    return np.random.default_rng(seed).normal(level, 0.1, (24, 32)).astype(np.float32)


def states(
    frames: Iterable[Frame],
    settings: ThermographySettings | None = None,
    listed: tuple[int, ...] = (),
    set_back_at: int | None = None,
    *,
    is_new: bool = False,
) -> list[ThermalSensor]:
    """Eight frames a second, after a minute or of an agent that was just started; the clock may be set back by an hour
    at one of them.
    """
    processor = ThermalProcessor(settings, (SURFACE,))
    processor.bad_pixels.knows_stuck = not is_new
    checks, found = SensorChecks(processor), []
    for index, frame in enumerate(frames):
        processor.know_listed(listed, frame.shape)
        hours = 0 if set_back_at is None or index < set_back_at else -1
        reading = processor.process(frame, NOON + timedelta(hours=hours, seconds=index / 8))
        found.append(checks.check(frame, reading))
    return [state for state in found if state is not None]


def faults(found: list[ThermalSensor]) -> list[list[str]]:
    return [[one.fault for one in state.faults] for state in found]


def test_a_sensor_that_sees_says_so_once() -> None:
    assert faults(states(noise(n) for n in range(400))) == [[]]


def test_a_sensor_is_said_to_be_well_once_that_is_known_and_not_because_its_agent_was_started_again() -> None:
    half = [noise(n) for n in range(200)]
    for frame in half:
        frame[:12] = 10.0

    assert faults(states((noise(n) for n in range(60)), is_new=True)) == []
    assert faults(states((noise(n) for n in range(100)), is_new=True)) == [[]]
    assert faults(states(half, is_new=True))[0] == ["sensor_bad_pixels"]
    assert faults(states([noise(1)] * 20, is_new=True)) == [["sensor_frozen"]]


def test_identical_frames_are_a_frozen_sensor_since_the_first_of_them() -> None:
    found = states([noise(0), *[noise(1)] * 100, *[noise(n) for n in range(2, 60)]])

    assert faults(found)[0] == []
    assert set(map(tuple, faults(found)[1:-1])) == {("sensor_frozen",)}
    assert faults(found)[-1] == []
    assert found[1].faults[0].since == NOON + timedelta(seconds=2 / 8)


def test_a_fault_is_over_in_its_time_although_the_clock_was_set_back() -> None:
    frames = [noise(0), *[noise(1)] * 30, *[noise(n) for n in range(2, 60)]]

    assert faults(states(frames, set_back_at=20))[-1] == []


def test_a_frozen_sensor_with_a_pixel_without_a_value_is_frozen() -> None:
    frame = noise(1)
    frame[3, 3] = np.nan

    assert faults(states([frame] * 20))[-1] == ["sensor_frozen"]


def test_half_frames_that_differ_are_a_chessboard() -> None:
    shifted = [noise(n) + np.where(ODD, 3.0, 0.0).astype(np.float32) for n in range(20)]

    assert faults(states(shifted)) == [["sensor_chessboard"]]
    assert faults(states(shifted, ThermographySettings(chessboard_c=4.0))) == [[]]


def test_a_hot_spot_is_no_chessboard() -> None:
    frames = [noise(n) for n in range(20)]
    for frame in frames:
        frame[5, 5] = 250.0

    assert faults(states(frames)) == [[]]


@pytest.mark.parametrize(("shape", "value"), [((24, 32), 1000.0), ((24, 32), -273.15), ((8, 8), 95.0)])
def test_a_pixel_that_is_far_from_all_others_is_no_chessboard(shape: tuple[int, int], value: float) -> None:
    frames = [np.random.default_rng(n).normal(30, 0.1, shape).astype(np.float32) for n in range(20)]
    for n, frame in enumerate(frames):
        frame[2 + n % 3, 5] = value

    assert not any(faults(states(frames)))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_half_frames_that_differ_are_a_chessboard_also_beside_pixels_without_a_value(value: float) -> None:
    shifted = [noise(n) + np.where(ODD, 3.0, 0.0).astype(np.float32) for n in range(20)]
    for n, frame in enumerate(shifted):
        frame[3, 4 + n % 8] = frame[4, 4 + n % 8] = value

    assert faults(states(shifted)) == [["sensor_chessboard"]]


def test_half_a_frame_that_repeats_one_number_is_a_fault_wherever_that_number_lies() -> None:
    for number in (10.0, 40.0):
        frames = [noise(n) for n in range(200)]
        for frame in frames:
            frame[:12] = number

        assert faults(states(frames))[-1] == ["sensor_bad_pixels"]


def test_heat_at_which_the_sensor_measures_no_further_is_told_as_heat() -> None:
    frames = [noise(n) for n in range(200)]
    for frame in frames:
        frame[4:12, 4:12] = 120.0

    assert faults(states(frames)) == [[]]


def test_pixels_that_are_broken_are_a_fault_also_where_they_are_not_replaced() -> None:
    frames = [noise(n) for n in range(200)]
    for frame in frames:
        frame[:12] = 10.0

    assert faults(states(frames, ThermographySettings(bad_pixel_filter=False)))[-1] == ["sensor_bad_pixels"]


def test_a_frame_beyond_the_range_of_the_sensor_is_a_fault_and_a_fire_is_none() -> None:
    fires = [noise(n) for n in range(20)]
    for fire in fires:
        fire[:4, :10] = 400.0

    assert faults(states(noise(n, 1000.0) for n in range(20))) == [["sensor_out_of_range"]]
    assert faults(states(fires)) == [[]]


@pytest.mark.parametrize("value", [np.nan, -273.15, -np.inf])
def test_more_pixels_without_a_value_than_allowed_are_a_fault(value: float) -> None:
    few, many = [noise(n) for n in range(20)], [noise(n) for n in range(20)]
    for frame in few:
        frame.ravel()[:16] = value
    for frame in many:
        frame.ravel()[:17] = value

    assert faults(states(few)) == [[]]
    assert faults(states(many)) == [["sensor_bad_pixels"]]
    assert states(many)[0].faults[0].value == 17


def test_the_pixels_that_the_sensor_lists_are_said_once() -> None:
    [state] = states((noise(n) for n in range(100)), listed=(0, 33, 99_999))

    assert [(one.pixel, one.fault, one.temp) for one in state.masked] == [
        ((0, 0), "listed", None),
        ((1, 1), "listed", None),
    ]
    assert state.masked_count == 2


def test_a_stuck_pixel_is_said_with_what_it_read_when_it_was_masked() -> None:
    frames = [noise(n) for n in range(STUCK_FRAMES + 100)]
    for frame in frames:
        frame[7, 12] = 110.0
    first, masked = states(frames)

    assert first.masked == ()
    assert masked.model_dump(mode="json")["masked"] == [
        {"pixel": [12, 7], "fault": "stuck", "temp": 110.0, "alert_level": "emergency"}
    ]


def test_a_pixel_that_people_declare_broken_is_masked_from_the_first_frame() -> None:
    frames = [noise(n) for n in range(10)]
    for frame in frames:
        frame[7, 12] = 110.0
    settings = ThermographySettings(broken_pixels=((12, 7), (40, 2)))
    [state] = states(frames, settings)
    reading = ThermalProcessor(settings, (SURFACE,)).process(frames[0], NOON)

    assert [(one.pixel, one.fault) for one in state.masked] == [((12, 7), "declared")]
    assert reading.peak is not None
    assert reading.peak < 31
    assert reading.bad_pixels == 1


def test_without_the_filter_no_pixel_is_masked() -> None:
    settings = ThermographySettings(broken_pixels=((12, 7),), bad_pixel_filter=False)
    [state] = states((noise(n) for n in range(10)), settings)

    assert state.masked == ()


def test_a_frame_without_any_value_is_left_to_the_health_of_the_source() -> None:
    assert states([np.full((24, 32), np.nan, np.float32)] * 10) == []
