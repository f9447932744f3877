"""Faults at given times."""

from datetime import UTC, datetime, timedelta

import pytest

from edge.simulation.schedule import SceneFault, Schedule

ORIGIN = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "age"), [(0, None), (59.9, None), (60, 0), (69.9, 9.9), (70, None), (160, 0), (265, 5), (-40, None)]
)
def test_a_fault_is_on_for_its_duration_and_again_after_every_period(seconds: float, age: float | None) -> None:
    schedule = Schedule(ORIGIN, [SceneFault("freeze", 60, 10, every_s=100)])
    found = schedule.age("freeze", ORIGIN + timedelta(seconds=seconds))

    assert found == (age if age is None else pytest.approx(age, abs=1e-3))


def test_a_fault_of_another_kind_is_not_on() -> None:
    assert Schedule(ORIGIN, [SceneFault("black", 0, 10)]).age("freeze", ORIGIN) is None


def test_of_two_faults_at_once_the_earlier_counts() -> None:
    schedule = Schedule(ORIGIN, [SceneFault("black", 5, 10), SceneFault("black", 0, 10)])

    assert schedule.age("black", ORIGIN + timedelta(seconds=8)) == 8
