"""The transformer found by its warmth."""

import numpy as np
import pytest

from edge.analysis.transformer import transformer_region


def noise() -> np.ndarray:
    return np.random.default_rng(1).normal(20, 0.2, (24, 32)).astype(np.float32)


def test_a_warm_block_is_found_with_its_statistics() -> None:
    frame = noise()
    frame[8:18, 10:20] += 30
    found = transformer_region(frame)

    assert found is not None
    assert found.pixel_count == pytest.approx(100, abs=12)
    assert found.avg_temp == pytest.approx(50, abs=0.5)
    assert found.min_temp <= found.q1_temp <= found.median_temp <= found.q3_temp <= found.max_temp
    assert found.detection_confidence == pytest.approx((50 - 20) / 50, abs=0.05)


def test_noise_alone_is_no_transformer() -> None:
    assert transformer_region(noise()) is None


def test_a_plain_gradient_is_no_transformer() -> None:
    ramp = np.tile(np.linspace(20, 40, 32, dtype=np.float32), (24, 1))

    assert transformer_region(ramp) is None


def test_a_flat_frame_is_no_transformer() -> None:
    assert transformer_region(np.full((24, 32), 30.0, np.float32)) is None
