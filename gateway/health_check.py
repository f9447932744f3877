"""Checks every part of the hub every few seconds, and reports the faults that no other process can report."""

import asyncio
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Final

from bus_schemas.event import HUB
from bus_schemas.topics import INGEST
from consumers.alerting.incidents.hub import KINDS, UNWRITABLE
from consumers.alerting.incidents.questions import open_incidents
from consumers.alerting.projection import AlertingProjection
from consumers.engine.view_files import NoView
from consumers.hub_faults import FaultReporter
from consumers.store.journal.record import journal_id_text
from gateway.context import Gateway
from gateway.http.problems import Problem
from gateway.hub_announcer import HubAnnouncer
from gateway.readiness import BusState, Check, Readiness, StoresState
from gateway.reading.stores import OfAnotherVersion, Stores
from gateway.routes.product.consumers import all_progress

CHECK_EVERY_S: Final = 3.0
ANSWERS_WITHIN_S: Final = 4.0
CONSUMERS: Final = "consumers"
NO_CONSUMERS: Final = frozenset({"broker", "ingest", "journal"})
MANY: Final = 4
"""With more consumers than these that stand still at once there is one fault for all of them."""


async def run(gateway: Gateway) -> None:
    """Until cancelled."""
    gateway.bus.listen(INGEST, gateway.readiness.take_ingest_status)
    announcer = HubAnnouncer(gateway)
    while True:
        gateway.zones.close_removed()
        gateway.dashboards.close_removed()
        await check_parts(gateway)
        report(gateway.readiness, gateway.faults)
        gateway.descriptors.report(gateway.faults)
        await announcer.announce()
        await asyncio.sleep(CHECK_EVERY_S)


async def check_parts(gateway: Gateway) -> tuple[Check, ...]:
    """Every part of the hub as it is now."""
    bus = BusState(gateway.bus.is_connected, gateway.faults.broker_silent_s())
    try:
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            stores: StoresState | str = await gateway.ask(lambda stores: _asked(gateway, stores))
    except Problem as away:
        stores = away.detail
    except TimeoutError:
        stores = f"it has not answered for {ANSWERS_WITHIN_S:.0f} s"
    except Exception as error:  # noqa: BLE001 - what keeps the stores from answering is the answer
        stores = f"{type(error).__name__}: {error}"
    return gateway.readiness.judge(bus, stores)


def _asked(gateway: Gateway, stores: Stores) -> StoresState:
    head = stores.queries.head()
    return StoresState(
        head,
        list(all_progress(gateway, stores, head)),
        list(_open_faults(stores)),
        journal_id_text(stores.journal.journal_id()),
        gateway.journal_name,
        frozenset(one.name for one in gateway.consumers if one.owner is not None),
    )


def _open_faults(stores: Stores) -> Iterator[Check]:
    """Faults of the hub that are in the journal, of every process that found one."""
    try:
        found = open_incidents(stores.view(AlertingProjection.name), HUB)
    except (NoView, OfAnotherVersion, sqlite3.DatabaseError):
        return
    for one in found:
        details = one["details"]
        if one["type"] in KINDS:
            yield Check(str(details.get("part")), "limping", str(details.get("reason")), one["type"])
        elif one["type"] == "storage":
            yield Check("disk", "limping", *_of_disk(details))


def _of_disk(details: Mapping[str, object]) -> tuple[str, str]:
    """Why, and the kind: only a disk that takes nothing keeps consumers from their work, and not one that fills up."""
    if details.get("level") == UNWRITABLE:
        return str(details.get("reason")), "storage_unwritable"
    return f"The disk was used by {details.get('percent')} % when its level was last found.", "storage"


def report(readiness: Readiness, faults: FaultReporter) -> None:
    """A consumer that stands still says nothing of it: its process may be gone. A store says nothing but here. Where
    one cause keeps all of them from their work, as a disk that cannot be written, that is reported already; where many
    stand still, as those of a process that is gone, that is one fault.

    Of a part that could not be looked at now, what was found before still holds.
    """
    seen = {it.part for it in readiness.observed}
    standing = {it.part: it.detail for it in readiness.observed if it.is_unreported}
    reported = {fault.part for fault in faults.faults}
    are_many = len(standing) > MANY and (CONSUMERS in reported or not readiness.is_explained)
    if are_many:
        faults.raise_fault(CONSUMERS, "system_error", _many(standing))
    elif CONSUMERS in reported and seen - NO_CONSUMERS:
        faults.clear_fault(CONSUMERS, "system_error")
    for part, detail in standing.items():
        if part in reported or not (are_many or readiness.is_explained):
            faults.raise_fault(part, "system_error", detail)
    for fault in faults.faults:
        if fault.part in seen - standing.keys():
            faults.clear_fault(fault.part, fault.kind)


def _many(standing: Mapping[str, str]) -> str:
    first = next(iter(standing.values()))
    return f"{len(standing)} consumers stand still: {', '.join(standing)}. {first}"
