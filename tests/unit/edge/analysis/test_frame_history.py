"""In how many bytes a raw frame of a thermal sensor is kept, and how exactly."""

from datetime import UTC, datetime

import numpy as np
import pytest

from bus_schemas.radiometric import decode
from edge.agent.settings import RatesSettings
from edge.analysis.frame_history import FrameHistory
from edge.capture.sources.source import ThermalFrame

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
GOAL_BYTES = 400


def room(noise_c: float, seed: int = 1) -> ThermalFrame:
    """A wall with a cold window, through the noise of a pixel at some rate of the sensor."""
    rows, columns = np.mgrid[0:24, 0:32]
    scene = (
        24 + 3 * np.sin(rows / 9) + 2 * np.cos(columns / 12) - 2 * np.exp(-((rows - 4) ** 2 + (columns - 28) ** 2) / 9)
    )
    noise = np.random.default_rng(seed).normal(0, noise_c, scene.shape)
    return ThermalFrame(NOON, 1, (scene + noise).astype(np.float32))


@pytest.mark.parametrize(("noise_c", "most_bytes"), [(0.05, 280), (0.2, 330), (0.38, GOAL_BYTES)])
def test_a_frame_of_a_noisy_sensor_takes_four_hundred_bytes_and_of_a_quiet_one_fewer(
    noise_c: float, most_bytes: int
) -> None:
    history = FrameHistory(RatesSettings())

    sizes = [len(history.regular(room(noise_c, seed)).picture.payload) for seed in range(20)]

    assert np.mean(sizes) <= most_bytes


@pytest.mark.parametrize("noise_c", [0.05, 0.2, 0.4])
def test_what_rounding_adds_is_lost_in_the_noise(noise_c: float) -> None:
    """Also of a sensor that is read twice a second, with an eighth of the noise."""
    history = FrameHistory(RatesSettings())
    frames = [room(noise_c, seed) for seed in range(100)]

    kept = np.array([decode(history.regular(frame).picture.payload).celsius for frame in frames]).reshape(-1, 24, 32)
    errors = kept - np.array([frame.temperatures for frame in frames])

    assert np.abs(errors).max() <= 0.076
    assert np.abs(errors[:, 8:16, 8:24].mean((1, 2))).max() < 0.02
    assert np.abs(errors.mean(0)).max() < 0.05
