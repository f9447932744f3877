"""Routes of consumers: their progress, and the errors that stopped them."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bus_schemas.event import GATEWAY, HUB, device_source, iso
from bus_schemas.node import Command, CommandEvent
from consumers.alerting.notify.questions import receivers
from consumers.engine import checkpoint, damaged_views, set_aside
from consumers.engine.rebuild.process_lock import rebuild_progress
from consumers.engine.rebuild.sink import REBUILD
from consumers.engine.retrying import DEGRADED_FOR
from consumers.engine.set_aside import SetAsideEvent
from consumers.engine.store_owner import FoldedElsewhere, OpenStore, StoreOwner, StoreStatus
from consumers.engine.view_files import NoView
from consumers.hub_config import HubConfig
from consumers.registry import consumer_registry
from consumers.upkeep.maintenance import views_in_parts
from gateway.calls import Call, Operation, parsed
from gateway.consumer_info import ConsumerInfo, Kind
from gateway.context import Gateway
from gateway.http.answers import Answer, Time
from gateway.http.parameters import Instant, Name, Nothing, Parameters, Word
from gateway.http.problems import Problem
from gateway.messages.ids import uuid7
from gateway.publishing import publish
from gateway.reading.stores import Stores
from gateway.routes.devices.commands import NOBODY
from gateway.routes.lookup import require_site
from producer.sqlite_files import is_broken

BEHIND = 1000
"""A lag in positions that is more than a batch on its way."""

SHOWN = 5

State = Literal["running", "limping", "behind", "stopped", "rebuilding"]


class SetAsideEventAnswer(Answer):
    """An event that a consumer could not take."""

    position: int
    event: str = Field(description="Its id.")
    type: str
    source: str
    error: str
    at: str

    @classmethod
    def of(cls, one: SetAsideEvent) -> "SetAsideEventAnswer":
        return cls(
            position=one.position, event=one.event_id, type=one.type, source=one.source, error=one.error, at=one.at
        )


class Receiver(Answer):
    name: str
    waiting: int = Field(description="Alerts that it has not taken yet.")
    set_aside: int = Field(description="Alerts that it refused, or did not take for days; they are not tried again.")
    last_success: Time | None
    last_error: str | None = Field(description="A sentence; it still holds where it is newer than `last_success`.")
    last_error_at: Time | None


class ProgressAnswer(Answer):
    name: str
    kind: Kind
    position: int
    lag: int = Field(description="Positions from here to the head.")
    state: State
    error: str | None = Field(
        description="Of one that has stopped: the first event that it could not take, and why. Also where its view was"
        " made by another version, older or newer, and answers nothing until it is folded again."
    )
    version: int
    set_aside: int = Field(default=0, description="Events that it could not take; a rebuild tries them again.")
    lately: list[SetAsideEventAnswer] = Field(
        default_factory=list,
        description="Those of the last 15 minutes, at most 5, the newest first.",
    )
    rebuilt: int | None = Field(default=None, description="The position that its rebuild has reached, during one.")
    rebuilds: int | None = Field(
        default=None,
        description="Of rows, which have no event for it: how often they were folded anew since the start.",
    )
    receivers: list[Receiver] | None = Field(default=None, description="Of `webhook`: to whom alerts are posted.")


class Consumers(Answer):
    head: int
    consumers: list[ProgressAnswer]


def progress(
    stores: Stores, hub: HubConfig, of: Iterable[ConsumerInfo], head: int, now: datetime
) -> Iterator[ProgressAnswer]:
    for one in of:
        reached = rebuild_progress(hub.data, one.name)
        try:
            yield _progress_of(stores, one, head, now, reached)
        except NoView:
            yield _progress(one, 0, head, None, reached)
        except sqlite3.DatabaseError as error:
            if is_broken(error):
                damaged_views.note(hub.data, one.name, str(error))
            yield _progress(one, 0, head, f"its file cannot be read: {error}", reached)


def _progress_of(stores: Stores, one: ConsumerInfo, head: int, now: datetime, reached: int | None) -> ProgressAnswer:
    """Raises `NoView`, and `sqlite3.DatabaseError` where the file of the view is damaged."""
    view = stores.views[one.name]
    found = _progress(one, checkpoint.load(view), head, _error(stores, one, view), reached)
    found = _with_set_aside(found, set_aside.total(view), set_aside.since(view, now - DEGRADED_FOR))
    return found.model_copy(update={"receivers": _receivers(view)}) if one.has_receivers else found


def _error(stores: Stores, one: ConsumerInfo, view: sqlite3.Connection) -> str | None:
    if one.kind == "projection" and (why := stores.outdated(one.name, view)):
        return f"its view is folded again, for {why}"
    failure = checkpoint.failure(view)
    return f"position {failure.position}, event {failure.event_id}: {failure.error}" if failure else None


def all_progress(gateway: Gateway, stores: Stores, head: int) -> Iterator[ProgressAnswer]:
    """The state of every consumer; of those with stores where this process has them open."""
    now = gateway.clock()
    yield from progress(stores, gateway.hub, [one for one in gateway.consumers if one.owner is None], head, now)
    for one in gateway.consumers:
        opened = gateway.stores.get(one.name)
        if one.owner is not None and opened is not None:
            yield _progress_of_store(one.owner, opened.status(), head, now)


def _progress_of_store(owner: StoreOwner, status: StoreStatus, head: int, now: datetime) -> ProgressAnswer:
    refused, since = owner.set_aside(), iso(now - DEGRADED_FOR)
    lately = [one for one in refused.newest if one.at > since]
    return _with_set_aside(_of_store(owner, status, head), refused.total, lately)


def _with_set_aside(found: ProgressAnswer, count: int, lately: Sequence[SetAsideEvent]) -> ProgressAnswer:
    state: State = "limping" if lately and found.state in ("running", "behind") else found.state
    shown = [SetAsideEventAnswer.of(one) for one in lately[:SHOWN]]
    return found.model_copy(update={"state": state, "set_aside": count, "lately": shown})


def _receivers(state: sqlite3.Connection) -> list[Receiver]:
    return [Receiver.model_validate(found) for found in receivers(state)]


def _progress(one: ConsumerInfo, position: int, head: int, error: str | None, reached: int | None) -> ProgressAnswer:
    lag = max(0, head - position)
    state: State = "stopped" if error else "behind" if lag > BEHIND else "running"
    return ProgressAnswer(
        name=one.name,
        kind=one.kind,
        position=position,
        lag=lag,
        state=state if reached is None else "rebuilding",
        error=error,
        version=one.version,
        rebuilt=reached,
    )


def _of_store(owner: StoreOwner, status: StoreStatus, head: int) -> ProgressAnswer:
    """The consumer that lives in this process, or whose checkpoint a server has."""
    lag = max(0, head - status.position)
    state: State = status.state if status.state != "starting" else "behind"
    if state == "running" and lag > BEHIND:
        state = "behind"
    return ProgressAnswer(
        name=owner.name,
        kind="projection",
        position=status.position,
        lag=lag,
        state=state,
        error=status.error,
        version=owner.version,
        rebuilds=status.rebuilds,
    )


async def consumers(call: Call[Nothing]) -> Consumers:
    """Checkpoints, lag, and the event that a stopped consumer could not take."""
    gateway = call.gateway

    def question(stores: Stores) -> Consumers:
        head = stores.queries.head()
        return Consumers(head=head, consumers=list(all_progress(gateway, stores, head)))

    return await gateway.ask(question)


class OfConsumer(Parameters):
    name: Word


class AskedAnswer(Answer):
    id: str = Field(description="The `request_id` of the command events with its outcome.")
    state: Literal["pending"]


class Rebuilding(BaseModel):
    """May be left out altogether. With `site`, `since` and `until` that part alone, where the view can be folded so."""

    model_config = ConfigDict(extra="forbid")

    site: Name | None = None
    since: Instant | None = None
    until: Instant | None = Field(default=None, description="Excluded.")
    restart: bool = Field(default=False, description="From the beginning, where an interrupted one could go on.")
    force: bool = Field(default=False, description="Also where history is lost whose days the journal has dropped.")

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        given = (self.site, self.since, self.until)
        if any(given) and not all(given):
            raise ValueError("a part of a view is given by site, since and until, all three")
        if self.since and self.until and self.until <= self.since:
            raise ValueError("until is not after since")
        return self


def _fold_store_anew(name: str, store: OpenStore | None, wanted: Rebuilding) -> None:
    if wanted.site:
        raise Problem(409, f"{name} cannot be folded in part: its store is replaced as a whole")
    if store is None:
        raise Problem(404, f"this gateway has no store of {name}")
    try:
        store.rebuild()
    except FoldedElsewhere as elsewhere:
        raise Problem(409, str(elsewhere)) from elsewhere


async def rebuild(call: Call[OfConsumer]) -> AskedAnswer:
    """Fold a view, or the rows, again; the old ones answer until the new ones take their place."""
    gateway, name, request_id = call.gateway, call.parameters.name, uuid7()
    content = await call.content()
    body = parsed(Rebuilding, content) if content else Rebuilding()
    one = next((one for one in gateway.consumers if one.name == name), None)
    if one is None:
        raise Problem(404, f"there is no consumer {name!r}")
    if one.owner is not None:
        _fold_store_anew(name, gateway.stores.get(name), body)
        return AskedAnswer(id=request_id, state="pending")
    if one.kind == "sink":
        raise Problem(409, f"{name} is a sink: what it has handed on cannot be folded again")
    if body.site and name not in (possible := views_in_parts(consumer_registry(gateway.hub))):
        raise Problem(409, f"{name} cannot be folded in part; views that can be are {', '.join(possible)}")
    if body.site:
        await require_site(gateway, body.site)
    arguments = {"consumer": name, **body.model_dump(mode="json", exclude_defaults=True)}
    data = Command(request_id=request_id, name=REBUILD, state="asked", by=NOBODY, arguments=arguments)
    asked = CommandEvent(id=request_id, source=device_source(HUB, GATEWAY), time=gateway.clock(), data=data)
    await publish(gateway, asked)
    return AskedAnswer(id=request_id, state="pending")


OPERATIONS = [
    Operation("GET", "/api/v1/consumers", consumers, Consumers, needs_journal=False),
    Operation(
        "POST",
        "/api/v1/consumers/{name}/rebuild",
        rebuild,
        AskedAnswer,
        OfConsumer,
        body=Rebuilding,
        status=202,
        also=(409,),
    ),
]
