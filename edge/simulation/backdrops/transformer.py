"""Draws a transformer on gravel behind a fence, in the size in which the thermal sensor sees it."""

from edge.simulation.backdrops.outdoors import STEEL, fence, sky, trees
from edge.simulation.canvas import Canvas, Rgb, shaded
from edge.simulation.lighting import COLD_WHITE, WARM_WHITE, Lamp
from edge.simulation.locations import BUSHINGS, CONSERVATOR, FINS, TANK, Rectangle

_AWAY = 7.5
_PAINT: Rgb = (128, 138, 134)
_PORCELAIN: Rgb = (134, 74, 54)
_SHEDS = 8


def paint(canvas: Canvas) -> tuple[Lamp, ...]:
    sky(canvas)
    trees(canvas)
    _ground(canvas)
    fence(canvas, (-20, 20), 13.0, 2.2)
    _gantry(canvas)
    lamps = (_flood(canvas, -5.2, 0.42), _flood(canvas, 5.2, 0.58))
    _conservator(canvas)
    for bank in FINS:
        _fins(canvas, bank)
    _tank(canvas)
    for bushing in BUSHINGS:
        _bushing(canvas, bushing)
    fill = Lamp((0.5, -0.3), (0.5, 0.8), (0.7, 0.4), WARM_WHITE, 0.35)
    return (*lamps, fill)


def _ground(canvas: Canvas) -> None:
    horizon = canvas.view.horizon
    canvas.fade((horizon, 1), (140, 148, 116), (134, 138, 104))
    canvas.ground((-40, 40), (3.0, 13.4), (164, 160, 152))
    canvas.grain((0.56, 1), 13, 1)
    canvas.grain((0.56, 1), 9, 2)
    canvas.ground((-40, 40), (4.7, 5.9), (156, 154, 150))
    canvas.grain((0.84, 1), 4, 1)
    canvas.ground_shadow((-4.1, 4.4), (6.7, 9), 0.5, 0.02)
    canvas.solid((-2.6, 2.6), (-0.25, 0.02), (_AWAY - 0.35, _AWAY + 2), (176, 174, 168))


def _gantry(canvas: Canvas) -> None:
    """Two masts with a beam, from which the lines come down to the bushings."""
    see = canvas.view.point
    for across in (-4.6, 4.6):
        canvas.line(see(across, 0, 11), see(across, 5.9, 11), STEEL, 0.016)
    canvas.line(see(-5, 5.7, 11), see(5, 5.7, 11), STEEL, 0.018)
    for x, y, wide, _ in BUSHINGS:
        middle = x + wide / 2
        canvas.line((middle, y), (0.5 + (middle - 0.5) * 1.7, see(0, 5.6, 11)[1]), (70, 74, 78), 0.003)


def _flood(canvas: Canvas, across: float, aim: float) -> Lamp:
    see = canvas.view.point
    head = see(across, 3.7, 8)
    canvas.line(see(across, 0, 8), head, (106, 110, 114), 0.012)
    canvas.box(head[0] - 0.018, head[1] - 0.012, 0.036, 0.028, (196, 198, 196), COLD_WHITE)
    return Lamp(head, (aim, 0.62), (0.34, 0.42), COLD_WHITE, 0.75)


def _conservator(canvas: Canvas) -> None:
    x, y, wide, high = CONSERVATOR
    canvas.line((x + wide * 0.3, y + high), (x - 0.01, TANK[1] + 0.04), shaded(_PAINT, 0.7), 0.016)
    canvas.line((x + wide * 0.8, y + high), (x + wide * 0.5, FINS[1][1] + 0.02), shaded(_PAINT, 0.7), 0.012)
    canvas.disc((x + wide - 0.012, y + high / 2), (0.014, high / 2), shaded(_PAINT, 0.85))
    _round(canvas, (x, y, wide - 0.012, high), _PAINT, upright=False)
    canvas.disc((x + 0.002, y + high / 2), (0.012, high / 2), shaded(_PAINT, 1.1))
    canvas.disc((x + 0.002, y + high / 2), (0.006, high / 4), shaded(_PAINT, 0.8))


def _tank(canvas: Canvas) -> None:
    x, y, wide, high = TANK
    back = 0.018
    canvas.area(((x, y), (x + wide, y), (x + wide - back, y - 0.03), (x + back, y - 0.03)), shaded(_PAINT, 1.2))
    for row in range(12):
        canvas.box(x, y + high * row / 12, wide, high / 12 + 0.001, shaded(_PAINT, 1.08 - 0.02 * row))
    for column in range(1, 6):
        left = x + wide * column / 6
        canvas.box(left - 0.004, y + 0.04, 0.004, high - 0.07, shaded(_PAINT, 1.15))
        canvas.box(left, y + 0.04, 0.004, high - 0.07, shaded(_PAINT, 0.76))
    canvas.box(x - 0.006, y, wide + 0.012, 0.028, shaded(_PAINT, 0.88))
    canvas.box(x - 0.004, y + high - 0.03, wide + 0.008, 0.03, shaded(_PAINT, 0.62))
    canvas.box(x + wide * 0.4, y + 0.1, 0.06, 0.07, (214, 212, 202))
    canvas.area(((0.5, y + 0.195), (0.522, y + 0.265), (0.478, y + 0.265)), (222, 184, 52))
    canvas.area(((0.502, y + 0.212), (0.497, y + 0.24), (0.505, y + 0.236), (0.499, y + 0.258)), (40, 40, 40))


def _fins(canvas: Canvas, bank: Rectangle) -> None:
    """Radiators stand beside each other; two pipes join them with the tank."""
    x, y, wide, high = bank
    beside = TANK[0] if x < TANK[0] else x
    for share in (0.1, 0.86):
        canvas.box(min(x + wide / 2, beside - 0.01), y + high * share, wide / 2 + 0.02, 0.018, shaded(_PAINT, 0.66))
    count = 8
    for number in range(count):
        left = x + wide * number / count
        _round(canvas, (left + 0.001, y, wide / count - 0.003, high), _PAINT, upright=True)
    canvas.box(x, y + high - 0.012, wide, 0.012, shaded(_PAINT, 0.6))
    canvas.box(x, y, wide, 0.012, shaded(_PAINT, 0.8))


def _bushing(canvas: Canvas, part: Rectangle) -> None:
    """Sheds of glazed porcelain on a flange, narrower towards the terminal."""
    x, y, wide, high = part
    middle = x + wide / 2
    canvas.box(middle - wide * 0.4, y + high - 0.02, wide * 0.8, 0.025, shaded(_PAINT, 0.8))
    canvas.box(middle - 0.005, y, 0.01, 0.04, (170, 172, 172))
    for number in range(_SHEDS):
        low = y + high - 0.03 - number * (high - 0.06) / _SHEDS
        half = wide * (0.46 - 0.018 * number)
        canvas.box(middle - half * 0.6, low - 0.024, half * 1.2, 0.024, shaded(_PORCELAIN, 0.72))
        canvas.disc((middle, low - 0.012), (half, 0.011), _PORCELAIN)
        canvas.disc((middle - half * 0.3, low - 0.015), (half * 0.35, 0.004), shaded(_PORCELAIN, 1.55))


def _round(canvas: Canvas, part: Rectangle, colour: Rgb, *, upright: bool) -> None:
    """A cylinder: light on one side, dark on the other."""
    x, y, wide, high = part
    for number, share in enumerate((0.85, 1.12, 1.2, 1.0, 0.8, 0.62)):
        if upright:
            canvas.box(x + wide * number / 6, y, wide / 6 + 0.0005, high, shaded(colour, share))
        else:
            canvas.box(x, y + high * number / 6, wide, high / 6 + 0.001, shaded(colour, share))
