"""Routes of holds: time ranges whose media are not deleted, placed and released with a reason."""

from functools import partial
from typing import Self

from pydantic import Field, model_validator

from bus_schemas.event import GATEWAY, device_source
from bus_schemas.footage import Hold, HoldEvent
from bus_schemas.limits import MAX_DEVICES
from consumers.views.holds import HoldKind, HoldRow, HoldsProjection, hold, holds, last_position
from gateway.calls import Call, Operation
from gateway.context import Gateway
from gateway.http.answers import Answer, Time
from gateway.http.parameters import Instant, Key, Name, Parameters, PersonText, SignedBody
from gateway.http.problems import Problem
from gateway.messages.ids import uuid7
from gateway.publishing import ViewEntry, publish_change
from gateway.reading.dropped_recordings import dropped_s
from gateway.reading.moments import StoresAsOf
from gateway.routes.lookup import all_devices, require_devices


class HoldAnswer(Answer):
    kind: HoldKind = Field(description="A hold, or a note or an export, which keep what was recorded then.")
    id: str
    site: str
    devices: list[str] = Field(description="Empty where it holds all of the site.")
    start: Time
    end: Time
    reason: str
    by: str
    since: Time
    released: bool


class PlacedHoldAnswer(HoldAnswer):
    dropped_s: float = Field(
        description="Seconds of recordings of its range, of all its devices together, that were deleted before: it"
        " cannot keep these."
    )


class HoldsAnswer(Answer):
    holds: list[HoldAnswer]


class HoldSearch(Parameters):
    """By where and what."""

    site: Name | None = None
    kind: HoldKind | None = None


class OfHold(Parameters):
    id: Key


class HoldRelease(SignedBody):
    """The person, and the reason."""

    reason: PersonText


class NewHold(HoldRelease):
    site: Name
    devices: tuple[Name, ...] = Field(default=(), max_length=MAX_DEVICES)
    start: Instant
    end: Instant

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.end <= self.start:
            raise ValueError("start must be before end")
        return self


async def search(call: Call[HoldSearch]) -> HoldsAnswer:
    """The holds, notes and exports that keep media from deletion now, the oldest range first."""
    asked = call.parameters
    found = await call.gateway.ask(lambda stores: holds(stores.view(HoldsProjection.name), asked.site, asked.kind))
    return HoldsAnswer(holds=[_answer(one) for one in found])


async def read(call: Call[OfHold]) -> HoldAnswer:
    """One hold, also one that is released."""
    return _answer(await _known(call.gateway, call.parameters.id))


async def place(call: Call[Parameters]) -> PlacedHoldAnswer:
    """Keep the media of a time range at any age, however full the disk is; what was deleted before stays so."""
    body = await call.body(NewHold)
    await require_devices(call.gateway, body.site, body.devices)
    said = Hold(hold_id=uuid7(), state="placed", **body.model_dump(exclude={"site"}))
    placed = await _say(call.gateway, body.site, said)
    # Asked once it holds: what is not gone by now stays.
    lost_s = await call.gateway.ask_at(None, partial(_dropped_s, body))
    return PlacedHoldAnswer(**dict(placed), dropped_s=round(lost_s, 3))


def _dropped_s(body: NewHold, moment: StoresAsOf) -> float:
    devices = body.devices or [one.device for one in all_devices(moment, body.site)]
    return dropped_s(moment.stores, body.site, devices, body.start, body.end, moment.now)


async def release(call: Call[OfHold]) -> HoldAnswer:
    """Release a hold: its media go by the rules of all others; doing it twice changes nothing."""
    body = await call.body(HoldRelease)
    known = await _known(call.gateway, call.parameters.id)
    if known.is_over:
        return _answer(known)
    said = Hold(
        hold_id=known.hold_id,
        state="released",
        reason=body.reason,
        by=body.by,
        start=known.start,
        end=known.end,
        devices=known.devices,
    )
    return await _say(call.gateway, known.site, said)


async def _say(gateway: Gateway, site: str, said: Hold) -> HoldAnswer:
    event = HoldEvent(id=uuid7(), source=device_source(site, GATEWAY), time=gateway.clock(), data=said)
    entry = ViewEntry(
        HoldsProjection.name, partial(last_position, hold_id=said.hold_id), partial(hold, hold_id=said.hold_id)
    )
    return _answer(await publish_change(gateway, event, entry, "the hold"))


async def _known(gateway: Gateway, hold_id: str) -> HoldRow:
    found = await gateway.ask(lambda stores: hold(stores.view(HoldsProjection.name), hold_id))
    if found is None:
        raise Problem(404, f"there is no hold {hold_id!r}")
    return found


def _answer(one: HoldRow) -> HoldAnswer:
    return HoldAnswer(
        kind=one.kind,
        id=one.hold_id,
        site=one.site,
        devices=list(one.devices),
        start=one.start,
        end=one.end,
        reason=one.reason,
        by=one.by,
        since=one.at,
        released=one.is_over,
    )


PATH = "/api/v1/holds"
OPERATIONS = [
    Operation("GET", PATH, search, HoldsAnswer, HoldSearch),
    Operation("POST", PATH, place, PlacedHoldAnswer, body=NewHold, status=201),
    Operation("GET", f"{PATH}/{{id}}", read, HoldAnswer, OfHold),
    Operation("POST", f"{PATH}/{{id}}/release", release, HoldAnswer, OfHold, body=HoldRelease),
]
