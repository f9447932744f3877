"""Who stands in which zone."""

import pytest

from bus_schemas.settings import Zone
from edge.analysis.detector import BoundingBox
from edge.analysis.zones import contains, triggers, zone_of

DOOR = Zone(name="door", points=((0.0, 0.5), (0.5, 0.5), (0.5, 1.0), (0.0, 1.0)), restricted=True)
YARD = Zone(name="yard", points=((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)), max_people=2)


def person(x: float, y: float, label: str = "person") -> BoundingBox:
    """Whose feet are at x, y."""
    return BoundingBox(label, 0.9, (x - 0.05, y - 0.2, 0.1, 0.2), "scene")


@pytest.mark.parametrize(
    ("point", "inside"), [((0.25, 0.75), True), ((0.75, 0.75), False), ((0.25, 0.25), False), ((0.49, 0.99), True)]
)
def test_a_polygon_contains_what_is_in_it(point: tuple[float, float], inside: bool) -> None:
    assert contains(DOOR.points, point) is inside


def test_a_concave_polygon_does_not_contain_its_bay() -> None:
    horseshoe = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.7, 1.0), (0.7, 0.3), (0.3, 0.3), (0.3, 1.0), (0.0, 1.0))

    assert not contains(horseshoe, (0.5, 0.8))
    assert contains(horseshoe, (0.15, 0.8))


def test_somebody_is_in_the_restricted_one_of_two_zones() -> None:
    assert zone_of(person(0.25, 0.75).box, (YARD, DOOR)) == "door"
    assert zone_of(person(0.75, 0.75).box, (YARD, DOOR)) == "yard"
    assert zone_of(person(0.75, 0.75).box, (DOOR,)) is None


@pytest.mark.parametrize("top", [0.3, 0.6, 0.7, 0.9])
def test_whoever_the_lower_edge_of_the_picture_cuts_off_is_in_the_zone_that_reaches_it(top: float) -> None:
    close = BoundingBox("person", 0.9, (0.2, top, 0.1, 1 - top), "onnx")

    assert zone_of(close.box, (YARD, DOOR)) == "door"
    assert triggers([close], (DOOR, YARD)) == ("RESTRICTED_ACCESS",)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ([], ()),
        ([person(0.75, 0.75)], ()),
        ([person(0.25, 0.75)], ("RESTRICTED_ACCESS",)),
        ([person(0.25, 0.75, label="vehicle")], ()),
        ([person(0.7, 0.75), person(0.8, 0.75), person(0.9, 0.75)], ("CROWD_VIOLATION",)),
        ([person(0.25, 0.75), person(0.8, 0.75), person(0.9, 0.75)], ("CROWD_VIOLATION", "RESTRICTED_ACCESS")),
    ],
)
def test_triggers_follow_from_people_in_zones(seen: list[BoundingBox], expected: tuple[str, ...]) -> None:
    assert triggers(seen, (DOOR, YARD)) == expected
