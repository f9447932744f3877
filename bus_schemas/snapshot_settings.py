"""Which snapshots a device keeps, and what stands in them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from bus_schemas.recording_settings import MAX_WINDOWS, ScheduleWindow, in_schedule
from bus_schemas.setting_types import Section, Switch, Whole, unit


def _is_printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("a caption has nothing in it that cannot be printed, and one line")
    return text


class SnapshotSettings(Section):
    """Full pictures that are kept longer than others: at regular times, and when somebody asks for one."""

    every_s: Annotated[Whole, Field(ge=10, le=86_400, json_schema_extra=unit("s"))] | None = Field(
        default=None, description="Seconds from one to the next; none takes them only when somebody asks."
    )
    schedule: tuple[ScheduleWindow, ...] = Field(
        default=(), max_length=MAX_WINDOWS, description="The hours in which they are taken; none is always."
    )
    caption: Switch = Field(default=True, description="Whether name, time and text stand in the picture.")
    text: Annotated[str, Field(strict=True, max_length=80), AfterValidator(_is_printable)] = Field(
        default="", description="Stands in the caption after name and time."
    )

    def is_time(self, local: datetime) -> bool:
        """Whether regular ones are taken at a moment in the zone of the site."""
        windows: Sequence[ScheduleWindow] = self.schedule
        return self.every_s is not None and (not windows or in_schedule(windows, local))
