from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic_core import to_json

from consumers.views.dashboard import MAX_TRIGGERS, MAX_ZONES, OTHER_ZONES, BadQuestion, intensity, seconds_of_day
from consumers.views.warehouse.questions import SteppedTimeRange, dashboard
from tests.builders import START


@pytest.mark.parametrize(("people", "expected"), [(0, "low"), (3, "low"), (4, "medium"), (6, "medium"), (7, "high")])
def test_intensity_is_high_from_seven_and_medium_from_four(people: int, expected: str) -> None:
    assert intensity(people) == expected


@pytest.mark.parametrize("day", [date(1, 1, 1), date(9999, 12, 31)])
def test_a_day_that_no_row_can_have_is_a_bad_question(day: date) -> None:
    with pytest.raises(BadQuestion, match="a date from 1972 to 2100 is needed"):
        seconds_of_day(day, ZoneInfo("UTC"))


@pytest.mark.parametrize(
    ("length", "step_s", "why"),
    [
        (timedelta(hours=1), 0, "a step of a second or more"),
        (timedelta(0), 60, "an end after its start"),
        (timedelta(days=30), 1, "are 2592000 in this span; at most 10000"),
        (timedelta(days=365 * 200), 86400, "no rows are kept"),
    ],
)
def test_a_span_without_an_answer_is_a_bad_question(length: timedelta, step_s: int, why: str) -> None:
    with pytest.raises(BadQuestion, match=why):
        SteppedTimeRange(START, START + length, step_s)


class Rows:
    """An engine that has these rows."""

    def __init__(self, *rows: list[Any]) -> None:
        self._rows = rows

    def query(self, question: str, parameters: dict[str, Any]) -> list[list[Any]]:
        return list(self._rows)


def reported(*rows: list[Any], triggers: tuple[str, ...] = ()) -> dict[str, Any]:
    return dashboard(Rows(*rows), "DEMO", date(2026, 1, 5), "UTC", triggers)  # type: ignore[arg-type]  # it only asks


@pytest.mark.thorough
def test_a_hundred_thousand_trigger_names_are_a_small_answer_that_says_what_it_leaves_out() -> None:
    often = ["yard", 10, ["CROWD_VIOLATION"], 3, 500]
    answer = reported(
        often, *(["yard", 10, [f"T{number}"], 3, 1] for number in range(100_000)), triggers=("NEVER_SEEN",)
    )

    critical = answer["critical_events"]
    assert list(answer) == ["site_name", "date", "zones", "hourly", "critical_events"]
    assert len(critical) == MAX_TRIGGERS + 3
    assert (critical["NEVER_SEEN"], critical["CROWD_VIOLATION"], critical["total_events"]) == (0, 500, 100_500)
    assert critical["others"] + sum(n for name, n in critical.items() if name.startswith("T")) == 100_000
    assert critical["other_triggers"] == 100_002 - MAX_TRIGGERS
    assert len(to_json(answer)) < 5000


def test_of_very_many_cameras_the_busiest_are_told_and_one_for_all_others() -> None:
    answer = reported(*([f"cam-{number:05}", 10, [], number % 9, number] for number in range(5000)))

    zones = answer["zones"]
    assert len(zones) == MAX_ZONES + 1
    assert zones["cam-04999"]["events"] == 4999
    assert sum(zone["events"] for zone in zones.values()) == answer["critical_events"]["total_events"]
    assert zones[OTHER_ZONES]["peak"] == 8


def test_as_many_as_any_site_has_are_all_told() -> None:
    answer = reported(*([f"cam-{number}", 10, [f"T{number % 40}"], 1, 1] for number in range(MAX_ZONES)))

    assert len(answer["zones"]) == MAX_ZONES
    assert len(answer["critical_events"]) == 41
