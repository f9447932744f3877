"""The share of a week in which something is on by its settings."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from bus_schemas.recording_settings import SCHEDULED, TRIGGERED, RecordingSettings, ScheduleWindow, in_schedule

_STEP: Final = timedelta(minutes=5)
_MONDAY: Final = datetime(2026, 1, 5, tzinfo=UTC)
_WEEK: Final = timedelta(days=7)


def share_of_week(windows: Sequence[ScheduleWindow]) -> float:
    moments = [_MONDAY + number * _STEP for number in range(_WEEK // _STEP)]
    return sum(in_schedule(windows, moment) for moment in moments) / len(moments)


def recorded_share(settings: RecordingSettings, moving: float) -> float:
    """`moving` is the share of the time in which something moves."""
    if settings.mode == "off":
        return 0.0
    hours = share_of_week(settings.schedule) if settings.mode in SCHEDULED else 1.0
    return hours * (moving if settings.mode in TRIGGERED else 1.0)
