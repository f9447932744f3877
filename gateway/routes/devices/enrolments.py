"""Routes of enrolled agents: their codes, configurations and identities, and how a device enrols."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field
from starlette.responses import Response

from bus_schemas.enrolment import MAX_CONFIGURATION, AgentChange, Enrolment, EnrolmentRequest
from consumers.store.journal.clock_ahead import moment_of
from consumers.views.agents import AgentVersion, SignedText
from gateway.agents.changes import AgentReading, publish_agent, read_agent, read_agents
from gateway.agents.configuring import WantedConfiguration, set_configuration
from gateway.agents.exchange import exchange
from gateway.agents.service import AgentService
from gateway.calls import Call, Operation, json_response
from gateway.context import Gateway
from gateway.http.answers import Answer, Time
from gateway.http.auth import ENROLMENT_PATH
from gateway.http.parameters import Name, Nothing, Parameters, PersonText, SignedBody
from gateway.http.problems import Problem

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
    reason: PersonText | None = Field(default=None, description="Why it is changed, for those who ask later.")


class VersionAnswer(Answer):
    version: int
    configuration: str = Field(description="As JSON text.")
    devices: list[str]
    by: str | None
    time: Time

    @classmethod
    def of(cls, one: AgentVersion | None, texts: Mapping[int, SignedText]) -> "VersionAnswer | None":
        if one is None:
            return None
        return cls(
            version=one.version,
            configuration=texts[one.version].configuration,
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
    forgotten: int | None = Field(
        description="The version that it runs, where this hub does not know it any more, as after a restore."
    )
    refused: RefusalAnswer | None = Field(description="The newest configuration that did not come up, and why.")

    @classmethod
    def of(cls, found: AgentReading, now_s: float) -> "EnrolledAgentAnswer":
        one, refusal = found.entry, None
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
            wanted=VersionAnswer.of(one.wanted, found.texts),
            in_force=VersionAnswer.of(one.in_force, found.texts),
            forgotten=one.forgotten,
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
    entries = await read_agents(call.gateway)
    now_s = call.gateway.clock().timestamp()
    return EnrolledAgentsAnswer(
        enrols=call.gateway.agents is not None, agents=[EnrolledAgentAnswer.of(one, now_s) for one in entries]
    )


async def read(call: Call[OfAgent]) -> EnrolledAgentAnswer:
    """One agent."""
    return await read_answer(call.gateway, call.parameters.node)


async def configure(call: Call[OfAgent]) -> EnrolledAgentAnswer:
    """Set the configuration of an agent, also of a new one. An agent that is enrolled tries it, keeps it where its
    devices come up with it, and else returns to the one before and says why.
    """
    gateway, node = call.gateway, call.parameters.node
    service, body = require_agents(gateway), await call.body(NewConfiguration)
    await set_configuration(gateway, service, node, WantedConfiguration(body.configuration, body.by, body.reason))
    return await read_answer(gateway, node)


async def issue_code(call: Call[OfAgent]) -> CodeAnswer:
    """A one-time code with which one device becomes this agent. One that was enrolled before is then revoked."""
    gateway, node = call.gateway, call.parameters.node
    service, by = require_agents(gateway), (await call.body(SignedBody)).by
    if (await read_agent(gateway, node)).entry.wanted is None:
        raise Problem(409, f"{node} has no configuration yet: PUT it first")
    with service.files():
        code, expires = service.codes.issue(node, by, gateway.clock(), service.settings.code_lasts)
    await publish_agent(gateway, AgentChange(node=node, state="code_issued", by=by, expires=expires))
    return CodeAnswer(node=node, code=code, expires=expires)


async def revoke(call: Call[OfAgent]) -> EnrolledAgentAnswer:
    """Take the identity of an agent away: the broker ends its connections and lets it in no more."""
    gateway, node = call.gateway, call.parameters.node
    service, by = require_agents(gateway), (await call.body(SignedBody)).by
    known = (await read_agent(gateway, node)).entry
    if known.standing != "revoked":
        known = await publish_agent(gateway, AgentChange(node=node, state="revoked", by=by, user=known.user))
    with service.files():
        service.accounts.reconcile({}, known.former_users, gateway.clock())
        service.codes.cancel(node, gateway.clock())
    return await read_answer(gateway, node)


async def enrol(call: Call[Nothing]) -> Response:
    """Exchange a one-time code for an identity. The code is all that is needed; too many wrong ones are answered with
    429 and a Retry-After.
    """
    client = call.request.client
    service, body = require_agents(call.gateway), await call.body(EnrolmentRequest)
    made = await exchange(call.gateway, service, body, client.host if client else "")
    return json_response(made, 201)


def require_agents(gateway: Gateway) -> AgentService:
    """Raises `Problem`."""
    if gateway.agents is None:
        raise Problem(409, NO_AGENTS)
    return gateway.agents


async def read_answer(gateway: Gateway, node: str) -> EnrolledAgentAnswer:
    return EnrolledAgentAnswer.of(await read_agent(gateway, node), gateway.clock().timestamp())


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
