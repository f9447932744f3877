"""Converts sound to int16 of at most two channels, and joins it into chunks of a second."""

from datetime import datetime

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from edge.capture.sources.source import Samples


class OneSecondChunks:
    """Joins consecutive samples into chunks of a second or slightly more."""

    def __init__(self) -> None:
        self._parts: list[NDArray[np.int16]] = []
        self._held = 0
        self._rate = 0
        self._start: datetime | None = None

    def add(self, part: Samples) -> Samples | None:
        if self._parts and (part.rate, part.samples.shape[1]) != (self._rate, self._parts[0].shape[1]):
            self._parts, self._held, self._start = [], 0, None
        self._rate = part.rate
        self._start = self._start or part.time
        self._parts.append(part.samples)
        self._held += len(part.samples)
        if self._held < part.rate:
            return None
        second = Samples(self._start, np.concatenate(self._parts), part.rate)
        self._parts, self._held, self._start = [], 0, None
        return second


class Resampler:
    """Converts decoded sound to int16. Rate, format and channels may change at any time."""

    def __init__(self) -> None:
        self._resampler: AudioResampler | None = None
        self._form: tuple[object, ...] = ()

    def samples(self, sound: AudioFrame, time: datetime) -> list[Samples]:
        form = (sound.format.name, sound.layout.name, sound.sample_rate)
        if self._resampler is None or form != self._form:
            layout = "mono" if sound.layout.nb_channels == 1 else "stereo"
            self._resampler = AudioResampler(format="s16", layout=layout)
            self._form = form
        return [
            Samples(
                time, np.asarray(part.to_ndarray(), np.int16).reshape(-1, part.layout.nb_channels), part.sample_rate
            )
            for part in self._resampler.resample(sound)
        ]
