"""Modes of recording, and the hours of a schedule."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from bus_schemas.recording_settings import RecordingSettings, ScheduleWindow, in_schedule

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
NIGHT = ScheduleWindow(days=("mon",), start="22:00", end="06:00")
DAY = ScheduleWindow(days=("mon", "tue"), start="08:00", end="17:30")
SUNDAY = ScheduleWindow(days=("sun",), start="00:00", end="00:00")


@pytest.mark.parametrize(
    ("window", "day", "clock", "is_in"),
    [
        (DAY, 5, "07:59", False), (DAY, 5, "08:00", True), (DAY, 6, "17:29", True), (DAY, 6, "17:30", False),
        (DAY, 7, "12:00", False),
        (NIGHT, 5, "21:59", False), (NIGHT, 5, "22:00", True), (NIGHT, 6, "05:59", True), (NIGHT, 6, "06:00", False),
        (NIGHT, 5, "03:00", False), (NIGHT, 6, "23:00", False),
        (SUNDAY, 4, "00:00", True), (SUNDAY, 4, "23:59", True), (SUNDAY, 5, "00:00", False),
    ],
)  # fmt: skip
def test_a_window_is_of_the_days_on_which_it_begins(
    window: ScheduleWindow, day: int, clock: str, *, is_in: bool
) -> None:
    moment = MONDAY.replace(day=day, hour=int(clock[:2]), minute=int(clock[3:]))

    assert in_schedule([window], moment) is is_in


def test_the_hours_are_those_of_the_clock_on_the_wall_when_it_is_set() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    window = ScheduleWindow(start="03:00", end="04:00")
    summer, winter = datetime(2026, 3, 29, 1, 30, tzinfo=UTC), datetime(2026, 10, 25, 2, 30, tzinfo=UTC)

    assert in_schedule([window], summer.astimezone(berlin))
    assert in_schedule([window], winter.astimezone(berlin))


def test_settings_of_an_older_agent_record_always() -> None:
    assert RecordingSettings.model_validate({"pre_roll_s": 3.0}).mode == "continuous"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"mode": "schedule"}, "the mode schedule needs a schedule"),
        ({"mode": "sometimes"}, "Input should be 'continuous', 'motion'"),
        ({"pre_roll_s": 61}, "less than or equal to 60"),
        ({"schedule": [{"start": "24:00", "end": "01:00"}]}, "should match pattern"),
        ({"schedule": [{"days": ["someday"], "start": "01:00", "end": "02:00"}]}, "Input should be 'mon'"),
        ({"schedule": [{"start": "01:00", "end": "02:00"}] * 29}, "at most 28 items"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_sentence(given: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        RecordingSettings.model_validate(given)
