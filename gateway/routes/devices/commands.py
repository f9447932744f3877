"""Routes of commands to devices and their outcomes."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from bus_schemas.limits import FreeObject, RequestId
from consumers.engine.view_files import NoView
from consumers.store.journal.clock_ahead import moment_of
from consumers.views import commands as asked_of
from consumers.views.commands import State
from consumers.views.health.questions import offered_commands
from gateway.calls import Call, Operation, json_response, parsed
from gateway.context import Gateway
from gateway.http.answers import Answer, Time
from gateway.http.parameters import OfDevice, Parameters, Person, Word
from gateway.http.problems import RETRY, Problem
from gateway.messages import commands
from gateway.messages.bus import BusUnreachable
from gateway.messages.commands import CommandOutcome, DeviceCommand, asked_event
from gateway.messages.ids import uuid7
from gateway.publishing import publish
from gateway.reading.stores import Stores
from gateway.routes.lookup import require_device
from gateway.serving.media_links import media_url

NOBODY = "page"
VIEW = "commands"


class Commanding(OfDevice):
    name: Word


class OfRequest(Parameters):
    id: RequestId


class Ordered(BaseModel):
    """May be left out altogether."""

    model_config = ConfigDict(extra="forbid")

    by: Person = NOBODY
    arguments: FreeObject = Field(default_factory=dict)


class AcceptedAnswer(Answer):
    id: str = Field(description="The `request_id` of the command events with its outcome.")
    state: Literal["done", "pending"]
    detail: str | None
    media: list[str] = Field(description="Addresses of what was made: the picture of a snapshot.")


class CommandAnswer(Answer):
    """A request and how it ended: one that nobody answers has timed out after 30 s."""

    id: str
    site: str
    device: str
    name: str
    by: str | None
    asked: Time | None = Field(description="None where it was not asked here.")
    state: State
    detail: str | None
    ended: Time | None

    @classmethod
    def of(cls, one: asked_of.CommandState) -> "CommandAnswer":
        return cls(
            id=one.request_id,
            site=one.site,
            device=one.device,
            name=one.name,
            by=one.by,
            asked=None if one.asked is None else moment_of(one.asked),
            state=one.state,
            detail=one.detail,
            ended=None if one.ended is None else moment_of(one.ended),
        )


class CommandsAnswer(Answer):
    offered: list[str] | None = Field(description="What the device can be asked to do; null where it does not say.")
    commands: list[CommandAnswer] = Field(description="The newest 50.")


async def command(call: Call[Commanding]) -> Response:
    """Ask a device to do something; what became of it is at `/api/v1/commands/{id}`, and a `command` event."""
    asked = call.parameters
    await require_device(call.gateway, asked.site, asked.device)
    content = await call.content()
    body = parsed(Ordered, content) if content else Ordered()
    outcome = await ask(call.gateway, DeviceCommand(asked.site, asked.device, asked.name, body.arguments, body.by), 1.0)
    assert outcome.state != "failed"
    media = [media_url(key) for key in outcome.media]
    accepted = AcceptedAnswer(id=outcome.request_id, state=outcome.state, detail=outcome.detail, media=media)
    return json_response(accepted, 202)


async def ask(gateway: Gateway, request: DeviceCommand, timeout_s: float = commands.ANSWER_S) -> CommandOutcome:
    """Raises a 404 for what the device does not offer, a 409 with the reason where it refuses, and a 503 without a
    broker.
    """
    offered = await gateway.ask(lambda stores: _offered(stores, request.site, request.device))
    if offered is not None and request.name not in offered:
        known = f"it offers {', '.join(offered)}" if offered else "it offers none"
        raise Problem(404, f"{request.device} has no command {request.name!r}; {known}")
    request_id = uuid7()
    await publish(gateway, asked_event(request, request_id, gateway.clock()))
    try:
        outcome = await commands.ask(gateway.bus, request, request_id, timeout_s)
    except BusUnreachable as unreachable:
        raise Problem(503, f"{unreachable}; nothing was sent", headers=RETRY) from unreachable
    if outcome.state == "failed":
        raise Problem(409, f"{request.device} refused: {outcome.detail}")
    return outcome


def _offered(stores: Stores, site: str, device: str) -> tuple[str, ...] | None:
    try:
        return offered_commands(stores.view("health"), site, device)
    except NoView:
        return None


async def read_command(call: Call[OfRequest]) -> CommandAnswer:
    """The outcome of a request."""
    wanted = call.parameters.id
    found = await call.gateway.ask(lambda stores: asked_of.request(stores.view(VIEW), wanted))
    if found is None:
        raise Problem(404, f"there is no request {wanted!r}")
    return CommandAnswer.of(found)


async def read_commands(call: Call[OfDevice]) -> CommandsAnswer:
    """The commands of a device, and its last requests."""
    asked, gateway = call.parameters, call.gateway
    await require_device(gateway, asked.site, asked.device)
    offered = await gateway.ask(lambda stores: _offered(stores, asked.site, asked.device))
    found = await gateway.ask(lambda stores: asked_of.requests(stores.view(VIEW), asked.site, asked.device))
    return CommandsAnswer(
        offered=None if offered is None else list(offered), commands=[CommandAnswer.of(one) for one in found]
    )


DEVICE = "/api/v1/sites/{site}/devices/{device}"

OPERATIONS = [
    Operation(
        "POST",
        f"{DEVICE}/commands/{{name}}",
        command,
        AcceptedAnswer,
        Commanding,
        body=Ordered,
        status=202,
        also=(409,),
    ),
    Operation("GET", f"{DEVICE}/commands", read_commands, CommandsAnswer, OfDevice),
    Operation("GET", "/api/v1/commands/{id}", read_command, CommandAnswer, OfRequest, takes_slashes=True),
]
