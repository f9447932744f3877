"""The yard as a camera sees it: day and night, sensor noise, a clock in the picture, and the faults of a camera."""

from datetime import datetime, timedelta
from math import sin
from typing import Final

import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from edge.analysis.lettering import Lettering
from edge.sources.yard import BUSHINGS, FINS, TANK, Person, Rectangle, Yard

Bytes8 = NDArray[np.uint8]
Colour = tuple[int, int, int]

_LETTERS: Final = Lettering(14)
_NOISE: Final = 2.0
_LIGHT_STEPS: Final = 50
_STUDIO_BLACK: Final = 16


class VisualScene:
    """Draws any moment by itself: the same time is the same picture, noise included."""

    def __init__(self, yard: Yard, size: tuple[int, int] = (640, 360), name: str = "") -> None:
        self.size = size
        self._yard = yard
        self._name = name
        self._day = _ground(size, light=True)
        self._night = _ground(size, light=False)
        self._lit: tuple[int, Bytes8] = (-1, self._day)
        random = np.random.default_rng(7)
        # Rows of noise, of which each picture takes others: a new field every time would cost more than the drawing.
        field = random.normal(0, _NOISE, (size[1] * 2, size[0]))
        self._brighter = np.clip(field, 0, 255).astype(np.uint8)
        self._darker = np.clip(-field, 0, 255).astype(np.uint8)

    def draw(self, time: datetime) -> VideoFrame:
        age = self._yard.schedule.age("freeze", time)
        if age is not None:
            time -= timedelta(seconds=age)
        if self._yard.schedule.age("black", time) is not None:
            return self._black()
        state = self._yard.at(time)
        picture = self._background(state.daylight).copy()
        for person in state.people:
            _person(picture, person, state.daylight)
        planes = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420), np.uint8)
        self._add_noise(planes[: self.size[1]], time)
        _LETTERS.write(planes[: self.size[1]], f"{self._name} {time:%Y-%m-%d %H:%M:%S} UTC".strip(), (8, 8))
        return VideoFrame.from_ndarray(planes, format="yuv420p")

    def _background(self, daylight: float) -> Bytes8:
        step = round(daylight * _LIGHT_STEPS)
        if self._lit[0] != step:
            share = step / _LIGHT_STEPS
            self._lit = step, np.asarray(cv2.addWeighted(self._day, share, self._night, 1 - share, 0), np.uint8)
        return self._lit[1]

    def _add_noise(self, luma: Bytes8, time: datetime) -> None:
        first = int(time.timestamp() * 1000) * 7919 % self.size[1]
        rows = slice(first, first + self.size[1])
        cv2.subtract(cv2.add(luma, self._brighter[rows]), self._darker[rows], dst=luma)

    def _black(self) -> VideoFrame:
        width, height = self.size
        planes = np.full((height * 3 // 2, width), 128, np.uint8)
        planes[:height] = _STUDIO_BLACK
        return VideoFrame.from_ndarray(planes, format="yuv420p")


def _ground(size: tuple[int, int], *, light: bool) -> Bytes8:
    width, height = size
    picture = np.zeros((height, width, 3), np.uint8)
    horizon = round(height * 0.42)
    picture[:horizon] = (214, 178, 140) if light else (34, 20, 14)
    picture[horizon:] = (96, 122, 112) if light else (22, 26, 24)
    picture[round(height * 0.7) :] = (136, 136, 132) if light else (34, 34, 32)
    texture = np.random.default_rng(3).integers(-9, 9, (height // 4, width // 4, 1))
    rough = np.asarray(cv2.resize(texture.astype(np.float32), size, interpolation=cv2.INTER_CUBIC), np.float32)
    picture = np.clip(picture + rough[:, :, np.newaxis] * (1.0 if light else 0.3), 0, 255).astype(np.uint8)
    shade = 1.0 if light else 0.3
    _fill(picture, (0.02, 0.18, 0.34, 0.34), (82, 104, 142), shade)
    for column in range(4):
        _fill(picture, (0.05 + 0.075 * column, 0.25, 0.045, 0.1), (150, 120, 90) if light else (90, 220, 255), 1.0)
    _fill(picture, TANK, (112, 116, 104), shade)
    _fill(picture, FINS, (92, 96, 88), shade)
    for bushing in BUSHINGS:
        _fill(picture, bushing, (48, 64, 120), shade)
    return picture


def _fill(picture: Bytes8, part: Rectangle, colour: Colour, shade: float) -> None:
    height, width = picture.shape[:2]
    x, y, wide, high = part
    first = round(x * width), round(y * height)
    last = round((x + wide) * width), round((y + high) * height)
    cv2.rectangle(picture, first, last, tuple(value * shade for value in colour), cv2.FILLED)


def _person(picture: Bytes8, person: Person, daylight: float) -> None:
    rows, columns = picture.shape[:2]
    tall = person.height * rows
    x, feet = person.x * columns, person.y * rows
    light = 0.25 + 0.75 * daylight
    coat = tuple((40 + 130 * person.shade) * light * tint for tint in (0.7, 0.8, 1.0))
    skin = tuple(value * light for value in (140, 170, 215))
    swing = sin(person.stride) * tall * 0.14
    hip, neck = (round(x), round(feet - tall * 0.45)), (round(x), round(feet - tall * 0.8))
    thick = max(2, round(tall * 0.09))
    for side in (-swing, swing):
        cv2.line(picture, hip, (round(x + side), round(feet)), (30 * light, 26 * light, 24 * light), thick)
        cv2.line(picture, neck, (round(x - side * 0.8), round(feet - tall * 0.45)), coat, max(1, thick * 2 // 3))
    cv2.line(picture, hip, neck, coat, round(tall * 0.2))
    cv2.circle(picture, (round(x), round(feet - tall * 0.9)), max(2, round(tall * 0.08)), skin, cv2.FILLED)
