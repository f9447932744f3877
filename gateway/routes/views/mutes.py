"""Routes of mutes: time ranges in which nobody is alerted to some devices and types, placed and ended with a reason."""

from datetime import datetime
from functools import partial
from typing import Self

from pydantic import Field, model_validator

from bus_schemas.event import GATEWAY, HUB, device_source
from bus_schemas.limits import MAX_DEVICES
from bus_schemas.review import MAX_MUTED_TYPES, Mute, MuteEvent
from consumers.alerting.alerts.wording import ALL_KINDS
from consumers.alerting.projection import AlertingProjection
from consumers.alerting.review.mutes import MuteFilter, MuteRow, last_mute_position, mute, mutes
from gateway.calls import Call, Operation
from gateway.context import Gateway
from gateway.http.answers import Answer, Time
from gateway.http.parameters import AsOf, Instant, Key, Name, Parameters, PersonText, SignedBody, Word
from gateway.http.problems import Problem
from gateway.messages.ids import uuid7
from gateway.publishing import ViewEntry, publish_change
from gateway.reading.moments import StoresAsOf
from gateway.routes.lookup import require_devices
from producer.times import moment_of_seconds


class MuteAnswer(Answer):
    id: str
    site: str
    devices: list[str] = Field(description="Empty where it mutes all of the site.")
    types: list[str] = Field(description="Types of incidents; empty where it mutes every type.")
    start: Time
    end: Time
    reason: str
    by: str
    at: Time = Field(description="When it was placed.")
    ended_by: str | None = Field(description="Who ended it before its end.")
    ended: Time | None
    over: bool
    withheld: int = Field(description="How many incidents raised no alert because of it.")

    @classmethod
    def of(cls, one: MuteRow, now: datetime) -> Self:
        return cls(
            id=one.mute_id,
            site=one.site,
            devices=list(one.devices),
            types=list(one.types),
            start=moment_of_seconds(one.start),
            end=moment_of_seconds(one.end),
            reason=one.reason,
            by=one.by,
            at=moment_of_seconds(one.at),
            ended_by=one.ended_by,
            ended=None if one.ended is None else moment_of_seconds(one.ended),
            over=one.is_over(now.timestamp()),
            withheld=one.withheld,
        )


class MutesAnswer(Answer):
    mutes: list[MuteAnswer]


class MuteSearch(AsOf, Parameters):
    """By where, and whether they are over."""

    site: Name | None = None
    over: bool | None = None
    limit: int = Field(default=100, ge=1, le=1000)


class OfMute(Parameters):
    id: Key


class MuteEnd(SignedBody):
    """The person, and the reason."""

    reason: PersonText


class NewMute(MuteEnd):
    """From `start`, by default now, until `end`."""

    site: Name
    devices: tuple[Name, ...] = Field(default=(), max_length=MAX_DEVICES)
    types: tuple[Word, ...] = Field(default=(), max_length=MAX_MUTED_TYPES)
    start: Instant | None = None
    end: Instant

    @model_validator(mode="after")
    def _known_types(self) -> Self:
        foreign = sorted(set(self.types) - ALL_KINDS)
        if foreign:
            raise ValueError(f"there is no type of incident {foreign[0]!r}; there are {', '.join(sorted(ALL_KINDS))}")
        return self


async def search(call: Call[MuteSearch]) -> MutesAnswer:
    """Mutes with the number of incidents that they kept from people, the last to end first."""
    asked = call.parameters

    def question(moment: StoresAsOf) -> MutesAnswer:
        wanted = MuteFilter(asked.site, asked.over, moment.now.timestamp())
        found = mutes(moment.view(AlertingProjection), wanted, moment.upto, asked.limit)
        return MutesAnswer(mutes=[MuteAnswer.of(one, moment.now) for one in found])

    return await call.gateway.ask_at(asked.as_of, question)


async def place(call: Call[Parameters]) -> MuteAnswer:
    """Alert nobody to incidents of these devices and types for a time. Incidents are listed and counted, and alerted to
    when the mute ends, if they are still open.
    """
    body = await call.body(NewMute)
    now = call.gateway.clock()
    start = body.start or now
    if body.end <= max(start, now):
        raise Problem(400, "end must be after start, and to come")
    if body.site != HUB:
        await require_devices(call.gateway, body.site, body.devices)
    given = body.model_dump(exclude={"site", "start"})
    return await _say(call.gateway, body.site, Mute(mute_id=uuid7(), state="placed", start=start, **given))


async def end(call: Call[OfMute]) -> MuteAnswer:
    """End a mute before its time; doing it twice changes nothing."""
    body, mute_id = await call.body(MuteEnd), call.parameters.id
    known = await call.gateway.ask(lambda stores: mute(stores.view(AlertingProjection.name), mute_id))
    if known is None:
        raise Problem(404, f"there is no mute {mute_id!r}")
    now = call.gateway.clock()
    if known.is_over(now.timestamp()):
        return MuteAnswer.of(known, now)
    said = Mute(
        mute_id=mute_id,
        state="ended",
        reason=body.reason,
        by=body.by,
        start=moment_of_seconds(known.start),
        end=moment_of_seconds(known.end),
        devices=known.devices,
        types=known.types,
    )
    return await _say(call.gateway, known.site, said)


async def _say(gateway: Gateway, site: str, said: Mute) -> MuteAnswer:
    event = MuteEvent(id=uuid7(), source=device_source(site, GATEWAY), time=gateway.clock(), data=said)
    name = AlertingProjection.name
    entry = ViewEntry(name, partial(last_mute_position, mute_id=said.mute_id), partial(mute, mute_id=said.mute_id))
    return MuteAnswer.of(await publish_change(gateway, event, entry, "the mute"), gateway.clock())


PATH = "/api/v1/mutes"
OPERATIONS = [
    Operation("GET", PATH, search, MutesAnswer, MuteSearch),
    Operation("POST", PATH, place, MuteAnswer, body=NewMute, status=201),
    Operation("POST", f"{PATH}/{{id}}/end", end, MuteAnswer, OfMute, body=MuteEnd),
]
