"""Routes of enrolled agents: their codes, configurations and identities, and how a device enrols."""

from asyncio import to_thread
from functools import partial
from typing import Any

from pydantic import Field
from starlette.responses import Response

from bus_schemas.enrolment import (
    MAX_CONFIGURATION,
    AgentChange,
    AgentEvent,
    Enrolment,
    EnrolmentRequest,
    SignedConfiguration,
)
from bus_schemas.event import GATEWAY, HUB, device_source
from consumers.engine.view_files import NoView
from consumers.store.journal.clock_ahead import moment_of
from consumers.views.agents import AgentEntry, AgentsProjection, AgentVersion, agent, agents, last_position, owner_of
from gateway.agents.accounts import Account
from gateway.agents.identities import new_user
from gateway.agents.registration import register
from gateway.agents.service import AgentService, CheckedConfiguration
from gateway.calls import Call, Operation, json_response
from gateway.context import Gateway
from gateway.http.answers import Answer, Time
from gateway.http.auth import ENROLMENT_PATH
from gateway.http.parameters import Name, Nothing, Parameters, SignedBody
from gateway.http.problems import Problem
from gateway.messages.ids import uuid7
from gateway.publishing import ViewEntry, publish_change
from gateway.reading.stores import Stores

PATH = "/api/v1/enrolments"
ONE = f"{PATH}/{{node}}"
BODY_BYTES = 4_096
CONFIGURATION_BODY_BYTES = 2 * MAX_CONFIGURATION + 1_000
NO_AGENTS = (
    "this hub enrols no agents: give broker.agents in its configuration (docs/raspberry-pi.md says what it needs)"
)


class OfAgent(Parameters):
    node: Name


class NewConfiguration(SignedBody):
    configuration: str = Field(
        min_length=1,
        max_length=MAX_CONFIGURATION,
        description="`sites` with their devices, and perhaps `link`, as YAML or JSON in the words of `watchpost.yaml`. "
        "Passwords of cameras stay at the agent, as variables.",
    )


class VersionAnswer(Answer):
    version: int
    configuration: str = Field(description="As JSON text.")
    devices: list[str]
    by: str | None
    time: Time

    @classmethod
    def of(cls, one: AgentVersion | None) -> "VersionAnswer | None":
        if one is None:
            return None
        return cls(
            version=one.version,
            configuration=one.configuration,
            devices=list(one.devices),
            by=one.by,
            time=moment_of(one.at),
        )


class RefusalAnswer(Answer):
    version: int
    reason: str
    time: Time


class EnrolledAgentAnswer(Answer):
    node: str
    state: str = Field(description="`new`, `code_issued`, `enrolled` or `revoked`.")
    by: str | None = Field(description="Who made it so.")
    since: Time | None
    code_expires: Time | None = Field(description="Until when its one-time code is valid, if it has one.")
    devices: list[str] = Field(description="Those that it may speak for, as SITE/DEVICE.")
    wanted: VersionAnswer | None
    in_force: VersionAnswer | None = Field(description="What came up at the agent.")
    refused: RefusalAnswer | None = Field(description="The newest configuration that did not come up, and why.")

    @classmethod
    def of(cls, one: AgentEntry, now_s: float) -> "EnrolledAgentAnswer":
        refusal = None
        if one.refused is not None:
            reason = one.refused_reason or "it gave no reason"
            refusal = RefusalAnswer(version=one.refused, reason=reason, time=moment_of(one.refused_at or 0))
        code = one.code_expires if one.code_expires is not None and one.code_expires > now_s else None
        return cls(
            node=one.node,
            state="new" if one.standing == "code_issued" and code is None else one.standing,
            by=one.by,
            since=moment_of(one.at) if one.at else None,
            code_expires=None if code is None else moment_of(code),
            devices=list(one.devices),
            wanted=VersionAnswer.of(one.wanted),
            in_force=VersionAnswer.of(one.in_force),
            refused=refusal,
        )


class EnrolledAgentsAnswer(Answer):
    enrols: bool = Field(description="Whether this hub can enrol agents.")
    agents: list[EnrolledAgentAnswer]


class CodeAnswer(Answer):
    node: str
    code: str = Field(description="Shown once: the hub keeps only its hash.")
    expires: Time


async def list_agents(call: Call[Nothing]) -> EnrolledAgentsAnswer:
    """Agents that were enrolled, or are to be, and the configurations that they have."""
    entries = await call.gateway.ask(_entries)
    now_s = call.gateway.clock().timestamp()
    return EnrolledAgentsAnswer(
        enrols=call.gateway.agents is not None, agents=[EnrolledAgentAnswer.of(one, now_s) for one in entries]
    )


async def read(call: Call[OfAgent]) -> EnrolledAgentAnswer:
    """One agent."""
    return _answer(call.gateway, await _known(call.gateway, call.parameters.node))


async def configure(call: Call[OfAgent]) -> EnrolledAgentAnswer:
    """Set the configuration of an agent, also of a new one. An agent that is enrolled tries it, keeps it where its
    devices come up with it, and else returns to the one before and says why.
    """
    gateway, node = call.gateway, call.parameters.node
    service, body = _service(gateway), await call.body(NewConfiguration)
    try:
        checked = await to_thread(service.settings.check, node, body.configuration)
    except ValueError as error:
        raise Problem(400, str(error)) from error
    async with service.one_by_one:
        known = await _require_free(gateway, node, checked.devices)
        await register(gateway, checked.sites, body.by)
        entry = await _publish(gateway, _configured(service, node, _next_version(known), checked, body.by))
    service.changed.set()
    return _answer(gateway, entry)


def _configured(service: AgentService, node: str, version: int, checked: CheckedConfiguration, by: str) -> AgentChange:
    return AgentChange(
        node=node,
        state="configured",
        by=by,
        version=version,
        configuration=checked.text,
        signature=service.key.sign(node, version, checked.text),
        devices=checked.devices,
    )


def _next_version(known: AgentEntry | None) -> int:
    return 1 + max(known.versions if known is not None else (), default=0)


async def issue_code(call: Call[OfAgent]) -> CodeAnswer:
    """A one-time code with which one device becomes this agent. One that was enrolled before is then revoked."""
    gateway, node = call.gateway, call.parameters.node
    service, by = _service(gateway), (await call.body(SignedBody)).by
    if (await _known(gateway, node)).wanted is None:
        raise Problem(409, f"{node} has no configuration yet: PUT it first")
    code, expires = service.codes.issue(node, by, gateway.clock(), service.settings.code_lasts)
    await _publish(gateway, AgentChange(node=node, state="code_issued", by=by, expires=expires))
    return CodeAnswer(node=node, code=code, expires=expires)


async def revoke(call: Call[OfAgent]) -> EnrolledAgentAnswer:
    """Take the identity of an agent away: the broker ends its connections and lets it in no more."""
    gateway, node = call.gateway, call.parameters.node
    service, by = _service(gateway), (await call.body(SignedBody)).by
    known = await _known(gateway, node)
    service.codes.cancel(node, gateway.clock())
    if known.standing != "revoked":
        known = await _publish(gateway, AgentChange(node=node, state="revoked", by=by, user=known.user))
    service.accounts.reconcile({}, known.former_users)
    return _answer(gateway, known)


async def enrol(call: Call[Nothing]) -> Response:
    """Exchange a one-time code for an identity. The code is all that is needed; too many wrong ones are answered with
    429 and a Retry-After.
    """
    gateway, client = call.gateway, call.request.client
    service, body = _service(gateway), await call.body(EnrolmentRequest)
    code = service.use_code(body.code, client.host if client else "", gateway.clock())
    user = new_user(code.node)
    try:
        async with service.one_by_one:
            known = await _known(gateway, code.node)
            await _require_free(gateway, code.node, () if known.wanted is None else known.wanted.devices)
            entry = await _publish(gateway, AgentChange(node=code.node, state="enrolled", by=code.by, user=user))
    except Problem:
        service.codes.give_back(code, gateway.clock())
        raise
    service.accounts.reconcile({}, entry.former_users)
    service.accounts.add(Account(user, body.password_hash, entry.devices))
    service.changed.set()
    return json_response(_enrolment(service, entry, user), 201)


def _enrolment(service: AgentService, entry: AgentEntry, user: str) -> Enrolment:
    wanted = entry.wanted
    assert wanted is not None, "a code is issued only for an agent with a configuration"
    return Enrolment(
        node=entry.node,
        user=user,
        broker_host=service.settings.host,
        broker_port=service.settings.port,
        ca=service.ca(),
        hub_key=service.key.public,
        configuration=SignedConfiguration(
            node=entry.node,
            version=wanted.version,
            configuration=wanted.configuration,
            signature=wanted.signature,
        ),
    )


def _service(gateway: Gateway) -> AgentService:
    if gateway.agents is None:
        raise Problem(409, NO_AGENTS)
    return gateway.agents


def _entries(stores: Stores) -> list[AgentEntry]:
    return agents(stores.view(AgentsProjection.name))


async def _known(gateway: Gateway, node: str) -> AgentEntry:
    found = await gateway.ask(lambda stores: agent(stores.view(AgentsProjection.name), node))
    if found is None:
        raise Problem(404, f"there is no agent {node!r}")
    return found


async def _require_free(gateway: Gateway, node: str, devices: tuple[str, ...]) -> AgentEntry | None:
    """The agent, if it is known. Raises a 409 where another agent has one of these devices."""
    entries = await gateway.ask(_entries_or_none)
    others = [one for one in entries if one.node != node]
    for device in devices:
        if (owner := owner_of(others, device)) is not None:
            raise Problem(409, f"the agent {owner} has {device} already: take it out of its configuration first")
    return next((one for one in entries if one.node == node), None)


def _entries_or_none(stores: Stores) -> list[AgentEntry]:
    try:
        return _entries(stores)
    except NoView:
        return []


async def _publish(gateway: Gateway, data: AgentChange) -> AgentEntry:
    """Raises a 503 where it is not in the view in time."""
    event = AgentEvent(id=uuid7(), source=device_source(HUB, GATEWAY), time=gateway.clock(), data=data)
    entry: ViewEntry[AgentEntry] = ViewEntry(
        AgentsProjection.name, partial(last_position, node=data.node), partial(agent, node=data.node)
    )
    return await publish_change(gateway, event, entry, f"the change of {data.node}")


def _answer(gateway: Gateway, entry: AgentEntry) -> EnrolledAgentAnswer:
    return EnrolledAgentAnswer.of(entry, gateway.clock().timestamp())


_CHANGE: dict[str, Any] = {"also": (409,), "body_bytes": BODY_BYTES}
OPERATIONS = [
    Operation("GET", PATH, list_agents, EnrolledAgentsAnswer),
    Operation("GET", ONE, read, EnrolledAgentAnswer, OfAgent),
    Operation(
        "PUT", f"{ONE}/configuration", configure, EnrolledAgentAnswer, OfAgent, body=NewConfiguration, also=(409,),
        body_bytes=CONFIGURATION_BODY_BYTES,
    ),
    Operation("POST", f"{ONE}/code", issue_code, CodeAnswer, OfAgent, body=SignedBody, status=201, **_CHANGE),
    Operation("POST", f"{ONE}/revoke", revoke, EnrolledAgentAnswer, OfAgent, body=SignedBody, **_CHANGE),
    Operation(
        "POST", ENROLMENT_PATH, enrol, Enrolment, body=EnrolmentRequest, status=201, also=(403, 409, 429),
        body_bytes=BODY_BYTES,
    ),
]  # fmt: skip
