"""Sorts values only as far as they are asked for: of a large frame that takes half the time."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

Celsius = NDArray[np.float32]

SORTED_WHOLE: Final = 400
"""Up to so many values a place, sorting all takes no longer."""


def sort_places(values: Celsius, places: Sequence[int]) -> None:
    """Put at these places (ascending) what is there when all values (n float32) are sorted. If one is no number, only
    the last value tells.
    """
    if values.size <= SORTED_WHOLE * len(places):
        values.sort()
    else:
        _select(values, places)


def _select(values: Celsius, places: Sequence[int]) -> None:
    """Each place that is found divides the values in two parts. The ends of a part need no more than a look at each."""
    if places and places[-1] == values.size - 1:
        _swap(values, int(values.argmax()), values.size - 1)
        values, places = values[:-1], places[:-1]
    if places and places[0] == 0:
        _swap(values, int(values.argmin()), 0)
        values, places = values[1:], [place - 1 for place in places[1:]]
    if places:
        middle = len(places) // 2
        place = places[middle]
        values.partition(place)
        _select(values[:place], places[:middle])
        _select(values[place + 1 :], [other - place - 1 for other in places[middle + 1 :]])


def _swap(values: Celsius, one: int, other: int) -> None:
    values[one], values[other] = values.item(other), values.item(one)
