"""Draws a location as a camera sees it: day and night, sensor noise, a clock in the picture, and camera faults."""

from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, TypeVar

import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from edge.agent.defaults import DRAWN_SIZE
from edge.analysis.lettering import Lettering
from edge.simulation import picture_faults
from edge.simulation.backdrops import backdrop
from edge.simulation.canvas import Bytes8
from edge.simulation.figures import BARRIER_AWAY, Light, draw_barrier, draw_car, draw_person
from edge.simulation.lighting import Floats, at_night
from edge.simulation.locations import LocationName
from edge.simulation.scene import Car, Person, Scene, SceneState

_LETTERS: Final = Lettering(14)
_NOISE: Final = 2.0
_LIGHT_STEPS: Final = 50
_HEADLIGHTS_BELOW: Final = 0.6

Array = TypeVar("Array", bound=NDArray[Any])


class VisualScene:
    """Draws any moment by itself: the same time is the same picture, noise included."""

    def __init__(self, scene: Scene, size: tuple[int, int] = DRAWN_SIZE, name: str = "") -> None:
        self.size = size
        self._scene = scene
        self._name = name
        self._day, self._night, self._lamplight = _empty(scene.location_name, size)
        self._lit: tuple[int, Bytes8] = (-1, self._day)
        self._brighter, self._darker = _noise(size)

    def draw(self, time: datetime) -> VideoFrame:
        age = self._scene.schedule.age("freeze", time)
        if age is not None:
            time -= timedelta(seconds=age)
        schedule = self._scene.schedule
        if schedule.age("black", time) is not None:
            return _frame(picture_faults.black(self.size))
        if schedule.age("zap", time) is not None:
            return _frame(picture_faults.banner(self.size))
        state = self._scene.at(time)
        picture = self._background(state.daylight).copy()
        self._figures(picture, state)
        planes = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420), np.uint8)
        self._add_noise(planes[: self.size[1]], time)
        local = time.astimezone(self._scene.zone)
        _LETTERS.write(planes[: self.size[1]], f"{self._name} {local:%Y-%m-%d %H:%M:%S %Z}".strip(), (8, 8))
        if schedule.age("corrupt_rows", time) is not None:
            picture_faults.smear(planes)
        if schedule.age("macroblocks", time) is not None:
            picture_faults.break_into_blocks(planes)
        return _frame(planes)

    def _background(self, daylight: float) -> Bytes8:
        step = round(daylight * _LIGHT_STEPS)
        if self._lit[0] != step:
            share = step / _LIGHT_STEPS
            self._lit = step, np.asarray(cv2.addWeighted(self._day, share, self._night, 1 - share, 0), np.uint8)
        return self._lit[1]

    def _figures(self, picture: Bytes8, state: SceneState) -> None:
        """The barrier hides figures behind it, and is hidden by figures before it."""
        for figure in state.figures:
            if figure.away >= BARRIER_AWAY:
                self._figure(picture, figure, state.daylight)
        if self._scene.location.road is not None:
            view = self._scene.location.view
            light = self._light(*view.point(0, 1, BARRIER_AWAY), state.daylight)
            draw_barrier(picture, view, light, state.barrier)
        for figure in state.figures:
            if figure.away < BARRIER_AWAY:
                self._figure(picture, figure, state.daylight)

    def _figure(self, picture: Bytes8, figure: Person | Car, daylight: float) -> None:
        light = self._light(figure.x, figure.y - figure.height * 0.3, daylight)
        if isinstance(figure, Car):
            draw_car(picture, figure, light, shining=daylight < _HEADLIGHTS_BELOW)
        else:
            draw_person(picture, figure, light)

    def _light(self, x: float, y: float, daylight: float) -> Light:
        """The light on a figure: daylight, and lamps at its place."""
        rows, columns = self._lamplight.shape[:2]
        row, column = min(rows - 1, max(0, int(y * rows))), min(columns - 1, max(0, int(x * columns)))
        red, green, blue = self._lamplight[row, column].tolist()
        dark = 1 - daylight
        return daylight + dark * red, daylight + dark * green, daylight + dark * blue

    def _add_noise(self, luma: Bytes8, time: datetime) -> None:
        first = int(time.timestamp() * 1000) * 7919 % self.size[1]
        rows = slice(first, first + self.size[1])
        cv2.subtract(cv2.add(luma, self._brighter[rows]), self._darker[rows], dst=luma)


@cache
def _empty(place: LocationName, size: tuple[int, int]) -> tuple[Bytes8, Bytes8, Floats]:
    """A location by day and by night, and the light of its lamps: painted once, which takes as long as 200 pictures."""
    painted, lamps = backdrop(place, size)
    day, glow, matte = painted.finished()
    night, lamplight = at_night(day, glow, matte, lamps)
    return _shared(day), _shared(night), _shared(lamplight)


@cache
def _noise(size: tuple[int, int]) -> tuple[Bytes8, Bytes8]:
    """What is added and taken away: twice as many rows as a picture, which takes others of them each time. A new field
    for each would cost more than the drawing.
    """
    field = np.random.default_rng(7).normal(0, _NOISE, (size[1] * 2, size[0]))
    return _shared(np.clip(field, 0, 255).astype(np.uint8)), _shared(np.clip(-field, 0, 255).astype(np.uint8))


def _shared(array: Array) -> Array:
    array.setflags(write=False)
    return array


def _frame(planes: Bytes8) -> VideoFrame:
    return VideoFrame.from_ndarray(planes, format="yuv420p")
