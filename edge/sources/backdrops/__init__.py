"""What stands still in each place that a drawn scene can show."""

from collections.abc import Callable, Mapping
from typing import Final

from edge.sources.backdrops import gate, hall, transformer, yard
from edge.sources.canvas import Canvas
from edge.sources.lighting import Lamp
from edge.sources.places import PLACES, PlaceName

_PAINTERS: Final[Mapping[PlaceName, Callable[[Canvas], tuple[Lamp, ...]]]] = {
    "gate": gate.paint,
    "yard": yard.paint,
    "hall": hall.paint,
    "transformer": transformer.paint,
}


def backdrop(place: PlaceName, size: tuple[int, int]) -> tuple[Canvas, tuple[Lamp, ...]]:
    canvas = Canvas(size, PLACES[place].view)
    return canvas, _PAINTERS[place](canvas)
