"""How far each consumer is, and what stopped those that are stopped."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from consumers import checkpoint, views
from consumers.hub import Hub
from consumers.views import NoView
from consumers.warehouse.answering import Status
from consumers.warehouse.tables import VERSION
from gateway.answers import Answer
from gateway.calls import Call, Operation
from gateway.described import Described, Kind
from gateway.parameters import Nothing
from gateway.stores import Stores

BEHIND = 1000
"""A lag in positions that is more than a batch on its way."""

State = Literal["running", "behind", "stopped", "rebuilding"]


class Progress(Answer):
    name: str
    kind: Kind
    position: int
    lag: int = Field(description="Positions from here to the head.")
    state: State
    error: str | None = Field(description="The event that it could not take, and why.")
    version: int


class Consumers(Answer):
    head: int
    consumers: list[Progress]


def progress(stores: Stores, hub: Hub, of: tuple[Described, ...], head: int) -> Iterator[Progress]:
    for one in of:
        is_rebuilding = views.next_file(hub.data, one.name).exists()
        try:
            view = stores.view(one.name)
        except NoView:
            yield _progress(one, 0, head, None, is_rebuilding=is_rebuilding)
            continue
        failure = checkpoint.failure(view)
        error = f"position {failure.position}, event {failure.event_id}: {failure.error}" if failure else None
        yield _progress(one, checkpoint.load(view), head, error, is_rebuilding=is_rebuilding)


def _progress(one: Described, position: int, head: int, error: str | None, *, is_rebuilding: bool) -> Progress:
    lag = max(0, head - position)
    state: State = "rebuilding" if is_rebuilding else "stopped" if error else "behind" if lag > BEHIND else "running"
    return Progress(
        name=one.name, kind=one.kind, position=position, lag=lag, state=state, error=error, version=one.version
    )


def _of_rows(status: Status, head: int) -> Progress:
    """The consumer that lives in this process, or whose checkpoint a server has."""
    lag = max(0, head - status.position)
    state: State = status.state if status.state != "starting" else "behind"
    if state == "running" and lag > BEHIND:
        state = "behind"
    return Progress(
        name="warehouse",
        kind="projection",
        position=status.position,
        lag=lag,
        state=state,
        error=status.error,
        version=VERSION,
    )


async def consumers(call: Call[Nothing]) -> Consumers:
    """Checkpoints, lag, and the event that a stopped consumer could not take."""
    gateway = call.gateway

    def question(stores: Stores) -> Consumers:
        head = stores.queries.head()
        found = list(progress(stores, gateway.hub, gateway.consumers, head))
        if gateway.rows.warehouse is not None:
            found.append(_of_rows(gateway.rows.warehouse.status(), head))
        return Consumers(head=head, consumers=found)

    return await gateway.ask(question)


OPERATIONS = [Operation("GET", "/api/v1/consumers", consumers, Consumers)]
