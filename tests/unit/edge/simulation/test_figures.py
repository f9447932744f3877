"""Drawn people and cars, and that they lie in the boxes that are told of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.simulation.figures import draw_car, draw_person
from edge.simulation.locations import LOCATIONS, Location
from edge.simulation.scene import CAR_METRES, Car, Person, Scene
from edge.simulation.schedule import Schedule

LIGHT = (1.0, 1.0, 1.0)
START = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def person() -> Person:
    """In the middle of the picture, as anybody in a yard looks."""
    yard = Scene(Schedule(START), people=5)
    people = [one for n in range(60) for one in yard.at(START + timedelta(seconds=n)).people]
    return replace(people[0], x=0.5, y=0.9, height=0.5)


def drawn(figure: Person | Car) -> NDArray[np.bool_]:
    """Where a picture of 640 x 360 has changed."""
    picture = np.full((360, 640, 3), 240, np.uint8)
    if isinstance(figure, Car):
        draw_car(picture, figure, LIGHT)
    else:
        draw_person(picture, figure, LIGHT)
    return np.asarray((picture < 230).any(axis=2))


@pytest.mark.parametrize("heading", [-1.0, -0.4, 0.0, 1.0])
@pytest.mark.parametrize("stride", [None, 0.0, 0.8, 1.57, 3.5, 4.71])
def test_a_person_fills_the_box_and_only_the_shadow_leaves_it(heading: float, stride: float | None) -> None:
    figure = replace(person(), heading=heading, stride=stride)
    x, y, wide, high = figure.box
    left, right, top, bottom = int(x * 640), int((x + wide) * 640) + 1, int(y * 360), int((y + high) * 360) + 1

    changed = drawn(figure)
    rows, columns = np.nonzero(changed[: bottom - int(high * 360 * 0.1)])  # the shadow is around the feet

    assert top - 1 <= rows.min() <= top + 8
    assert left <= columns.min()
    assert columns.max() <= right
    assert changed[top:bottom, left:right].mean() > 0.3
    assert not changed[bottom + int(high * 360 * 0.08) :].any()


def test_a_car_fills_its_box() -> None:
    figure = Car(0.5, 0.8, 0.3, CAR_METRES[0] / 0.3 / (16 / 9), (150, 40, 40))
    x, y, wide, high = figure.box
    inside = slice(int(y * 360), int((y + high) * 360)), slice(int(x * 640), int((x + wide) * 640))

    changed = drawn(figure)
    rows, columns = np.nonzero(changed[: int((y + high * 0.75) * 360)])

    assert changed[inside].mean() > 0.8
    assert rows.min() >= inside[0].start - 1
    assert inside[1].start - 2 <= columns.min() <= inside[1].start + 8
    assert inside[1].stop - 8 <= columns.max() <= inside[1].stop + 2


@pytest.mark.parametrize("place", LOCATIONS.values(), ids=LOCATIONS)
def test_every_route_passes_through_the_picture(place: Location) -> None:
    for route in place.routes:
        seen = [place.view.point(across, 0.0, away) for across, away in route.points]
        xs, ys = [x for x, _ in seen], [y for _, y in seen]
        assert min(xs) < 1
        assert max(xs) > 0
        assert min(ys) < 1
