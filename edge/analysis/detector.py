"""Guesses objects from the size and shape of moving regions."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from edge.analysis.motion import Box

PERSON: Final = "person"
VEHICLE: Final = "vehicle"
OBJECT: Final = "object"
HEURISTIC: Final = "heuristic"

_PERSON_SHAPE: Final = (1.3, 4.5)
_VEHICLE_SHAPE: Final = (0.25, 0.8)
_BEST_SCORE: Final = 0.5


@dataclass(frozen=True, slots=True)
class BoundingBox:
    """`box` is (x, y, width, height) in 0..1. The `method` `heuristic` has recognised a shape, not a person."""

    label: str
    score: float
    box: Box
    method: str


def guesses(boxes: Iterable[Box], aspect: float) -> tuple[BoundingBox, ...]:
    """`aspect` is width / height of the picture. No score is above 0.5, because a shape is weak evidence."""
    return tuple(_guess(box, aspect) for box in boxes)


def people_count(detections: Iterable[BoundingBox]) -> int:
    return sum(1 for detection in detections if detection.label == PERSON)


def _guess(box: Box, aspect: float) -> BoundingBox:
    _, _, width, height = box
    shape = height / (width * aspect)
    if 0.04 <= height <= 0.95 and _within(shape, _PERSON_SHAPE):
        return BoundingBox(PERSON, _score(shape, 2.5, _PERSON_SHAPE), box, HEURISTIC)
    if width * height >= 0.005 and _within(shape, _VEHICLE_SHAPE):
        return BoundingBox(VEHICLE, _score(shape, 0.45, _VEHICLE_SHAPE), box, HEURISTIC)
    return BoundingBox(OBJECT, 0.1, box, HEURISTIC)


def _within(shape: float, limits: tuple[float, float]) -> bool:
    return limits[0] <= shape <= limits[1]


def _score(shape: float, typical: float, limits: tuple[float, float]) -> float:
    """0.5 for the typical shape, down to 0.2 at the limits."""
    reach = typical - limits[0] if shape < typical else limits[1] - typical
    return round(_BEST_SCORE - 0.3 * abs(shape - typical) / reach, 2)
