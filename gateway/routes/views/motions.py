"""The route of motions one by one, with their class."""

from datetime import datetime
from typing import Annotated, Final

from pydantic import Field

from bus_schemas.motion_settings import CLASS_NAME
from consumers.views.motion.motions import MotionRow
from consumers.views.motion.questions import motions
from gateway.calls import Call, Operation
from gateway.http.answers import Answer, Time
from gateway.http.parameters import AtMost, DeviceTimeRange
from gateway.routes.lookup import require_device
from producer.times import moment_of_seconds

SILENT_S: Final = 60.0
"""An agent says every second that a motion goes on: of one that it says nothing of for so long, it was stopped."""


class OfMotions(AtMost, DeviceTimeRange):
    """The newest of a device between two moments."""

    event_class: Annotated[str, Field(pattern=CLASS_NAME)] | None = Field(
        default=None, description="Only those of this class."
    )


class MotionAnswer(Answer):
    started: Time
    latest: Time = Field(description="The end, or the newest that is known of one that goes on.")
    is_over: bool
    seconds: float
    intensity: float = Field(description="The largest share of the picture that moved.")
    event_class: str | None = Field(description="By the rules of the device; null where none fits.")

    @classmethod
    def of(cls, row: MotionRow, now: datetime) -> "MotionAnswer":
        return cls(
            started=moment_of_seconds(row.started / 1000),
            latest=moment_of_seconds(row.latest / 1000),
            is_over=bool(row.ended) or now.timestamp() - row.latest / 1000 > SILENT_S,
            seconds=round((row.latest - row.started) / 1000, 3),
            intensity=row.intensity,
            event_class=row.event_class,
        )


class MotionsAnswer(Answer):
    motions: list[MotionAnswer] = Field(description="Newest first.")


async def read_motions(call: Call[OfMotions]) -> MotionsAnswer:
    """Each motion of a device, of one class or of all."""
    asked, gateway = call.parameters, call.gateway
    await require_device(gateway, asked.site, asked.device)
    now = gateway.clock()
    start, end = asked.bounds(now)
    found = await gateway.ask(
        lambda stores: motions(
            stores.view("motion"), asked.site, asked.device, start, end, asked.event_class, asked.limit
        )
    )
    return MotionsAnswer(motions=[MotionAnswer.of(row, now) for row in found])


OPERATIONS = [Operation("GET", "/api/v1/sites/{site}/devices/{device}/motions", read_motions, MotionsAnswer, OfMotions)]
