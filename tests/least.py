"""Measures on a machine that other tests share: what else runs there makes them more, and never less."""

from collections.abc import Callable

TRIES = 5


def least(measure: Callable[[], float], enough: float, tries: int = TRIES) -> float:
    """Measured until it is at most `enough`, so many times at most. What is always more than that is so each time."""
    measured: list[float] = []
    while not measured or (min(measured) > enough and len(measured) < tries):
        measured.append(measure())
    return min(measured)
