"""Faults of the hub as incidents: what a raised one opens and a cleared one closes."""

from typing import Any, get_args
from uuid import NAMESPACE_URL, uuid5

from bus_schemas.event import HUB, HUB_SOURCE, iso
from bus_schemas.hub import Fault, FaultEvent, FaultKind
from consumers.store.journal.record import Recorded

KINDS: tuple[FaultKind, ...] = get_args(FaultKind)
UNWRITABLE = "unwritable"
"""The level of a storage incident while the disk takes nothing at all."""
_NAMESPACE = uuid5(NAMESPACE_URL, "watchpost:hub-incident")


def fault_of(record: Recorded) -> FaultEvent | None:
    """A fault that the hub itself tells of; nobody else may."""
    if record.model is not FaultEvent or record.source != HUB_SOURCE:
        return None
    event = record.event
    assert isinstance(event, FaultEvent)
    return event


def is_of_disk(fault: Fault) -> bool:
    """A disk without room is one incident with the one that says how full it is."""
    return (fault.part, fault.kind) == ("disk", "storage_unwritable")


def incident_id(fault: Fault) -> str:
    """The same for the event that raises and the one that clears."""
    return str(uuid5(_NAMESPACE, "/".join((HUB, fault.kind, fault.part, iso(fault.since)))))


def details(fault: Fault) -> dict[str, Any]:
    return {"part": fault.part, "reason": fault.reason}
