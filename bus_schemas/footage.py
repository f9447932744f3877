"""Events of recorded media that people keep or take away: holds and exports."""

from typing import Annotated, Literal

from pydantic import Field

from bus_schemas.event import Event, Fact, Moment, PlaceName
from bus_schemas.limits import MAX_DEVICES, MAX_TEXT, SHA256, By, Bytes, Limit, PlainId, Text

Devices = Annotated[tuple[PlaceName, ...], Limit(max_length=MAX_DEVICES)]
ExportForm = Literal["mp4", "zip", "grid", "timelapse"]


class Hold(Fact):
    """A time range whose media are not deleted until it is released, by whom and why.

    Every event says the whole hold as it is from then on. Without `devices` it holds all of the site.
    """

    hold_id: PlainId
    state: Literal["placed", "released"]
    reason: Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
    by: By
    start: Moment
    end: Moment
    devices: Devices = ()


class HoldEvent(Event):
    type: Literal["watchpost.hold.v1"] = "watchpost.hold.v1"
    data: Hold


class Export(Fact):
    """Recordings of a time range, made into files that can be taken away, and what became of it.

    `exact` begins at the very frame, otherwise at the keyframe before it. A timelapse is `speed` times as fast.
    `originals` puts the segments into the ZIP as they were recorded, `tables` what was measured, detected and alerted.
    With `report`, its name, it is a page of minutes, incidents and alerts instead, maybe of one incident; the other
    choices say nothing then, and without `devices` it is of all of the site. `incidents` is how many there are in it.
    """

    export_id: PlainId
    state: Literal["asked", "cancelled", "removed", "done", "failed", "expired"]
    by: By
    start: Moment
    end: Moment
    devices: Devices
    form: ExportForm
    exact: bool = False
    speed: Annotated[int, Limit(ge=1, le=120)] = 1
    originals: bool = False
    tables: bool = False
    report: Annotated[str, Limit(min_length=1, max_length=200)] | None = None
    incident_id: PlainId | None = None
    incidents: Annotated[int, Limit(ge=0, le=1_000_000)] | None = None
    detail: Text | None = None
    file: Annotated[str, Limit(max_length=256)] | None = None
    size: Bytes | None = None
    sha256: Annotated[str, Limit(pattern=SHA256)] | None = None


class ExportEvent(Event):
    type: Literal["watchpost.export.v1"] = "watchpost.export.v1"
    data: Export
