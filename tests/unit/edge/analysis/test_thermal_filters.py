"""The filters of thermal frames."""

import numpy as np
import pytest

from edge.analysis.thermal_filters import (
    TemporalFilter,
    ambient_offset,
    smoothed,
    weights,
)


def flat(temperature: float) -> np.ndarray:
    return np.full((24, 32), temperature, np.float32)


def test_weights_of_five_frames_are_those_of_the_formula() -> None:
    assert weights(5) == pytest.approx([0.1141, 0.1464, 0.1880, 0.2414, 0.3100], abs=5e-5)


def test_fewer_than_three_frames_are_not_averaged() -> None:
    temporal = TemporalFilter()

    assert [float(temporal.filter(flat(t))[0, 0]) for t in (20, 40)] == [20.0, 40.0]
    assert float(temporal.filter(flat(60))[0, 0]) != 60.0


def test_a_step_arrives_completely_within_five_frames() -> None:
    temporal = TemporalFilter()
    for _ in range(10):
        temporal.filter(flat(40))
    response = [float(temporal.filter(flat(100))[0, 0]) for _ in range(5)]

    assert response == pytest.approx([58.60, 73.09, 84.37, 93.15, 100.0], abs=0.01)


def test_the_frame_itself_is_left_alone() -> None:
    temporal, frame = TemporalFilter(), flat(40)
    for _ in range(4):
        temporal.filter(frame)

    assert (frame == 40).all()


def test_smoothing_is_the_plain_three_by_three_gaussian() -> None:
    frame = np.random.default_rng(1).normal(30, 5, (24, 32)).astype(np.float32)
    line = np.exp(-(np.array([-1.0, 0.0, 1.0]) ** 2) / (2 * 0.5**2))
    kernel = np.outer(line, line) / line.sum() ** 2
    plain = sum(kernel[i, j] * frame[i : i + 22, j : j + 30] for i in range(3) for j in range(3))

    assert smoothed(frame)[1:-1, 1:-1] == pytest.approx(plain, abs=1e-4)


@pytest.mark.parametrize(("ambient", "expected"), [(None, 50.0), (25.0, 50.0), (35.0, 49.0), (5.0, 52.0)])
def test_ambient_takes_a_tenth_of_its_distance_from_25(ambient: float | None, expected: float) -> None:
    assert float((flat(50) - ambient_offset(ambient))[3, 3]) == pytest.approx(expected)
