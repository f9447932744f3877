"""Routes for monitoring: liveness, readiness, metrics, and the API documents."""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from typing import Literal

from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from pydantic import Field
from starlette.responses import Response

from bus_schemas.documents import document as contract_document
from gateway.calls import JSON, Call, Handler, Operation
from gateway.context import Gateway
from gateway.health_check import check_parts
from gateway.http.answers import Answer, Time
from gateway.http.parameters import Nothing
from gateway.http.problems import RETRY, InvalidField, Problem
from gateway.openapi import document
from gateway.reading.conditions import condition_of_parts, hub_condition
from gateway.reading.moments import StoresAsOf
from gateway.reading.stores import Stores
from gateway.routes.product.consumers import all_progress
from gateway.routes.product.device_figures import agent_figures, device_figures, disk_figures, media_figures

SOURCES = 1000
"""So many have a line in the figures: those that sent something last."""


HubStatus = Literal["healthy", "degraded", "failing"]


class Alive(Answer):
    status: HubStatus = Field(description="The process answers in any case; this is how the hub does.")
    time: Time
    version: str
    problems: list[str] = Field(default_factory=list, description="Which parts are not as they should be.")


class CheckAnswer(Answer):
    name: str
    state: Literal["ok", "limping"]
    detail: str


class Ready(Answer):
    ready: Literal[True]
    checks: list[CheckAnswer]


async def alive(call: Call[Nothing]) -> Alive:
    """The process answers; how the hub does is as of a few seconds ago."""
    gateway = call.gateway
    troubles = gateway.readiness.troubles()
    status: HubStatus = "degraded" if troubles else "healthy"
    if gateway.readiness.failed():
        status = "failing"
    problems = [one.public for one in troubles]
    return Alive(status=status, time=gateway.clock(), version=gateway.settings.version, problems=problems)


async def ready(call: Call[Nothing]) -> Ready:
    """The hub takes in, folds and answers. A 503 names the parts that do not; one that only limps is in a 200.

    Everybody may ask this: why a part does not work is said by `/api/v1/system`.
    """
    checks = await check_parts(call.gateway)
    failed = [InvalidField(path=one.part, message=one.public) for one in checks if one.state == "failed"]
    if failed:
        raise Problem(503, f"not ready: {'; '.join(one.message for one in failed)}", failed, RETRY)
    shown = [
        CheckAnswer(name=one.part, state="ok" if one.state == "ok" else "limping", detail=one.public) for one in checks
    ]
    return Ready(ready=True, checks=shown)


async def metrics(call: Call[Nothing]) -> Response:
    """Figures for Prometheus."""
    gateway = call.gateway
    # Each scrape sets the gauges anew: two at once would find each other's cleared ones.
    figures = await gateway.shared.drawn(("metrics",), lambda: _measured(gateway))
    return Response(figures, headers={"Content-Type": CONTENT_TYPE_LATEST})


async def _measured(gateway: Gateway) -> bytes:
    shown = gateway.metrics

    def question(stores: Stores) -> None:
        head = stores.queries.head()
        shown.head.set(head)
        shown.rejected.set(stores.queries.rejected_count())
        for one in all_progress(gateway, stores, head):
            shown.consumer(one.name, one.lag, one.set_aside, is_stopped=one.state == "stopped")
        shown.known_streams.set(stores.queries.streams_count())
        shown.watermark.clear()
        newest: dict[str, int] = {}
        for stream in stores.queries.active_streams(SOURCES):
            newest.setdefault(stream.source, stream.sequence)
        for source, sequence in newest.items():
            shown.watermark.labels(source).set(sequence)

    def figures(moment: StoresAsOf) -> None:
        shown.set_condition(hub_condition(moment, checks))
        shown.devices.set_devices(device_figures(moment))
        shown.devices.set_disks(disk_figures(gateway, moment))
        shown.devices.set_agents(agent_figures(moment))
        shown.devices.set_media(media_figures(gateway.hub, moment))

    checks = await check_parts(gateway)
    shown.set_hub(((one.part, one.kind, one.state) for one in checks), condition_of_parts(checks))
    for ask in (gateway.ask(question), gateway.ask_at(None, figures)):
        with suppress(Problem):
            # What cannot be asked now is in the faults.
            await ask
    shown.streams.labels("events").set(gateway.feed.clients)
    shown.streams.labels("pictures").set(gateway.frames.watchers)
    shown.broker.set(gateway.bus.is_connected)
    return generate_latest(shown.registry)


async def asyncapi(call: Call[Nothing]) -> Response:
    """The contract of the bus, as an AsyncAPI document."""
    return Response(_asyncapi(), media_type=JSON)


@cache
def _asyncapi() -> bytes:
    return contract_document("asyncapi").encode()


def operations(every: Callable[[], Sequence[Operation]]) -> list[Operation]:
    """The probes, and the documents about all operations, these included."""
    return [
        Operation("GET", "/health", alive, Alive, needs_journal=False),
        Operation("GET", "/ready", ready, Ready, needs_journal=False),
        Operation("GET", "/metrics", metrics, "text/plain", needs_journal=False),
        Operation("GET", "/api/openapi.json", _openapi(every), JSON, needs_journal=False),
        Operation("GET", "/api/asyncapi.json", asyncapi, JSON, needs_journal=False),
    ]


def _openapi(every: Callable[[], Sequence[Operation]]) -> Handler:
    @cache
    def made(version: str) -> bytes:
        return json.dumps(document(every(), version)).encode()

    async def openapi(call: Call[Nothing]) -> Response:
        """This document."""
        return Response(made(call.gateway.settings.version), media_type=JSON)

    return openapi
