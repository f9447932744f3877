"""Finds the zone in which a detected object stands, and the triggers that follow."""

from collections.abc import Iterable, Sequence
from typing import Final

from bus_schemas.settings import Zone
from edge.analysis.detector import PERSON, BoundingBox
from edge.analysis.motion import Box

RESTRICTED_ACCESS = "RESTRICTED_ACCESS"
CROWD_VIOLATION = "CROWD_VIOLATION"
LOWEST: Final = 0.999
"""A share of the height of the picture. The lower edge itself is in no polygon, and cuts off whoever comes close."""
Point = tuple[float, float]


def feet(box: Box) -> Point:
    """Where the object in the box touches the ground: its head may be in front of a zone behind it."""
    x, y, width, height = box
    return x + width / 2, min(y + height, LOWEST)


def contains(corners: Sequence[Point], point: Point) -> bool:
    """Even-odd rule: a ray to the right crosses the polygon's edges an odd number of times."""
    x, y = point
    inside = False
    for (x1, y1), (x2, y2) in zip(corners, [*corners[1:], corners[0]], strict=True):
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) / (y2 - y1) * (x2 - x1):
            inside = not inside
    return inside


def zone_of(box: Box, zones: Iterable[Zone]) -> str | None:
    """The first zone in which the object stands, restricted zones before others."""
    found = [zone for zone in zones if contains(zone.points, feet(box))]
    found.sort(key=lambda zone: not zone.restricted)
    return found[0].name if found else None


def triggers(detections: Sequence[BoundingBox], zones: Iterable[Zone]) -> tuple[str, ...]:
    people = [feet(detection.box) for detection in detections if detection.label == PERSON]
    raised: set[str] = set()
    for zone in zones:
        count = sum(contains(zone.points, point) for point in people)
        if zone.restricted and count:
            raised.add(RESTRICTED_ACCESS)
        if zone.max_people is not None and count > zone.max_people:
            raised.add(CROWD_VIOLATION)
    return tuple(sorted(raised))
