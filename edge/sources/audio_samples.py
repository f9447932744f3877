"""Decoded sound gathered into chunks of one second, int16 and of at most two channels."""

from collections.abc import Iterator
from datetime import datetime

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from edge.sources.source import Samples


class SampleCollector:
    def __init__(self) -> None:
        self._resampler: AudioResampler | None = None
        self._parts: list[NDArray[np.int16]] = []
        self._held = 0
        self._time: datetime | None = None

    def add(self, sound: AudioFrame, time: datetime) -> Iterator[Samples]:
        if self._resampler is None:
            layout = "mono" if sound.layout.nb_channels == 1 else "stereo"
            self._resampler = AudioResampler(format="s16", layout=layout)
        for part in self._resampler.resample(sound):
            self._time = self._time or time
            samples = np.asarray(part.to_ndarray(), np.int16).reshape(-1, part.layout.nb_channels)
            self._parts.append(samples)
            self._held += len(samples)
            if self._held >= part.sample_rate:
                yield Samples(self._time, np.concatenate(self._parts), part.sample_rate)
                self._parts, self._held, self._time = [], 0, None
