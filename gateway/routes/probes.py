"""For those who watch the watcher: is it alive, is it ready, how is it doing, and what does it offer."""

import json
from collections.abc import Callable, Sequence
from typing import Literal

from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.responses import Response

from gateway.answers import Answer, Time
from gateway.calls import JSON, Call, Handler, Operation, json_response
from gateway.openapi import document
from gateway.parameters import Nothing
from gateway.routes.consumers import progress
from gateway.stores import Stores


class Alive(Answer):
    status: Literal["healthy"]
    time: Time
    version: str


class Check(Answer):
    name: str
    ok: bool
    detail: str


class Ready(Answer):
    ready: bool
    checks: list[Check]


async def alive(call: Call[Nothing]) -> Alive:
    """The process answers."""
    return Alive(status="healthy", time=call.gateway.clock(), version=call.gateway.settings.version)


async def ready(call: Call[Nothing]) -> Response:
    """The journal can be read and the broker is connected; 503 otherwise, with the same body."""
    head = await call.gateway.ask(lambda stores: stores.queries.head())
    connected = call.gateway.bus.is_connected
    checks = [
        Check(name="journal", ok=True, detail=f"head {head}"),
        Check(name="broker", ok=connected, detail="connected" if connected else "not connected"),
    ]
    answer = Ready(ready=all(check.ok for check in checks), checks=checks)
    return json_response(answer, 200 if answer.ready else 503)


async def metrics(call: Call[Nothing]) -> Response:
    """Figures for Prometheus."""
    gateway, shown = call.gateway, call.gateway.metrics

    def question(stores: Stores) -> None:
        head = stores.queries.head()
        shown.head.set(head)
        shown.rejected.set(stores.queries.rejected_count())
        for one in progress(stores, gateway.hub, gateway.consumers, head):
            shown.lag.labels(one.name).set(one.lag)
        for stream in stores.queries.streams():
            shown.watermark.labels(stream.source).set(stream.sequence)

    await gateway.ask(question)
    shown.streams.labels("events").set(gateway.feed.clients)
    shown.streams.labels("pictures").set(gateway.frames.watchers)
    shown.broker.set(gateway.bus.is_connected)
    return Response(generate_latest(shown.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


def operations(every: Callable[[], Sequence[Operation]]) -> list[Operation]:
    """The probes, and the documents about all operations, these included."""
    return [
        Operation("GET", "/health", alive, Alive),
        Operation("GET", "/ready", ready, Ready),
        Operation("GET", "/metrics", metrics, "text/plain"),
        Operation("GET", "/api/openapi.json", _openapi(every), JSON),
    ]


def _openapi(every: Callable[[], Sequence[Operation]]) -> Handler:
    async def openapi(call: Call[Nothing]) -> Response:
        """This document."""
        made = document(every(), call.gateway.settings.version)
        return Response(json.dumps(made), media_type=JSON)

    return openapi
