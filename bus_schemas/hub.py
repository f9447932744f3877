"""Events of faults of the hub: which part fails, since when, and why."""

from typing import Annotated, Literal

from pydantic import Field

from bus_schemas.event import Event, Fact, Moment, Name

FaultKind = Literal["system_error", "database_error", "storage_unwritable", "write_failed"]
MAX_REASON = 500
MAX_FAULTS = 100
PROCESS_SILENT_AFTER_S = 30.0
"""A process of the hub that has not reported for so long, and did not say that it ends, is a fault itself."""

Reason = Annotated[str, Field(max_length=MAX_REASON)]


class OpenFault(Fact):
    """A fault that holds. `part` is a consumer, a process, `broker`, `journal`, `archive` or `disk`."""

    part: Name
    kind: FaultKind
    since: Moment
    reason: Reason


class Fault(OpenFault):
    """A fault of the hub that was raised, or is over; `reason` of a cleared one says what it was."""

    state: Literal["raised", "cleared"]


class FaultEvent(Event):
    type: Literal["watchpost.fault.v1"] = "watchpost.fault.v1"
    data: Fault
