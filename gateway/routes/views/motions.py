"""The route of motions one by one, with their class."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final

from pydantic import Field

from bus_schemas.motion_settings import CLASS_NAME
from bus_schemas.regions import AreaName
from consumers.views.motion.motions import MotionRow
from consumers.views.motion.questions import AreaSearch, motions, motions_within
from consumers.views.settings import zone_corners
from gateway.calls import Call, Operation
from gateway.http.answers import Answer, Time
from gateway.http.parameters import AtMost, DeviceTimeRange
from gateway.http.problems import Problem
from gateway.reading.stores import Stores
from gateway.routes.lookup import require_device
from producer.times import moment_of_seconds

SILENT_S: Final = 60.0
"""An agent says every second that a motion goes on: of one that it says nothing of for so long, it was stopped."""


class OfMotions(AtMost, DeviceTimeRange):
    """The newest of a device between two moments."""

    event_class: Annotated[str, Field(pattern=CLASS_NAME)] | None = Field(
        default=None, description="Only those of this class."
    )
    zone: AreaName | None = Field(
        default=None, description="Only those of which something moved in this zone, as it is set now."
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
    searched_since: Time | None = Field(
        default=None,
        description="Where a search in a zone ended before all was looked at: ask again with it as `to` for the rest.",
    )


async def read_motions(call: Call[OfMotions]) -> MotionsAnswer:
    """Each motion of a device, of one class or of all, anywhere or in one zone."""
    asked, gateway = call.parameters, call.gateway
    await require_device(gateway, asked.site, asked.device)
    now = gateway.clock()
    found = await gateway.ask(lambda stores: _search(stores, asked, now))
    return MotionsAnswer(
        motions=[MotionAnswer.of(row, now) for row in found.found],
        searched_since=None if found.ended_at is None else moment_of_seconds(found.ended_at / 1000),
    )


def _search(stores: Stores, asked: OfMotions, now: datetime) -> AreaSearch:
    view, where, bounds = stores.view("motion"), (asked.site, asked.device), asked.bounds(now)
    if asked.zone is None:
        return AreaSearch(motions(view, *where, *bounds, asked.event_class, asked.limit), None)
    corners = _corners(stores, asked, asked.zone)
    return motions_within(view, where, *bounds, corners, asked.event_class, asked.limit)


def _corners(stores: Stores, asked: OfMotions, name: str) -> Sequence[tuple[float, float]]:
    known = zone_corners(stores.view("settings"), asked.site, asked.device)
    if name not in known:
        there = f"it has {', '.join(sorted(known))}" if known else "it has none"
        raise Problem(404, f"{asked.device} has no zone {name!r}; {there}")
    return known[name]


OPERATIONS = [Operation("GET", "/api/v1/sites/{site}/devices/{device}/motions", read_motions, MotionsAnswer, OfMotions)]
