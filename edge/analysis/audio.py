"""Measures the loudness of decoded samples in three states: sound, silence, unknown."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

SILENCE_DB: Final = -100.0
AUDIBLE_PERCENT: Final = 5


@dataclass(frozen=True, slots=True)
class AudioLevel:
    """All fields are `None` if no sound could be measured, which is not the same as silence."""

    audio: bool | None
    mean_volume_db: float | None
    volume_percentage: int | None
    rms: float | None


UNKNOWN: Final = AudioLevel(audio=None, mean_volume_db=None, volume_percentage=None, rms=None)


def level(samples: NDArray[Any] | None) -> AudioLevel:
    """The level of samples of any shape: integers with the full scale of their type, or floats with full scale 1.0."""
    if samples is None or samples.size == 0:
        return UNKNOWN
    scaled = samples.astype(np.float32).ravel()
    full_scale = float(-np.iinfo(samples.dtype).min) if np.issubdtype(samples.dtype, np.integer) else 1.0
    rms = float(np.sqrt(np.dot(scaled, scaled) / scaled.size)) / full_scale
    decibels = max(SILENCE_DB, 20.0 * float(np.log10(rms))) if rms > 0 else SILENCE_DB
    volume = volume_percentage(decibels)
    return AudioLevel(
        audio=volume > AUDIBLE_PERCENT, mean_volume_db=round(decibels, 1), volume_percentage=volume, rms=rms
    )


def volume_percentage(mean_volume_db: float) -> int:
    """-60 dB and below is 0 %, full scale is 100 %."""
    return int(min(100.0, max(0.0, (mean_volume_db + 60.0) * 100.0 / 60.0)))
