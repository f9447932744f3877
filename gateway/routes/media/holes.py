"""Routes of holes: when a device was not recorded, and why."""

from datetime import timedelta
from typing import Any

from pydantic import Field

from bus_schemas.event import iso
from consumers.views.recordings.holes import Hole, HoleCause
from gateway.calls import Call, Operation
from gateway.http.answers import Answer, Time
from gateway.http.parameters import DeviceTimeRange
from gateway.http.problems import Problem
from gateway.reading.hole_evidence import explained_holes
from gateway.routes.lookup import require_device
from producer.times import moment_of_seconds

LONGEST = timedelta(days=92)
MOST = 2000


class HoleAnswer(Answer):
    start: Time
    end: Time
    duration_s: float
    open: bool = Field(description="Whether nothing has been recorded since.")
    cause: HoleCause
    since: Time | None = Field(description="Since when the cause has held; null where nobody knows.")
    data: dict[str, Any] = Field(description="Facts about the cause: `reason`, `rule`, `node`, `incident`, `count`.")


class HolesAnswer(Answer):
    holes: list[HoleAnswer] = Field(description="Oldest first; all time between them was recorded.")
    left_out: int = Field(description="How many shorter ones are not listed.")


class OfHoles(DeviceTimeRange):
    shortest: float = Field(default=1, ge=1, le=86_400, description="Seconds; shorter holes are left out.")


async def search(call: Call[OfHoles]) -> HolesAnswer:
    """When a device was not recorded, with the cause as far as the log knows it; also what has not ended yet."""
    asked, gateway = call.parameters, call.gateway
    await require_device(gateway, asked.site, asked.device)
    now = gateway.clock()
    start, end = asked.bounds(now)
    if end - start > LONGEST:
        raise Problem(400, f"from {iso(start)} to {iso(end)} is more than {LONGEST.days} days")
    found = await gateway.ask(
        lambda stores: explained_holes(stores, (asked.site, asked.device), start, min(end, now), now)
    )
    listed = [hole for hole in found if hole.duration_s >= asked.shortest]
    shown = sorted(sorted(listed, key=lambda hole: hole.duration_s)[-MOST:], key=lambda hole: hole.start)
    return HolesAnswer(holes=[_answer(hole) for hole in shown], left_out=len(found) - len(shown))


def _answer(hole: Hole) -> HoleAnswer:
    return HoleAnswer(
        start=moment_of_seconds(hole.start),
        end=moment_of_seconds(hole.end),
        duration_s=round(hole.duration_s, 3),
        open=hole.is_open,
        cause=hole.cause,
        since=None if hole.since is None else moment_of_seconds(hole.since),
        data=dict(hole.data),
    )


OPERATIONS = [Operation("GET", "/api/v1/sites/{site}/devices/{device}/holes", search, HolesAnswer, OfHoles)]
