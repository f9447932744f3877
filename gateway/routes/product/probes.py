"""For those who watch the watcher: is it alive, is it ready, how is it doing, and what does it offer."""

import json
from collections.abc import Callable, Sequence
from functools import cache
from typing import Literal

from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.responses import Response

from bus_schemas.asyncapi import asyncapi as asyncapi_document
from gateway.calls import JSON, Call, Handler, Operation
from gateway.context import RETRY
from gateway.http.answers import Answer, Time
from gateway.http.parameters import Nothing
from gateway.http.problems import Fault, Problem
from gateway.openapi import document
from gateway.reading.stores import Stores
from gateway.routes.product.consumers import progress


class Alive(Answer):
    status: Literal["healthy"]
    time: Time
    version: str


class Check(Answer):
    name: str
    detail: str


class Ready(Answer):
    ready: Literal[True]
    checks: list[Check]


async def alive(call: Call[Nothing]) -> Alive:
    """The process answers."""
    return Alive(status="healthy", time=call.gateway.clock(), version=call.gateway.settings.version)


async def ready(call: Call[Nothing]) -> Ready:
    """The journal can be read and the broker is connected; a 503 says what is missing."""
    head = await call.gateway.ask(lambda stores: stores.queries.head())
    if not call.gateway.bus.is_connected:
        missing = Fault(path="broker", message="not connected")
        raise Problem(503, "not ready: there is no connection to the broker", [missing], RETRY)
    return Ready(
        ready=True, checks=[Check(name="journal", detail=f"head {head}"), Check(name="broker", detail="connected")]
    )


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


async def asyncapi(call: Call[Nothing]) -> Response:
    """The contract of the bus, as an AsyncAPI document."""
    return Response(_asyncapi(call.gateway.settings.version), media_type=JSON)


@cache
def _asyncapi(version: str) -> bytes:
    return json.dumps(asyncapi_document(version)).encode()


def operations(every: Callable[[], Sequence[Operation]]) -> list[Operation]:
    """The probes, and the documents about all operations, these included."""
    return [
        Operation("GET", "/health", alive, Alive),
        Operation("GET", "/ready", ready, Ready),
        Operation("GET", "/metrics", metrics, "text/plain"),
        Operation("GET", "/api/openapi.json", _openapi(every), JSON),
        Operation("GET", "/api/asyncapi.json", asyncapi, JSON),
    ]


def _openapi(every: Callable[[], Sequence[Operation]]) -> Handler:
    @cache
    def made(version: str) -> bytes:
        return json.dumps(document(every(), version)).encode()

    async def openapi(call: Call[Nothing]) -> Response:
        """This document."""
        return Response(made(call.gateway.settings.version), media_type=JSON)

    return openapi
