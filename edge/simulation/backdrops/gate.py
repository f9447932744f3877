"""Draws a gate: a road with a barrier, a guard's hut and a fence."""

from edge.simulation.backdrops.outdoors import STEEL, fence, lamp_post, sky, trees
from edge.simulation.canvas import Canvas
from edge.simulation.figures import BARRIER_AWAY
from edge.simulation.lighting import COLD_WHITE, Lamp

_NEAR, _FAR = 3.6, 120.0


def paint(canvas: Canvas) -> tuple[Lamp, ...]:
    sky(canvas)
    trees(canvas)
    _ground(canvas)
    fence(canvas, (-16, -6.0), 14.0, 2.0)
    fence(canvas, (5.6, 18), 14.0, 2.0)
    lamps = (
        lamp_post(canvas, 5.6, 15.5, 6.2, -1.6),
        lamp_post(canvas, -3.4, 26, 6.0, 1.6),
        lamp_post(canvas, 5.8, 8.5, 4.6, -1.2, COLD_WHITE),
    )
    _hut(canvas)
    _post(canvas)
    doorway = canvas.view.point(-2.6, 1.0, 9.8)
    return (*lamps, Lamp(canvas.view.point(-3.6, 2.5, 10.6), doorway, (0.3, 0.3), strength=0.85))


def _ground(canvas: Canvas) -> None:
    horizon = canvas.view.horizon
    canvas.fade((horizon, 1), (138, 152, 112), (98, 116, 74))
    canvas.grain((horizon + 0.02, 1), 9, 3)
    canvas.ground((-10, 12), (_NEAR, 9.4), (150, 148, 142))
    canvas.ground((-7, -1.8), (9.4, 15), (160, 156, 148))
    canvas.ground((-1.8, 5.0), (_NEAR, _FAR), (176, 172, 164))
    canvas.ground((-1.5, 4.7), (_NEAR, _FAR), (108, 110, 112))
    for number in range(14):
        near = 3.4 + number * 4.2
        if not 7.6 < near < BARRIER_AWAY + 1:
            canvas.ground((1.54, 1.66), (near, near + 2.2), (214, 210, 200))
    canvas.ground((-1.4, 4.6), (BARRIER_AWAY + 1.4, BARRIER_AWAY + 1.9), (214, 210, 200))
    for number in range(9):
        left = -1.3 + number * 0.68
        canvas.ground((left, left + 0.36), (6.5, 8.9), (206, 204, 196))
    canvas.grain((horizon + 0.04, 1), 4)


def _hut(canvas: Canvas) -> None:
    canvas.ground_shadow((-6.6, -3.0), (10.4, 13.4), 0.45)
    canvas.solid((-6.2, -3.6), (0, 2.6), (11, 13.6), (196, 186, 166))
    canvas.front((-6.2, -3.6), (0, 0.5), 11, (128, 122, 114))
    canvas.front((-5.9, -4.6), (1.05, 2.15), 11, (104, 128, 142), (212, 180, 118))
    canvas.front((-5.3, -5.2), (1.05, 2.15), 11, (176, 168, 150), (60, 50, 34))
    canvas.front((-4.35, -3.75), (0.05, 2.15), 11, (70, 92, 104), (70, 60, 44))
    canvas.solid((-6.5, -3.3), (2.6, 2.85), (10.6, 14), (92, 96, 100))
    x, y = canvas.view.point(-6.35, 0, 9.8)
    canvas.shadow(((x, y), (x + 0.05, y), (x + 0.06, y + 0.01), (x, y + 0.012)), 0.4, 0.006)
    canvas.box(0.13, 0.5, 0.04, 0.135, (176, 180, 176))
    canvas.box(0.132, 0.505, 0.0355, 0.06, (186, 190, 186))
    canvas.box(0.146, 0.53, 0.008, 0.015, (214, 184, 62))
    sign = canvas.view.point(6.4, 0, 10.5), canvas.view.point(6.4, 2.3, 10.5)
    canvas.line(sign[0], sign[1], STEEL, 0.008)
    canvas.disc(sign[1], (0.021, 0.038), (190, 52, 46))
    canvas.disc(sign[1], (0.016, 0.029), (226, 222, 214))


def _post(canvas: Canvas) -> None:
    """What the pole of the barrier hangs at, and what it lies on when it is down."""
    canvas.ground_shadow((-2.4, -1.2), (BARRIER_AWAY - 0.6, BARRIER_AWAY + 0.5), 0.4, 0.008)
    canvas.solid((-2.0, -1.55), (0, 1.15), (BARRIER_AWAY - 0.2, BARRIER_AWAY + 0.2), (214, 164, 50))
    canvas.solid((4.55, 4.7), (0, 0.95), (BARRIER_AWAY - 0.1, BARRIER_AWAY + 0.1), (150, 152, 152))
