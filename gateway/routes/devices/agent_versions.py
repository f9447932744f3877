"""Routes of the versions of an agent's configuration: what changed, who wanted it, and the way back."""

from typing import Annotated, Literal

from pydantic import Field

from bus_schemas.limits import clip
from consumers.store.journal.clock_ahead import moment_of
from consumers.views.agent_outcomes import Outcome, outcomes
from consumers.views.agents import AgentVersion, signed_text
from gateway.agents.changes import NAME, agent_of
from gateway.agents.configuring import WantedConfiguration, set_configuration
from gateway.agents.differences import ChangedValue, differences
from gateway.calls import Call, Operation
from gateway.http.answers import Answer, Time
from gateway.http.parameters import Parameters, PersonText, SignedBody
from gateway.http.problems import Problem
from gateway.reading.stores import Stores
from gateway.routes.devices.enrolments import BODY_BYTES, ONE, EnrolledAgentAnswer, OfAgent, read_answer, require_agents

MOST_VERSIONS = 20
MOST_CHANGES = 50
PATH = f"{ONE}/versions"


class OfVersions(OfAgent):
    limit: Annotated[int, Field(ge=1, le=100)] = MOST_VERSIONS
    before: Annotated[int, Field(ge=1, description="Only versions below this one.")] | None = None


class OfVersion(Parameters):
    node: Annotated[str, Field(description="The name of the agent.")]
    version: Annotated[int, Field(ge=1, le=2**31 - 1)]


class BringBack(SignedBody):
    reason: PersonText = Field(description="Why, for those who ask later.")


class ChangedValueAnswer(Answer):
    path: str = Field(description="As `sites.YARD.devices.GATE.rates.thermal_fps`.")
    before: str | None = Field(description="As JSON; null where it was not there.")
    after: str | None = Field(description="As JSON; null where it is not there any more.")


class OutcomeAnswer(Answer):
    state: Literal["applied", "refused"]
    time: Time = Field(description="When the agent last said so.")
    reason: str | None

    @classmethod
    def of(cls, one: Outcome | None) -> "OutcomeAnswer | None":
        return None if one is None else cls(state=one.state, time=moment_of(one.at), reason=one.reason)


class ListedVersionAnswer(Answer):
    version: int
    devices: list[str]
    by: str | None
    time: Time
    reason: str | None = Field(description="Why somebody set it, if they said so.")
    outcome: OutcomeAnswer | None = Field(description="What became of it at the agent; null where it has not said.")
    changes: list[ChangedValueAnswer] = Field(description="What differs from the version before, at most 50 values.")
    changes_left_out: int

    @classmethod
    def of(cls, one: AgentVersion, outcome: Outcome | None, found: list[ChangedValue]) -> "ListedVersionAnswer":
        shown = [ChangedValueAnswer(path=path, before=old, after=new) for path, old, new in found[:MOST_CHANGES]]
        return cls(
            version=one.version,
            devices=list(one.devices),
            by=one.by,
            time=moment_of(one.at),
            reason=one.reason,
            outcome=OutcomeAnswer.of(outcome),
            changes=shown,
            changes_left_out=len(found) - len(shown),
        )


class VersionsAnswer(Answer):
    versions: list[ListedVersionAnswer] = Field(description="The newest first.")
    left_out: int = Field(description="How many older ones there are; ask for them with `before`.")


async def list_versions(call: Call[OfVersions]) -> VersionsAnswer:
    """The versions of the configuration of an agent: who wanted each, when and why, and what changed with it."""
    asked, gateway = call.parameters, call.gateway

    def question(stores: Stores) -> VersionsAnswer | None:
        view = stores.view(NAME)
        known = agent_of(gateway, asked.node)(view)
        if known is None:
            return None
        numbers = sorted(known.versions, reverse=True)
        wanted = [number for number in numbers if asked.before is None or number < asked.before]
        texts = {
            number: signed_text(view, known.versions[number]).configuration for number in wanted[: asked.limit + 1]
        }
        became = outcomes(view, asked.node)
        older = [*texts.values(), ""][1:]
        listed = [
            ListedVersionAnswer.of(known.versions[number], became.get(number), differences(before, text))
            for (number, text), before in zip(texts.items(), older, strict=True)
        ]
        return VersionsAnswer(versions=listed[: asked.limit], left_out=max(0, len(wanted) - asked.limit))

    found = await gateway.ask(question)
    if found is None:
        raise Problem(404, f"there is no agent {asked.node!r}")
    return found


async def bring_back(call: Call[OfVersion]) -> EnrolledAgentAnswer:
    """Make what an older version says the newest one, with a reason. The agent tries it like any other."""
    gateway, asked = call.gateway, call.parameters
    service, body = require_agents(gateway), await call.body(BringBack)

    def question(stores: Stores) -> str | None:
        view = stores.view(NAME)
        known = agent_of(gateway, asked.node)(view)
        one = None if known is None else known.versions.get(asked.version)
        return None if one is None else signed_text(view, one).configuration

    text = await gateway.ask(question)
    if not text:
        raise Problem(404, f"this hub knows no version {asked.version} of an agent {asked.node!r}")
    reason = clip(f"version {asked.version} again: {body.reason}")
    await set_configuration(gateway, service, asked.node, WantedConfiguration(text, body.by, reason))
    return await read_answer(gateway, asked.node)


OPERATIONS = [
    Operation("GET", PATH, list_versions, VersionsAnswer, OfVersions),
    Operation(
        "POST", f"{PATH}/{{version}}/bring-back", bring_back, EnrolledAgentAnswer, OfVersion, body=BringBack,
        also=(409,), body_bytes=BODY_BYTES,
    ),
]  # fmt: skip
