"""Draws people, cars and a barrier."""

from collections.abc import Sequence
from itertools import pairwise
from math import sin
from typing import Final

import cv2
import numpy as np

from edge.simulation.canvas import Bytes8, polygon
from edge.simulation.scene import Car, Person
from edge.simulation.view import Point, View

Light = tuple[float, float, float]
Tint = tuple[float, float, float]

BARRIER_AWAY: Final = 12.0
"""Metres."""
_SHIFT: Final = 4
_SHOES: Final = (34, 30, 30)
_GLASS: Final = (58, 70, 82)
_TYRE: Final = (26, 26, 28)
_LENS: Final = (246, 242, 222)
_RED: Final = (196, 44, 40)
_WHITE: Final = (232, 230, 224)
_STRIPES: Final = 10
_SHADOW: Final = np.exp(-(np.linspace(-1.7, 1.7, 48)[:, np.newaxis] ** 2) - np.linspace(-1.7, 1.7, 48) ** 2).astype(
    np.float32
)


def draw_person(picture: Bytes8, person: Person, light: Light) -> None:
    """Everything except for the shadow lies within the person's box."""
    rows, columns = picture.shape[:2]
    tall = person.height * rows
    x, feet = person.x * columns, person.y * rows
    shadow(picture, (x + tall * 0.06, feet - tall * 0.005), (tall * 0.3, tall * 0.06), 0.55)
    _legs(picture, person, light, (x, feet - tall * 0.02, tall))
    _torso(picture, person, light, (x, feet, tall))
    _head(picture, person, light, (x, feet, tall))


def _legs(picture: Bytes8, person: Person, light: Light, place: tuple[float, float, float]) -> None:
    x, feet, tall = place
    aside = max(0.3, abs(person.heading))
    swing = 0.05 if person.stride is None else sin(person.stride) * 0.13 * aside
    lift = 0.0 if person.stride is None else sin(2 * person.stride) * 0.018
    thick = max(1, round(tall * 0.075 * person.appearance.build))
    trousers = lit(person.appearance.trousers, light)
    for side, up in ((swing, lift), (-swing, -lift)):
        hip = x + side * tall * 0.2, feet - tall * 0.47
        foot = x + side * tall, feet - tall * (0.02 + max(0.0, up))
        knee = (hip[0] + foot[0]) / 2 + tall * 0.03 * person.heading, feet - tall * 0.25
        _stroke(picture, hip, knee, trousers, thick)
        _stroke(picture, knee, foot, trousers, max(1, round(thick * 0.8)))
        toe = foot[0] + tall * 0.035 * person.heading, foot[1] + tall * 0.008
        _stroke(picture, foot, toe, lit(_SHOES, light), max(1, round(thick * 0.7)))


def _torso(picture: Bytes8, person: Person, light: Light, place: tuple[float, float, float]) -> None:
    x, feet, tall = place
    half = tall * person.appearance.build * (0.125 - 0.03 * abs(person.heading))
    coat = lit(person.appearance.coat, light)
    sleeve = lit(person.appearance.coat, light, 0.8)
    swing = 0.0 if person.stride is None else sin(person.stride) * 0.1 * max(0.3, abs(person.heading))
    thick = max(1, round(tall * 0.055))
    apart = 1 - 0.6 * abs(person.heading)  # from the side, one shoulder is behind the other
    arms = [
        (x + sign * half * 0.85 * apart, x + sign * (half + tall * 0.015) * apart - sign * tall * swing)
        for sign in (-1, 1)
    ]
    _arm(picture, arms[0], (feet, tall), sleeve, thick)
    shape = ((0.8, 0.835), (1.0, 0.79), (0.86, 0.62), (0.92, 0.42))
    right = [(x + half * wide, feet - tall * up) for wide, up in shape]
    left = [(x - half * wide, feet - tall * up) for wide, up in reversed(shape)]
    _fill(picture, right + left, coat)
    shadowed = [(x - half * 0.1, feet - tall * 0.8), (x - half * 0.1, feet - tall * 0.42), *left[:2], left[2]]
    _fill(picture, shadowed, lit(person.appearance.coat, light, 0.86))
    _arm(picture, arms[1], (feet, tall), sleeve, thick)


def _arm(picture: Bytes8, ends: tuple[float, float], size: tuple[float, float], colour: Tint, thick: int) -> None:
    (shoulder, hand), (feet, tall) = ends, size
    elbow = shoulder + (hand - shoulder) * 0.4, feet - tall * 0.61
    _stroke(picture, (shoulder, feet - tall * 0.785), elbow, colour, thick)
    _stroke(picture, elbow, (hand, feet - tall * 0.46), colour, max(1, round(thick * 0.85)))


def _head(picture: Bytes8, person: Person, light: Light, place: tuple[float, float, float]) -> None:
    x, feet, tall = place
    skin = lit(person.appearance.skin, light)
    _stroke(picture, (x, feet - tall * 0.82), (x, feet - tall * 0.87), skin, max(1, round(tall * 0.055)))
    middle = x + tall * 0.012 * person.heading, feet - tall * 0.922
    _oval(picture, middle, (tall * 0.05, tall * 0.066), skin)
    back = middle[0] - tall * 0.013 * person.heading, middle[1] - tall * 0.018
    _oval(picture, back, (tall * 0.052, tall * 0.054), lit(person.appearance.hair, light))
    face = middle[0] + tall * 0.016 * person.heading, middle[1] + tall * 0.018
    _oval(picture, face, (tall * 0.036, tall * 0.042), skin)


def draw_car(picture: Bytes8, car: Car, light: Light, *, shining: bool = False) -> None:
    rows, columns = picture.shape[:2]
    half, tall = car.width / 2 * columns, car.height * rows
    x, ground = car.x * columns, car.y * rows
    shadow(picture, (x, ground), (half * 1.25, tall * 0.14), 0.7)

    def part(points: Sequence[Point], colour: tuple[int, int, int], share: float = 1.0) -> None:
        _fill(picture, [(x + a * half, ground - b * tall) for a, b in points], lit(colour, light, share))

    for side in (-1, 1):
        part(((side * 0.62, 0), (side * 0.62, 0.3), (side * 0.92, 0.3), (side * 0.92, 0)), _TYRE)
    part(((-0.72, 0.98), (0.72, 0.98), (0.86, 0.6), (-0.86, 0.6)), car.paint, 0.85)
    part(((-0.6, 1.0), (0.6, 1.0), (0.7, 0.95), (-0.7, 0.95)), car.paint, 1.1)
    part(((-0.66, 0.93), (0.66, 0.93), (0.78, 0.62), (-0.78, 0.62)), _GLASS)
    part(((-0.5, 0.93), (-0.1, 0.93), (-0.4, 0.62), (-0.7, 0.62)), _GLASS, 1.5)
    part(((-0.86, 0.62), (0.86, 0.62), (0.97, 0.5), (0.98, 0.14), (-0.98, 0.14), (-0.97, 0.5)), car.paint)
    part(((-0.86, 0.62), (0.86, 0.62), (0.95, 0.52), (-0.95, 0.52)), car.paint, 1.15)
    part(((-0.5, 0.44), (0.5, 0.44), (0.44, 0.28), (-0.44, 0.28)), _TYRE)
    part(((-0.96, 0.24), (0.96, 0.24), (0.93, 0.12), (-0.93, 0.12)), car.paint, 0.6)
    part(((-0.2, 0.26), (0.2, 0.26), (0.2, 0.17), (-0.2, 0.17)), _WHITE)
    lens = lit(_LENS, (1.0, 1.0, 1.0) if shining else light)
    for side in (-1, 1):
        _oval(picture, (x + side * half * 0.76, ground - tall * 0.42), (half * 0.15, tall * 0.07), lens)


def draw_barrier(picture: Bytes8, view: View, light: Light, opened: float) -> None:
    """A pole over the road from its post, and the post; `opened` 0..1."""
    hinge = (-1.75, 1.05)
    reach = 6.4
    rise = opened * 1.35
    ends = []
    for number in range(_STRIPES + 1):
        along = reach * number / _STRIPES
        ends.append(view.point(hinge[0] + along * (1 - rise**2 / 2.2), hinge[1] + along * sin(rise), BARRIER_AWAY))
    rows, columns = picture.shape[:2]
    pixels = [(x * columns, y * rows) for x, y in ends]
    for number, (first, last) in enumerate(pairwise(pixels)):
        _stroke(picture, first, last, lit(_WHITE if number % 2 else _RED, light), max(2, round(rows * 0.011)))


def shadow(picture: Bytes8, middle: Point, radii: Point, depth: float) -> None:
    """Darkens an oval softly; pixels."""
    rows, columns = picture.shape[:2]
    left, top = round(middle[0] - radii[0]), round(middle[1] - radii[1])
    wide, high = max(2, round(2 * radii[0])), max(2, round(2 * radii[1]))
    inside = slice(max(0, top), min(rows, top + high)), slice(max(0, left), min(columns, left + wide))
    if inside[0].start >= inside[0].stop or inside[1].start >= inside[1].stop:
        return
    blob = np.asarray(cv2.resize(_SHADOW, (wide, high), interpolation=cv2.INTER_AREA), np.float32)
    blob = blob[inside[0].start - top : inside[0].stop - top, inside[1].start - left : inside[1].stop - left]
    part = picture[inside]
    part[:] = (part * (1 - depth * blob)[:, :, np.newaxis]).astype(np.uint8)


def lit(colour: tuple[int, int, int], light: Light, share: float = 1.0) -> Tint:
    red, green, blue = (min(255.0, part * fall * share) for part, fall in zip(colour, light, strict=True))
    return red, green, blue


def _fill(picture: Bytes8, points: Sequence[Point], colour: Tint) -> None:
    height, width = picture.shape[:2]
    shares = [(x / width, y / height) for x, y in points]
    cv2.fillPoly(picture, [polygon(picture, shares)], colour, cv2.LINE_AA, _SHIFT)


def _stroke(picture: Bytes8, first: Point, last: Point, colour: Tint, thick: int) -> None:
    cv2.line(picture, _fine(first), _fine(last), colour, thick, cv2.LINE_AA, _SHIFT)


def _oval(picture: Bytes8, middle: Point, radii: Point, colour: Tint) -> None:
    cv2.ellipse(picture, _fine(middle), _fine(radii), 0, 0, 360, colour, cv2.FILLED, cv2.LINE_AA, _SHIFT)


def _fine(point: Point) -> tuple[int, int]:
    return round(point[0] * (1 << _SHIFT)), round(point[1] * (1 << _SHIFT))
