"""Draws a warehouse: racks on both sides of an aisle under rows of lamps, by day and night the same."""

from math import sin

from edge.simulation.canvas import Canvas, Rgb, shaded
from edge.simulation.lighting import Lamp

_BACK = 27.0
_WALL = 7.5
_ROOF = 6.2
_RACK = 4.3
_LAMPS = tuple(6.0 + 3.2 * number for number in range(6))
_GOODS: tuple[Rgb, ...] = ((176, 140, 98), (158, 122, 84), (190, 158, 118), (92, 116, 134), (148, 148, 142))


def paint(canvas: Canvas) -> tuple[Lamp, ...]:
    _shell(canvas)
    _floor(canvas)
    for side in (-1, 1):
        for number in reversed(range(5)):
            _rack(canvas, side, 7.6 + number * 3.6)
    _back_wall(canvas)
    _pallets(canvas)
    return ()


def _shell(canvas: Canvas) -> None:
    see = canvas.view.point
    canvas.fade((0, 1), (96, 100, 104), (128, 130, 130))
    for side in (-1, 1):
        wall = [see(side * _WALL, up, away) for up, away in ((0, 3), (_ROOF, 3), (_ROOF, _BACK), (0, _BACK))]
        canvas.area(wall, (158, 162, 162))
    roof = [see(x, _ROOF, away) for x, away in ((-_WALL, 3), (_WALL, 3), (_WALL, _BACK), (-_WALL, _BACK))]
    canvas.area(roof, (104, 108, 112))
    canvas.front((-_WALL, _WALL), (0, _ROOF), _BACK, (186, 188, 184))
    for away in reversed(_LAMPS):
        canvas.front((-_WALL, _WALL), (_ROOF - 0.35, _ROOF), away + 1.2, (82, 86, 92))
        for across in (-2.1, 2.1):
            left, right = across - 0.22, across + 0.22
            up = _ROOF - 0.45
            tube = [see(x, up, z) for x, z in ((left, away), (left, away + 1.5), (right, away + 1.5), (right, away))]
            canvas.area(tube, (255, 252, 240))


def _floor(canvas: Canvas) -> None:
    see = canvas.view.point
    canvas.ground((-_WALL, _WALL), (2.5, _BACK), (150, 150, 146))
    canvas.fade((0.62, 1), (160, 159, 154), (132, 132, 130))
    canvas.ground((-30, 30), (4.9, 12.2), (156, 155, 151))
    for column in range(-8, 9, 4):
        canvas.line(see(column, 0, 3.2), see(column, 0, _BACK), (138, 138, 135), 0.002)
    for away in (4.0, 5.4, 7.5, 11, 16):
        canvas.line(see(-30, 0, away), see(30, 0, away), (138, 138, 135), 0.002)
    for away in _LAMPS[1:]:
        for across in (-1.2, 1.2):
            x, y = see(across, 0, away)
            canvas.shadow(
                ((x - 0.3 / away, y - 0.1 / away), (x + 0.3 / away, y - 0.1 / away), (x, y + 1 / away)), -0.25, 0.02
            )
    for across in (-3.4, 3.3):
        canvas.ground((across, across + 0.12), (3.2, _BACK), (206, 172, 64))
    canvas.grain((0.46, 1), 3, 5)
    canvas.grain((0.46, 1), 3)


def _rack(canvas: Canvas, side: int, near: float) -> None:
    """Seen from the aisle: three boards of goods between blue uprights."""
    see = canvas.view.point
    far = near + 3.4
    inner, outer = side * _RACK, side * (_RACK + 1.5)
    canvas.ground_shadow((min(inner, outer) - 0.3, max(inner, outer) + 0.3), (near, far), 0.4, 0.014)
    back = [see(inner, up, z) for up, z in ((0, near), (4.6, near), (4.6, far), (0, far))]
    canvas.area(back, (66, 68, 72))
    for board in range(3):
        low = 0.15 + 1.5 * board
        for number in range(3):
            kind = int(abs(sin(near * 3 + board * 5 + number * 2.3 + side)) * 97)
            high = low + 0.85 + 0.07 * (kind % 6)
            first, last = far - 0.1 - number * 1.08, far - 1.08 - number * 1.08
            box = [see(inner, up, z) for up, z in ((low, last), (high, last), (high, first), (low, first))]
            canvas.area(box, shaded(_GOODS[kind % len(_GOODS)], 0.92))
            tape = [
                see(inner, up, (first + last) / 2 + z)
                for up, z in ((low, -0.05), (high, -0.05), (high, 0.05), (low, 0.05))
            ]
            canvas.area(tape, shaded(_GOODS[kind % len(_GOODS)], 1.08))
            if number == 2:
                _goods_front(canvas, (inner, outer), (low, high), last, _GOODS[kind % len(_GOODS)])
        canvas.line(see(inner, low - 0.05, near), see(inner, low - 0.05, far), (206, 112, 48), 0.1 / near)
        canvas.line(see(inner, low - 0.05, near), see(outer, low - 0.05, near), (206, 112, 48), 0.1 / near)
    for across, away in ((inner, far), (outer, near), (inner, near)):
        canvas.line(see(across, 0, away), see(across, 4.8, away), (48, 82, 124), 0.11 / away)


def _goods_front(
    canvas: Canvas, across: tuple[float, float], up: tuple[float, float], away: float, colour: Rgb
) -> None:
    canvas.front((min(across) + 0.08, max(across) - 0.08), up, away, colour)


def _back_wall(canvas: Canvas) -> None:
    canvas.front((-2.6, 0.8), (0, 4.2), _BACK, (142, 150, 156))
    for up in range(8):
        canvas.front((-2.6, 0.8), (up * 0.52, up * 0.52 + 0.06), _BACK, (120, 128, 134))
    canvas.front((1.4, 2.5), (0, 2.3), _BACK, (96, 108, 112))
    canvas.front((1.45, 2.45), (2.5, 2.95), _BACK, (62, 168, 98))
    canvas.box(0.47, 0.38, 0.035, 0.095, (176, 178, 172))
    canvas.box(0.472, 0.384, 0.0145, 0.084, (186, 188, 184))
    canvas.box(0.488, 0.384, 0.0145, 0.084, (186, 188, 184))


def _pallets(canvas: Canvas) -> None:
    for across, away, up, colour in ((3.7, 6.9, 1.2, _GOODS[0]), (-4.9, 6.4, 0.75, _GOODS[2])):
        canvas.ground_shadow((across - 0.15, across + 1.35), (away - 0.15, away + 1.2), 0.5, 0.012)
        canvas.solid((across, across + 1.2), (0, 0.14), (away, away + 1), (134, 104, 70))
        canvas.solid((across + 0.04, across + 1.16), (0.14, up), (away, away + 1), colour)
        canvas.front((across + 0.56, across + 0.64), (0.14, up), away, shaded(colour, 1.15))
        canvas.front((across + 0.75, across + 1.05), (up - 0.3, up - 0.1), away, (226, 222, 212))
