"""Draws sky, trees, lamp posts and parked cars for the outdoor locations."""

from math import sin
from typing import Final

from edge.simulation.canvas import Canvas, Rgb
from edge.simulation.figures import draw_car
from edge.simulation.lighting import WARM_WHITE, Lamp
from edge.simulation.scene import CAR_METRES, Car
from edge.simulation.view import ASPECT

STEEL: Final[Rgb] = (118, 124, 128)
_TREES: Final[Rgb] = (74, 98, 70)
_FAR_TREES: Final[Rgb] = (122, 142, 134)


def sky(canvas: Canvas) -> None:
    horizon = canvas.view.horizon
    canvas.fade((0, horizon + 0.02), (128, 168, 206), (214, 224, 226), ((22, 30, 54), (72, 76, 92)))
    for x, y, wide in ((0.16, 0.07, 0.11), (0.62, 0.11, 0.16), (0.9, 0.04, 0.09)):
        for part in range(3):
            spot = x + wide * 0.5 * (part - 1), y + 0.012 * (part % 2)
            canvas.disc(spot, (wide * 0.55, 0.012 + 0.006 * (part == 1)), (206, 218, 228), (36, 43, 66))


def trees(canvas: Canvas, height: float = 0.09) -> None:
    """A far line of woods and a nearer one, of crowns side by side."""
    horizon = canvas.view.horizon
    for tall, colour, glow, crowns in (
        (height, _FAR_TREES, (34, 39, 50), 26),
        (height * 0.7, _TREES, (20, 25, 28), 19),
    ):
        for number in range(crowns + 1):
            rough = 0.75 + 0.25 * sin(number * 2.4) + 0.15 * sin(number * 5.1)
            middle = number / crowns, horizon - tall * 0.12
            canvas.disc(middle, (0.75 / crowns, tall * rough), colour, glow)
    canvas.box(0, horizon - 0.005, 1, 0.03, _TREES, (20, 25, 28))


def lamp_post(canvas: Canvas, across: float, away: float, up: float, arm: float, colour: Rgb = WARM_WHITE) -> Lamp:
    """`arm` metres to the right, or to the left of the post where negative; what it lights is below its end."""
    see = canvas.view.point
    foot, top, head = see(across, 0, away), see(across, up, away), see(across + arm, up + 0.1, away)
    thick = 0.13 / away
    canvas.line(foot, top, STEEL, thick)
    canvas.line(top, head, STEEL, thick * 0.7)
    canvas.box(head[0] - 0.25 / away, head[1], 0.5 / away, 0.12 / away, (206, 208, 204), colour)
    return Lamp(head, see(across + 1.6 * arm, 0.4, away - 1), (4.6 / away, 3.6 / away), colour, 0.95)


def parked(canvas: Canvas, across: float, away: float, paint: Rgb) -> None:
    x, y = canvas.view.point(across, 0, away)
    car = Car(x, y, CAR_METRES[0] / away / ASPECT, away, paint)
    draw_car(canvas.colour, car, (1.0, 1.0, 1.0))
    draw_car(canvas.glow, car, (0.0, 0.0, 0.0))
    draw_car(canvas.matte, car, (255.0, 255.0, 255.0))


def fence(canvas: Canvas, across: tuple[float, float], away: float, up: float) -> None:
    """Posts, rails and mesh."""
    see = canvas.view.point
    left, right = across
    steps = round((right - left) / 0.3)
    for number in range(steps):
        x = left + (right - left) * number / steps
        canvas.line(see(x, 0, away), see(x + 0.5, up, away), (148, 154, 154), 0.001)
        canvas.line(see(x + 0.5, 0, away), see(x, up, away), (148, 154, 154), 0.001)
    for height in (0.1, up):
        canvas.line(see(left, height, away), see(right, height, away), (132, 138, 140), 0.005)
    for number in range(round((right - left) / 2.5) + 1):
        x = left + 2.5 * number
        canvas.line(see(x, 0, away), see(x, up + 0.1, away), STEEL, 0.09 / away)
