"""Requests to nodes: sent over the bus, answered by an event, which counts from wherever it is heard first."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from bus_schemas.codec import Malformed, decode, to_bytes
from bus_schemas.event import Event, device_source
from bus_schemas.node import Command, CommandEvent, SettingsEvent
from bus_schemas.topics import command_topic, event_topic
from gateway.bus import Bus
from gateway.ids import uuid7

ANSWER_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Request:
    """What a node is asked for."""

    site: str
    device: str
    name: str
    arguments: dict[str, Any]
    by: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """`pending` where no answer came in time: it may still come, as an event."""

    request_id: str
    state: Literal["done", "failed", "pending"]
    detail: str | None = None
    settings: dict[str, Any] | None = None


def asking(request: Request, request_id: str, now: datetime) -> CommandEvent:
    data = Command(request_id=request_id, name=request.name, state="asked", by=request.by, arguments=request.arguments)
    return CommandEvent(id=request_id, source=device_source(request.site, request.device), time=now, data=data)


async def ask(bus: Bus, request: Request, now: datetime, patience: float = ANSWER_SECONDS) -> Outcome:
    """Send it and wait a little for its answer. Raises `BusUnreachable`."""
    asked = asking(request, uuid7(), now)
    topic = command_topic(asked.source, request.name)
    with _told(bus, asked) as told:
        async with bus.asked(topic, to_bytes(asked)) as reply:
            answers = {told, reply}
            await asyncio.wait(answers, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            payload = next((answer.result() for answer in answers if answer.done()), None)
    return Outcome(asked.id, "pending") if payload is None else outcome(asked.id, payload)


@contextmanager
def _told(bus: Bus, asked: CommandEvent) -> Iterator["asyncio.Future[bytes]"]:
    """The event in which the device tells of this request: some devices answer by nothing else."""
    told: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def take(payload: bytes) -> None:
        if not told.done() and any(is_answer(event, asked.id) for event in decode(payload)):
            told.set_result(payload)

    topics = [event_topic(asked.source, name) for name in ("command", "settings", "batch")]
    for topic in topics:
        bus.listen(topic, take)
    try:
        yield told
    finally:
        for topic in topics:
            bus.forget(topic, take)
        told.cancel()


def is_answer(event: Event | Malformed, request_id: str) -> bool:
    match event:
        case SettingsEvent():
            return event.data.request_id == request_id
        case CommandEvent():
            return event.data.request_id == request_id and event.data.state != "asked"
    return False


def outcome(request_id: str, payload: bytes) -> Outcome:
    """What an answer says: a `settings` event is consent, a `command` event says what became of it."""
    events = decode(payload)
    for event in [event for event in events if is_answer(event, request_id)] or events:
        match event:
            case SettingsEvent():
                return Outcome(request_id, "done", settings=event.data.settings)
            case CommandEvent(data=Command(state="done")):
                return Outcome(request_id, "done", event.data.detail, event.data.arguments or None)
            case CommandEvent(data=Command(state="failed")):
                return Outcome(request_id, "failed", event.data.detail or "the device gave no reason")
            case Malformed():
                return Outcome(request_id, "failed", f"the device's answer is not an event: {event.reason[:200]}")
    return Outcome(request_id, "pending")
