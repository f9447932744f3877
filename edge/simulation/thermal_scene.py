"""Draws a location as a thermal sensor sees it."""

from datetime import datetime, timedelta
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from bus_schemas.thermal import COLUMNS, ROWS
from edge.simulation.locations import Rectangle
from edge.simulation.scene import Car, Person, Scene

Celsius = NDArray[np.float32]

_FINER: Final = 8
_SKIN: Final = 31.0
_HOOD: Final = 16.0
_SKY: Final = 6.0
_NOISE: Final = 0.12


class ThermalScene:
    """Draws 24 x 32 float32 in °C, eight times finer and averaged, as a lens does. One time gives one frame."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._noise = np.random.default_rng(11).normal(0, _NOISE, (256, ROWS, COLUMNS)).astype(np.float32)

    def draw(self, time: datetime) -> Celsius:
        age = self._scene.schedule.age("freeze", time)
        if age is not None:
            time -= timedelta(seconds=age)
        state = self._scene.at(time)
        location = self._scene.location
        fine = np.full((ROWS * _FINER, COLUMNS * _FINER), state.ambient, np.float32)
        if not location.indoors:
            fine[: round(location.view.horizon * ROWS * _FINER)] -= _SKY
        for warm, temperature in zip(location.warm, state.parts, strict=True):
            _fill(fine, warm.part, temperature)
        for figure in state.figures:
            if isinstance(figure, Person):
                _person(fine, figure, state.ambient)
            else:
                _car(fine, figure, state.ambient)
        frame = np.asarray(cv2.resize(fine, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA), np.float32)
        frame += self._noise[int(time.timestamp() * 1000) % len(self._noise)]
        return frame


def _fill(fine: Celsius, part: Rectangle, temperature: float) -> None:
    rows, columns = fine.shape
    x, y, wide, high = part
    fine[round(y * rows) : round((y + high) * rows), round(x * columns) : round((x + wide) * columns)] = temperature


def _person(fine: Celsius, person: Person, ambient: float) -> None:
    """Clothes hide half of the warmth. The sensor's picture is 4:3, so that what is round is a little narrow in it."""
    rows, columns = fine.shape
    tall = person.height * rows
    x, feet = person.x * columns, person.y * rows
    centre = (round(x), round(feet - tall * 0.45))
    cv2.ellipse(fine, centre, (max(1, round(tall * 0.12)), round(tall * 0.42)), 0, 0, 360, (ambient + _SKIN) / 2, -1)
    cv2.circle(fine, (round(x), round(feet - tall * 0.9)), max(1, round(tall * 0.08)), _SKIN, cv2.FILLED)


def _car(fine: Celsius, car: Car, ambient: float) -> None:
    left, top, wide, high = car.x - car.width / 2, car.y - car.height, car.width, car.height
    body = max(0.0, left), max(0.0, top + high * 0.3), wide, high * 0.6
    _fill(fine, body, ambient + _HOOD / 4)
    _fill(fine, (max(0.0, left + wide * 0.2), max(0.0, top + high * 0.5), wide * 0.6, high * 0.3), ambient + _HOOD)
