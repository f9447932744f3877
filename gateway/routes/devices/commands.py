"""Requests that people make of a device."""

from typing import Literal

from pydantic import BaseModel, Field
from starlette.responses import Response

from bus_schemas.limits import FreeObject
from gateway.calls import Call, Operation, json_response, parsed
from gateway.context import RETRY, Gateway
from gateway.http.answers import Answer
from gateway.http.parameters import OfDevice, Word
from gateway.http.problems import Problem
from gateway.messages import commands
from gateway.messages.bus import BusUnreachable
from gateway.messages.commands import Outcome, Request
from gateway.routes.lookup import require_device

NOBODY = "page"


class Commanding(OfDevice):
    name: Word


class Ordered(BaseModel):
    """May be left out altogether."""

    by: str = Field(default=NOBODY, min_length=1, max_length=100)
    arguments: FreeObject = Field(default_factory=dict)


class Accepted(Answer):
    id: str = Field(description="The `request_id` of the command events that tell what became of it.")
    state: Literal["done", "pending"]
    detail: str | None


async def command(call: Call[Commanding]) -> Response:
    """Ask a device to do something; what became of it is told by a `command` event."""
    asked = call.parameters
    await require_device(call.gateway, asked.site, asked.device)
    content = await call.content()
    wish = parsed(Ordered, content) if content else Ordered()
    outcome = await ask(call.gateway, Request(asked.site, asked.device, asked.name, wish.arguments, wish.by), 1.0)
    assert outcome.state != "failed"
    return json_response(Accepted(id=outcome.request_id, state=outcome.state, detail=outcome.detail), 202)


async def ask(gateway: Gateway, request: Request, patience: float = commands.ANSWER_SECONDS) -> Outcome:
    """Raises a 409 with the reason where the device refuses, and a 503 without a broker."""
    try:
        outcome = await commands.ask(gateway.bus, request, patience)
    except BusUnreachable as unreachable:
        raise Problem(503, f"{unreachable}; nothing was sent", headers=RETRY) from unreachable
    if outcome.state == "failed":
        raise Problem(409, f"{request.device} refused: {outcome.detail}")
    return outcome


OPERATIONS = [
    Operation(
        "POST",
        "/api/v1/sites/{site}/devices/{device}/commands/{name}",
        command,
        Accepted,
        Commanding,
        body=Ordered,
        status=202,
        also=(409,),
    )
]
