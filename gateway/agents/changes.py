"""Reads agents as the hub has signed their configurations, and publishes what people change about them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from sqlite3 import Connection

from bus_schemas.enrolment import AgentChange, AgentEvent
from bus_schemas.event import GATEWAY, HUB, device_source
from consumers.engine.view_files import NoView
from consumers.views.agents import (
    AgentEntry,
    AgentsProjection,
    AgentVersion,
    SignedText,
    agent,
    agents,
    last_position,
    owner_of,
    signed_text,
)
from gateway.context import Gateway
from gateway.http.problems import Problem
from gateway.messages.ids import uuid7
from gateway.publishing import ViewEntry, publish_change
from gateway.reading.stores import Stores

NAME = AgentsProjection.name


@dataclass(frozen=True, slots=True)
class AgentReading:
    """An agent, and what the versions say that it is to run and that it runs."""

    entry: AgentEntry
    texts: Mapping[int, SignedText]


def every_agent(gateway: Gateway, stores: Stores) -> list[AgentEntry]:
    """Raises `NoView` and `OfAnotherVersion`."""
    view = stores.view(NAME)
    return agents(view, None if gateway.agents is None else gateway.agents.signed_in(view))


async def read_agents(gateway: Gateway) -> list[AgentReading]:
    """All of them. Raises `Problem`."""
    return await gateway.ask(lambda stores: [_reading(stores.view(NAME), one) for one in every_agent(gateway, stores)])


async def read_agent(gateway: Gateway, node: str) -> AgentReading:
    """Raises `Problem`."""

    def question(stores: Stores) -> AgentReading | None:
        found = agent_of(gateway, node)(stores.view(NAME))
        return None if found is None else _reading(stores.view(NAME), found)

    found = await gateway.ask(question)
    if found is None:
        raise Problem(404, f"there is no agent {node!r}")
    return found


async def require_free(gateway: Gateway, node: str, devices: tuple[str, ...]) -> AgentEntry | None:
    """The agent, if it is known. Raises a 409 where somebody else has one of these devices."""
    of_the_hub = () if gateway.agents is None else gateway.agents.settings.of_the_hub
    entries = await gateway.ask(lambda stores: _agents_or_none(gateway, stores))
    others = [one for one in entries if one.node != node]
    for device in devices:
        if device in of_the_hub:
            raise Problem(409, f"{device} is in the configuration file of the hub: take it out of that first")
        if (owner := owner_of(others, device)) is not None:
            raise Problem(409, _of_another(owner, device))
    return next((one for one in entries if one.node == node), None)


def _of_another(owner: AgentEntry, device: str) -> str:
    wanted, reached = owner.wanted, owner.reached
    if wanted is None or reached is None or device in wanted.devices:
        return f"the agent {owner.node} has {device} already: take it out of its configuration first"
    return (
        f"the agent {owner.node} still runs version {reached.version} with {device}, and has not taken version"
        f" {wanted.version} without it: wait until it has, or revoke it"
    )


def _agents_or_none(gateway: Gateway, stores: Stores) -> list[AgentEntry]:
    try:
        return every_agent(gateway, stores)
    except NoView:
        return []


async def publish_agent(gateway: Gateway, data: AgentChange) -> AgentEntry:
    """Raises a 503 where it is not in the view in time."""
    event = AgentEvent(id=uuid7(), source=device_source(HUB, GATEWAY), time=gateway.clock(), data=data)
    entry: ViewEntry[AgentEntry] = ViewEntry(NAME, partial(last_position, node=data.node), agent_of(gateway, data.node))
    return await publish_change(gateway, event, entry, f"the change of {data.node}")


def agent_of(gateway: Gateway, node: str) -> Callable[[Connection], AgentEntry | None]:
    """Asks a view for an agent, with the versions that this hub has signed."""
    service = gateway.agents
    return lambda view: agent(view, node, None if service is None else service.signed_in(view))


def _reading(view: Connection, entry: AgentEntry) -> AgentReading:
    shown: tuple[AgentVersion | None, ...] = (entry.wanted, entry.in_force)
    return AgentReading(entry, {one.version: signed_text(view, one) for one in shown if one is not None})
