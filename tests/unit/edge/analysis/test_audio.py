"""Loudness of decoded samples."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.analysis.audio import UNKNOWN, level, volume_percentage


def tone(amplitude: float, seconds: float = 1.0) -> np.ndarray:
    return (amplitude * 32768 * np.sin(np.arange(int(48_000 * seconds)) * 2 * np.pi * 440 / 48_000)).astype(np.int16)


@pytest.mark.parametrize(("decibels", "percent"), [(-100, 0), (-60, 0), (-57, 5), (-30, 50), (-12.1, 79), (0, 100)])
def test_volume_is_the_share_of_the_sixty_decibels_below_full_scale(decibels: float, percent: int) -> None:
    assert volume_percentage(decibels) == percent


def test_a_full_scale_sine_has_its_known_mean_level() -> None:
    measured = level(tone(0.999))

    assert measured.mean_volume_db == -3.0
    assert measured.rms == pytest.approx(0.7064, abs=1e-3)
    assert measured.volume_percentage == 94
    assert measured.audio is True


def test_the_level_is_that_of_the_plain_formula_over_all_channels() -> None:
    samples = np.random.default_rng(1).integers(-3000, 3000, (48_000, 2), dtype=np.int16)
    plain = 10 * np.log10(np.mean((samples.astype(np.float64) / 32768) ** 2))

    assert level(samples).mean_volume_db == round(float(plain), 1)


def test_floats_and_integers_of_one_sound_have_one_level() -> None:
    samples = tone(0.1)

    assert level(samples.astype(np.float32) / 32768).mean_volume_db == level(samples).mean_volume_db


def test_silence_is_no_sound() -> None:
    measured = level(np.zeros((16_000, 1), np.int16))

    assert (measured.audio, measured.mean_volume_db, measured.volume_percentage) == (False, -100.0, 0)


@pytest.mark.parametrize("nothing", [None, np.zeros((0, 2), np.int16)])
def test_what_was_not_heard_is_unknown_and_not_silent(nothing: np.ndarray | None) -> None:
    assert level(nothing) == UNKNOWN
    assert UNKNOWN.audio is None


@given(st.floats(-120, 20), st.floats(-120, 20))
def test_louder_is_never_a_smaller_volume(one: float, other: float) -> None:
    quieter, louder = sorted((one, other))

    assert 0 <= volume_percentage(quieter) <= volume_percentage(louder) <= 100
