"""What a motion is like: its size, its shape, how long it lasts, and how often it turns; and the class that follows."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from bus_schemas.event import Box
from bus_schemas.motion_settings import USUAL_CLASSES, EventClassRule, MotionShape, class_of
from edge.analysis.motion_shape import ShapeTracker

MONDAY = datetime(2026, 1, 5, 10, tzinfo=UTC)
PICTURE = 16 / 9


def tracked(boxes: Iterable[Box], step_s: float = 0.2) -> MotionShape:
    tracker = ShapeTracker(PICTURE)
    for number, box in enumerate(boxes):
        tracker.add((box,), MONDAY + timedelta(seconds=number * step_s))
    return tracker.shape()


def walk(width: float, height: float, steps: int, speed: float = 0.02) -> list[Box]:
    return [(0.1 + speed * number, 0.4, width, height) for number in range(steps)]


def darting(steps: int) -> list[Box]:
    """To and fro, a few steps each way."""
    return [
        (0.3 + 0.03 * (number % 6 if number % 12 < 6 else 6 - number % 6), 0.7, 0.05, 0.05) for number in range(steps)
    ]


def test_a_shape_is_that_of_the_largest_part_in_the_proportions_of_the_picture() -> None:
    shape = tracked([*walk(0.05, 0.1, 10), (0.4, 0.4, 0.1, 0.4)])

    assert shape.size == pytest.approx(4.0)
    assert shape.ratio == pytest.approx(PICTURE * 0.1 / 0.4)
    assert shape.duration_s == pytest.approx(2.0)
    assert shape.turns == 0


def test_what_trembles_does_not_turn_and_what_runs_to_and_fro_does() -> None:
    trembling = [(0.5 + 0.004 * (-1) ** number, 0.5, 0.1, 0.2) for number in range(50)]

    assert tracked(trembling).turns == 0
    assert 0.5 < tracked(darting(60)).turns < 2


@pytest.mark.parametrize(
    ("boxes", "step_s", "hour", "expected"),
    [
        (walk(0.06, 0.3, 25), 0.2, 10, "person"),
        (walk(0.3, 0.25, 25), 0.2, 10, "vehicle"),
        (darting(60), 0.2, 3, "animal"),
        ([(0.2, 0.1, 0.6, 0.8)] * 20, 10.0, 10, "maintenance"),
        ([(0.2, 0.1, 0.6, 0.8)] * 20, 10.0, 22, None),
        ([(0.5, 0.5, 0.01, 0.02)] * 2, 0.2, 10, None),
    ],
)
def test_the_usual_rules_tell_people_vehicles_animals_and_maintenance_apart(
    boxes: list[Box], step_s: float, hour: int, expected: str | None
) -> None:
    shape = tracked(boxes, step_s)
    found = class_of(USUAL_CLASSES, shape, MONDAY.replace(hour=hour))

    assert (found == expected) or (expected is None and found in (None, "vehicle"))


def test_the_first_rule_that_fits_decides_and_none_is_no_class() -> None:
    shape = MotionShape(size=5.0, ratio=1.0, duration_s=3.0, turns=0.0)
    small, every = EventClassRule(name="small", max_size=10.0), EventClassRule(name="every")

    assert class_of((small, every), shape, MONDAY) == "small"
    assert class_of((every, small), shape, MONDAY) == "every"
    assert class_of((), shape, MONDAY) is None


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"name": "x", "min_size": 20.0, "max_size": 10.0}, "min_size .* must not be above max_size"),
        ({"name": "Big Dog"}, "name"),
        ({"name": "x", "max_turns": -1.0}, "max_turns"),
        ({"name": "x", "colour": "red"}, "colour"),
    ],
)
def test_a_rule_that_nothing_can_fit_is_refused(given: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        EventClassRule.model_validate(given)
