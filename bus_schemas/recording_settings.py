"""When a device records: its mode, its weekly schedule, and how much before and after motion is kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from bus_schemas.setting_types import Number, Section, unit

RecordingMode = Literal["continuous", "motion", "schedule", "motion_in_schedule", "off"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: Final[tuple[Weekday, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TimeOfDay = Annotated[str, Field(strict=True, pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
MAX_WINDOWS: Final = 28
SCHEDULED: Final = frozenset({"schedule", "motion_in_schedule"})
TRIGGERED: Final = frozenset({"motion", "motion_in_schedule"})


class ScheduleWindow(Section):
    """Hours of some days of the week, by the clock of the site. One that ends before it begins goes over midnight, and
    one that ends when it begins is the whole day.
    """

    days: tuple[Weekday, ...] = Field(
        default=WEEKDAYS, min_length=1, max_length=7, description="The days on which it begins."
    )
    start: TimeOfDay = Field(description="HH:MM.")
    end: TimeOfDay = Field(description="HH:MM, which is just outside.")

    def contains(self, local: datetime) -> bool:
        begin, end, now = _minutes(self.start), _minutes(self.end), local.hour * 60 + local.minute
        today, yesterday = WEEKDAYS[local.weekday()] in self.days, WEEKDAYS[local.weekday() - 1] in self.days
        if begin < end:
            return today and begin <= now < end
        if begin == end:
            return today
        return (today and now >= begin) or (yesterday and now < end)


class RecordingSettings(Section):
    """What a device records, and the clip that the hub makes of motion."""

    mode: RecordingMode = Field(
        default="continuous", description="motion_in_schedule records motion, and only in the hours of the schedule."
    )
    schedule: tuple[ScheduleWindow, ...] = Field(
        default=(), max_length=MAX_WINDOWS, description="The hours of the modes that need some."
    )
    pre_roll_s: Annotated[Number, Field(ge=0, le=60, json_schema_extra=unit("s"))] = Field(
        default=5.0, description="Kept of before the motion."
    )
    post_roll_s: Annotated[Number, Field(ge=0, le=300, json_schema_extra=unit("s"))] = Field(
        default=10.0, description="Kept of after it; motion within it goes on with the same clip."
    )
    longest_s: Annotated[Number, Field(ge=10, le=3600, json_schema_extra=unit("s"))] = Field(
        default=300.0, description="How long one clip may become."
    )

    @model_validator(mode="after")
    def _has_its_hours(self) -> Self:
        if self.mode in SCHEDULED and not self.schedule:
            raise ValueError(f"the mode {self.mode} needs a schedule: give at least one window with start and end")
        return self


def in_schedule(windows: Sequence[ScheduleWindow], local: datetime) -> bool:
    """Whether a local time is in any of the windows."""
    return any(window.contains(local) for window in windows)


def _minutes(time_of_day: str) -> int:
    return int(time_of_day[:2]) * 60 + int(time_of_day[3:])
