"""Draws the front of an office building with parked cars."""

from edge.simulation.backdrops.outdoors import lamp_post, parked, sky, trees
from edge.simulation.canvas import Canvas
from edge.simulation.lighting import COLD_WHITE, Lamp

_FRONT = 16.0
_FLOOR = 3.1
_LIT = frozenset({(0, 1), (0, 2), (1, 4), (0, 6), (1, 7), (1, 8), (0, 9)})
_GLASS, _GLOW = (112, 138, 156), (206, 172, 108)


def paint(canvas: Canvas) -> tuple[Lamp, ...]:
    sky(canvas)
    trees(canvas, 0.16)
    _ground(canvas)
    _building(canvas)
    for across, paint_ in ((-5.1, (64, 88, 126)), (-2.4, (186, 188, 190)), (3.6, (120, 44, 40)), (6.3, (60, 64, 66))):
        parked(canvas, across, 11.6, paint_)
    lamps = (
        lamp_post(canvas, -7.2, 9.4, 4.9, 1.3),
        lamp_post(canvas, 7.6, 9.8, 4.9, -1.3),
    )
    doorway = canvas.view.point(0.75, 3.0, _FRONT - 1)
    entrance = Lamp(doorway, canvas.view.point(0.75, 0.3, 13), (0.2, 0.26), strength=0.9)
    flood = Lamp(canvas.view.point(-1.5, 5.9, _FRONT), canvas.view.point(-0.5, 0, 7), (0.55, 0.4), COLD_WHITE, 0.55)
    return (*lamps, entrance, flood)


def _ground(canvas: Canvas) -> None:
    horizon = canvas.view.horizon
    canvas.fade((horizon, 1), (142, 142, 138), (112, 114, 116))
    canvas.ground((-30, 30), (14.2, 30), (164, 160, 152))
    canvas.ground((-30, 30), (14.0, 14.2), (190, 186, 178))
    canvas.ground((-0.4, 1.9), (9.4, 16), (176, 170, 160))
    for number in range(9):
        left = -9.2 + number * 2.7
        if not -0.8 < left < 1.2:
            canvas.ground((left, left + 0.12), (9.6, 13.8), (212, 210, 202))
    canvas.ground((-30, 30), (4.5, 4.62), (200, 196, 184))
    canvas.grain((horizon + 0.1, 1), 2.5, 6)
    canvas.grain((horizon + 0.1, 1), 4)


def _building(canvas: Canvas) -> None:
    canvas.ground_shadow((-13.4, 13.4), (14.6, 16.4), 0.35, 0.016)
    canvas.front((-12.6, 12.6), (0, 6.4), _FRONT, (186, 168, 146))
    canvas.front((-12.6, 12.6), (0, 0.5), _FRONT, (118, 112, 106))
    canvas.front((-12.6, 12.6), (3.0, 3.25), _FRONT, (166, 148, 128))
    canvas.front((-12.9, 12.9), (6.3, 6.65), _FRONT - 0.2, (94, 92, 92))
    for floor in range(2):
        for column in range(11):
            if floor or column != 5:
                _window(canvas, -11.5 + column * 2.23, 1.0 + floor * _FLOOR, lit=(floor, column) in _LIT)
    canvas.front((-0.5, 2.0), (0, 2.6), _FRONT, (72, 76, 80))
    for left in (-0.38, 0.8):
        canvas.front((left, left + 1.08), (0.1, 2.45), _FRONT, (126, 152, 166), (232, 204, 150))
    canvas.solid((-1.1, 2.6), (2.75, 2.95), (_FRONT - 1.4, _FRONT), (84, 88, 92))
    canvas.front((-0.2, 1.7), (3.05, 3.5), _FRONT - 0.1, (54, 84, 112), (60, 120, 170))
    canvas.box(0.1, 0.4, 0.045, 0.135, (150, 156, 150))
    canvas.box(0.121, 0.4, 0.002, 0.135, (116, 122, 118))


def _window(canvas: Canvas, left: float, low: float, *, lit: bool) -> None:
    canvas.front((left - 0.08, left + 1.43), (low - 0.1, low + 1.5), _FRONT, (212, 204, 190))
    canvas.front((left, left + 1.35), (low, low + 1.4), _FRONT, _GLASS, _GLOW if lit else (16, 18, 24))
    canvas.front((left, left + 1.35), (low + 0.9, low + 1.4), _FRONT, (142, 166, 182), _GLOW if lit else (20, 24, 32))
    canvas.front((left + 0.64, left + 0.71), (low, low + 1.4), _FRONT, (206, 198, 184))
