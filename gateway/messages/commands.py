"""Sends commands to nodes over the bus and waits for the answer: a reply, or the event in the journal."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import ValidationError

from bus_schemas.codec import Malformed, decode
from bus_schemas.event import GATEWAY, Event, device_source
from bus_schemas.node import Command, CommandEvent, SettingsEvent
from bus_schemas.protocol import CommandRequest
from bus_schemas.topics import command_topic, event_topic
from gateway.messages.bus import Bus

ANSWER_S = 3.0
LISTEN_S = 0.5
EVENT_S = 2.0
"""How long a change of settings waits for the event of a device that has answered."""
SETTINGS = "settings"


@dataclass(frozen=True, slots=True)
class DeviceCommand:
    """A command to a node."""

    site: str
    device: str
    name: str
    arguments: dict[str, Any]
    by: str


@dataclass(frozen=True, slots=True)
class CommandOutcome:
    """`pending` where no answer came in time: it may still come, as an event."""

    request_id: str
    state: Literal["done", "failed", "pending"]
    detail: str | None = None
    settings: dict[str, Any] | None = None
    media: tuple[str, ...] = ()


def payload_of(request: DeviceCommand, request_id: str) -> bytes:
    sections, arguments = (request.arguments, {}) if request.name == SETTINGS else ({}, request.arguments)
    sent = CommandRequest(
        request_id=request_id, name=request.name, by=request.by, settings=sections, arguments=arguments
    )
    return sent.to_bytes()


def asked_event(request: DeviceCommand, request_id: str, time: datetime) -> CommandEvent:
    """The fact that something was asked, so that what became of it is known also where no answer comes."""
    data = Command(
        request_id=request_id,
        name=request.name,
        state="asked",
        by=request.by,
        arguments=request.arguments,
        site=request.site,
        device=request.device,
    )
    return CommandEvent(id=request_id, source=device_source(request.site, GATEWAY), time=time, data=data)


async def ask(bus: Bus, request: DeviceCommand, request_id: str, timeout_s: float = ANSWER_S) -> CommandOutcome:
    """Send it and wait a little for its answer. Raises `BusUnreachable`."""
    source = device_source(request.site, request.device)
    with _answer_event(bus, source, request_id) as answer:
        await bus.settled(LISTEN_S)
        async with bus.asked(command_topic(source, request.name), payload_of(request, request_id)) as reply:
            found = await _first(request_id, timeout_s, answer, reply)
            if request.name == SETTINGS and found.state == "done" and found.settings is None:
                # A reply is quick; what everybody else sees is the event, and it must not say otherwise.
                event = await _first(request_id, EVENT_S, answer)
                found = event if event.state == "done" else found
    return found


async def _first(request_id: str, timeout_s: float, *answers: "asyncio.Future[bytes]") -> CommandOutcome:
    await asyncio.wait(answers, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    payload = next((answer.result() for answer in answers if answer.done()), None)
    return CommandOutcome(request_id, "pending") if payload is None else outcome(request_id, payload)


@contextmanager
def _answer_event(bus: Bus, source: str, request_id: str) -> Iterator["asyncio.Future[bytes]"]:
    """The event by which the device answers this request: some devices answer by nothing else."""
    answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def take(payload: bytes) -> None:
        if not answer.done() and any(is_answer(event, request_id) for event in decode(payload)):
            answer.set_result(payload)

    topics = [event_topic(source, name) for name in ("command", "settings", "batch")]
    for topic in topics:
        bus.listen(topic, take)
    try:
        yield answer
    finally:
        for topic in topics:
            bus.forget(topic, take)
        answer.cancel()


def is_answer(event: Event | Malformed, request_id: str) -> bool:
    match event:
        case SettingsEvent():
            return event.data.request_id == request_id
        case CommandEvent():
            return event.data.request_id == request_id and event.data.state != "asked"
    return False


def outcome(request_id: str, payload: bytes) -> CommandOutcome:
    """Read an answer: a reply is the data of a `command` event; a `settings` event is consent."""
    try:
        return _outcome_of(request_id, Command.model_validate_json(payload))
    except ValidationError:
        events = [event for event in decode(payload) if is_answer(event, request_id)]
    match events:
        case [SettingsEvent() as event, *_]:
            return CommandOutcome(request_id, "done", settings=event.data.settings)
        case [CommandEvent() as event, *_]:
            return _outcome_of(request_id, event.data)
    return CommandOutcome(request_id, "failed", "its answer cannot be read")


def _outcome_of(request_id: str, answer: Command) -> CommandOutcome:
    match answer.state:
        case "done":
            return CommandOutcome(request_id, "done", answer.detail, media=answer.media)
        case "failed":
            return CommandOutcome(request_id, "failed", answer.detail or "it gave no reason")
        case _:
            return CommandOutcome(request_id, "pending", answer.detail)
