"""Sources that play drawn scenes at the pace of a real device: pictures with sound, and thermal frames."""

from collections import deque
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.agent.defaults import DRAWN_FPS
from edge.capture.recorder import Recorder
from edge.capture.sources.audio_samples import OneSecondChunks
from edge.capture.sources.source import CameraFrame, Pause, Reading, Samples, ThermalFrame
from edge.simulation.scene import Scene
from edge.simulation.thermal_scene import ThermalScene
from edge.simulation.visual_scene import VisualScene
from producer.ids import Clock

SOUND_RATE: Final = 16_000
_LATE: Final = timedelta(seconds=1)


class Ticker:
    """Times that are 1/rate apart. It does not make up for what a slow machine has missed."""

    def __init__(self, rate: float, clock: Clock, pause: Pause) -> None:
        self._every = timedelta(seconds=1 / rate)
        self._clock = clock
        self._pause = pause
        self._next: datetime | None = None

    def wait(self) -> datetime:
        now = self._clock()
        time = self._next if self._next and abs(now - self._next) <= max(_LATE, 2 * self._every) else now
        self._next = time + self._every
        if time > now:
            self._pause((time - now).total_seconds())
        return time


class SceneSound:
    """The hum of a transformer (twice 50 Hz and overtones) with wind; nothing at all while `silence` is on."""

    def __init__(self, scene: Scene) -> None:
        self._schedule = scene.schedule
        moments = np.arange(2 * SOUND_RATE) / SOUND_RATE
        hum = sum(np.sin(2 * np.pi * tone * moments) * part for tone, part in ((100, 0.06), (200, 0.03), (400, 0.01)))
        wind = np.random.default_rng(5).normal(0, 0.01, len(moments))
        self._loop = np.asarray((hum + wind) * 32767, np.int16).reshape(-1, 1)

    def samples(self, time: datetime, seconds: float) -> NDArray[np.int16]:
        count = round(SOUND_RATE * seconds)
        if self._schedule.age("silence", time) is not None:
            return np.zeros((count, 1), np.int16)
        first = round(time.timestamp() * SOUND_RATE) % SOUND_RATE
        return self._loop[first : first + count]


class VisualSceneSource:
    """A camera; without a sound it has no microphone."""

    def __init__(
        self,
        drawing: VisualScene,
        sound: SceneSound | None,
        clock: Clock,
        pause: Pause,
        recorder: Recorder | None = None,
        fps: int = DRAWN_FPS,
    ) -> None:
        self._drawing = drawing
        self._sound = sound
        self._clock = clock
        self._pause = pause
        self._recorder = recorder
        self._fps = fps
        self._ticker = Ticker(fps, clock, pause)
        self._seconds = OneSecondChunks()
        self._ready: deque[Reading] = deque()
        self._sequence = 0

    def open(self) -> None:
        self._ticker = Ticker(self._fps, self._clock, self._pause)
        self._seconds = OneSecondChunks()
        if self._recorder:
            self._recorder.begin(self._drawing.size, rate=SOUND_RATE if self._sound else None)

    def read(self) -> Reading:
        if self._ready:
            return self._ready.popleft()
        time = self._ticker.wait()
        picture = self._drawing.draw(time)
        if self._recorder:
            self._recorder.picture(picture, time)
        if self._sound:
            self._take_sound(self._sound.samples(time, 1 / self._fps), time)
        self._sequence += 1
        return CameraFrame(time, self._sequence, picture)

    def _take_sound(self, samples: NDArray[np.int16], time: datetime) -> None:
        if self._recorder:
            self._recorder.sound(samples, SOUND_RATE, time)
        if second := self._seconds.add(Samples(time, samples, SOUND_RATE)):
            self._ready.append(second)

    def close(self) -> None:
        self._ready.clear()
        if self._recorder:
            self._recorder.finish()


class ThermalSceneSource:
    def __init__(self, drawing: ThermalScene, clock: Clock, pause: Pause, rate: float = 8.0) -> None:
        self._drawing = drawing
        self._ticker = Ticker(rate, clock, pause)
        self._sequence = 0

    def open(self) -> None:
        """A drawing needs no opening."""

    def read(self) -> ThermalFrame:
        time = self._ticker.wait()
        self._sequence += 1
        return ThermalFrame(time, self._sequence, self._drawing.draw(time))

    def close(self) -> None:
        """A drawing needs no closing."""
