"""The route of the retention plan: what will be deleted when, by which rule, and what somebody keeps from it."""

from datetime import datetime, timedelta

from pydantic import Field

from consumers.engine.view_files import NoView
from consumers.hub_config import HubConfig
from consumers.store.archive.retention import ArchiveRetention, Dropped
from consumers.store.disk import disk_of
from consumers.upkeep.retention.forecast import PlannedDeletion
from consumers.upkeep.retention.room_plan import StoredNow, may_want_room, planned_deletions, summed
from consumers.upkeep.retention.write_rates import RATE_OVER
from consumers.views.holds import HoldRow, HoldsProjection, holds
from gateway.calls import Call, Operation
from gateway.http.answers import Answer, Time
from gateway.http.parameters import Parameters
from gateway.reading.stores import Stores


class PlannedDeletionAnswer(Answer):
    rule: str
    site: str
    device: str
    kind: str
    start: Time
    end: Time
    goes: Time
    files: int
    bytes: int
    held_by: list[str] = Field(description="What keeps it instead: holds, notes and exports.")


class DeletionSumAnswer(Answer):
    site: str
    device: str
    kind: str
    first_goes: Time
    files: int
    bytes: int


class RetentionPlanAnswer(Answer):
    deletions: list[PlannedDeletionAnswer] = Field(description="The soonest first.")
    sums: list[DeletionSumAnswer] = Field(description="By device and kind, the most bytes first; without what is held.")
    files: int = Field(description="Of all that goes.")
    bytes: int


class PlanHorizon(Parameters):
    """How far ahead."""

    hours: float = Field(default=24, ge=0, le=24 * 366, allow_inf_nan=False)


async def plan(call: Call[PlanHorizon]) -> RetentionPlanAnswer:
    """Media that retention will delete by age, by bytes and for want of room, if devices write on as in the last day,
    and what somebody keeps from it; nothing is deleted by asking.
    """
    gateway = call.gateway
    hub, now = gateway.hub, gateway.clock()
    until_then = now + timedelta(hours=call.parameters.hours)

    def question(stores: Stores) -> list[PlannedDeletion]:
        stored = _stored_now(hub, stores, now)
        wants_room = may_want_room(hub.retention, stored, now, until_then)
        packs = packs_until(hub, until_then) if wants_room else _too_old(hub, until_then)
        return planned_deletions(hub.retention, stored, packs, hold_rows(stores), now, until_then)

    found = await gateway.ask(question)
    sums = summed(found)
    return RetentionPlanAnswer(
        deletions=[PlannedDeletionAnswer.model_validate(one) for one in found],
        sums=[DeletionSumAnswer.model_validate(one) for one in sums],
        files=sum(one.files for one in sums),
        bytes=sum(one.bytes for one in sums),
    )


def packs_until(hub: HubConfig, moment: datetime) -> list[Dropped]:
    archive = ArchiveRetention(hub.data / "archive", lambda: moment)
    return [pack for kind, _ in hub.retention.media for pack in archive.expiring(kind, moment)]


def _too_old(hub: HubConfig, moment: datetime) -> list[Dropped]:
    archive, policy = ArchiveRetention(hub.data / "archive", lambda: moment), hub.retention
    return [pack for kind, _ in policy.media for pack in archive.expiring(kind, policy.kept_from(kind, moment))]


def _stored_now(hub: HubConfig, stores: Stores, now: datetime) -> StoredNow:
    stored = StoredNow(disk_of(hub.data), stores.archive.usage(), stores.archive.bytes_since(now - RATE_OVER))
    return stored if hub.cold is None else stored.without(hub.cold.kinds(hub.retention.longest()))


def hold_rows(stores: Stores) -> list[HoldRow]:
    try:
        return holds(stores.view(HoldsProjection.name))
    except NoView:
        return []


OPERATIONS = [
    Operation("GET", "/api/v1/storage/retention", plan, RetentionPlanAnswer, PlanHorizon),
]
