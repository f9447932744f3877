"""Draws the background of each location."""

from collections.abc import Callable, Mapping
from typing import Final

from edge.simulation.backdrops import gate, hall, transformer, yard
from edge.simulation.canvas import Canvas
from edge.simulation.lighting import Lamp
from edge.simulation.locations import LOCATIONS, LocationName

_PAINTERS: Final[Mapping[LocationName, Callable[[Canvas], tuple[Lamp, ...]]]] = {
    "gate": gate.paint,
    "yard": yard.paint,
    "hall": hall.paint,
    "transformer": transformer.paint,
}


def backdrop(place: LocationName, size: tuple[int, int]) -> tuple[Canvas, tuple[Lamp, ...]]:
    canvas = Canvas(size, LOCATIONS[place].view)
    return canvas, _PAINTERS[place](canvas)
