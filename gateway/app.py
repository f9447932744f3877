"""The application: the table of its operations, and what they are made with."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import cache, partial
from typing import Final

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Route

from bus_schemas.topics import HEAD
from gateway import drawn_minute_feed, health_check, place_sender
from gateway.agents import upkeep
from gateway.background_work import Work, keep_going
from gateway.calls import Operation
from gateway.context import Gateway
from gateway.http import problems
from gateway.http.auth import AccessMiddleware
from gateway.http.metrics import MetricsMiddleware
from gateway.routes import trials
from gateway.routes.devices import (
    agent_versions,
    commands,
    enrolments,
    health,
    registry,
    settings,
    settings_fields,
    sites,
)
from gateway.routes.media import (
    clips,
    exports,
    hls,
    holes,
    live,
    media,
    minute_sheets,
    minute_tiles,
    past_tiles,
    recordings,
    reports,
    sprites,
    thermal,
    thumbnails,
    tile_bucket,
    tile_links,
    timeline,
)
from gateway.routes.product import consumers, events, holds, probes, retention_plan, session, storage, system
from gateway.routes.views import (
    alerts,
    annotations,
    condition_shares,
    dashboard,
    incidents,
    motions,
    mutes,
    readings,
    reviews,
    trends,
    why_not,
)
from gateway.serving.page import page
from gateway.static_files import STATIC

CANCELLED_TIMES: Final = 3
DISCONNECT_S: Final = 1.0
CLOSE_STORES_S: Final = 2.0
"""chDB takes longer on a machine that is busy, and the supervisor waits for 8 s in all."""

log = structlog.get_logger()

FAMILIES: tuple[Sequence[Operation], ...] = (
    sites.OPERATIONS,
    registry.OPERATIONS,
    dashboard.OPERATIONS,
    health.OPERATIONS,
    live.OPERATIONS,
    events.OPERATIONS,
    alerts.OPERATIONS,
    incidents.OPERATIONS,
    reviews.OPERATIONS,
    mutes.OPERATIONS,
    why_not.OPERATIONS,
    annotations.OPERATIONS,
    media.OPERATIONS,
    hls.OPERATIONS,
    thumbnails.OPERATIONS,
    recordings.OPERATIONS,
    exports.OPERATIONS,
    holes.OPERATIONS,
    sprites.OPERATIONS,
    minute_sheets.OPERATIONS,
    past_tiles.OPERATIONS,
    thermal.OPERATIONS,
    clips.OPERATIONS,
    trends.OPERATIONS,
    readings.OPERATIONS,
    motions.OPERATIONS,
    timeline.OPERATIONS,
    minute_tiles.OPERATIONS,
    tile_bucket.OPERATIONS,
    tile_links.OPERATIONS,
    reports.OPERATIONS,
    condition_shares.OPERATIONS,
    settings.OPERATIONS,
    settings_fields.OPERATIONS,
    storage.OPERATIONS,
    retention_plan.OPERATIONS,
    holds.OPERATIONS,
    consumers.OPERATIONS,
    system.OPERATIONS,
    trials.OPERATIONS,
    commands.OPERATIONS,
    enrolments.OPERATIONS,
    agent_versions.OPERATIONS,
    session.OPERATIONS,
)


@cache
def operations() -> tuple[Operation, ...]:
    """Every operation, in the order in which routes are tried."""
    return tuple(one for family in FAMILIES for one in family) + tuple(probes.operations(operations))


def build(gateway: Gateway) -> Starlette:
    app = Starlette(
        routes=[*(one.route(gateway) for one in operations()), *_page(gateway)],
        middleware=[
            Middleware(MetricsMiddleware, metrics=gateway.metrics),
            Middleware(AccessMiddleware, access=gateway.access),
        ],
        exception_handlers={
            problems.Problem: problems.answer_problem,
            HTTPException: problems.answer_http_exception,
            Exception: problems.answer_crash,
        },
    )
    app.router.redirect_slashes = False
    return app


def _page(gateway: Gateway) -> list[BaseRoute]:
    """Last, because it takes every name: but nothing below the names of the API is a view of the page."""
    return [Route("/{path:path}", page(gateway.settings.page or STATIC), methods=["GET"], name="page")]


@asynccontextmanager
async def running(gateway: Gateway) -> AsyncIterator[None]:
    """Reader threads, the connection to the broker and the feed of events.

    One of them that fails begins again, and costs neither the others nor any answer.
    """
    gateway.readers.start()
    gateway.bus.listen(HEAD, gateway.feed.wake)
    try:
        with _folding(gateway), gateway.faults:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(keep_going(part, run, gateway.faults)) for part, run in _work(gateway)]
                yield
                await _end(tasks)
    finally:
        gateway.readers.stop()
        gateway.cold.close()
        gateway.shared.close()
        gateway.zones.close()
        gateway.dashboards.close()
        gateway.trials.close()


def _work(gateway: Gateway) -> Iterator[tuple[str, Work]]:
    yield "bus", gateway.bus.run
    yield "live_events", gateway.feed.run
    yield "checks", partial(health_check.run, gateway)
    yield "enrolment", partial(upkeep.run, gateway)
    yield "places", partial(place_sender.run, gateway)
    yield "drawn_minutes", partial(drawn_minute_feed.run, gateway)


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel them, and again where one still waits for a broker that is gone to take its leave."""
    for _ in range(CANCELLED_TIMES):
        for task in tasks:
            task.cancel()
        _, left = await asyncio.wait(tasks, timeout=DISCONNECT_S)
        if not left:
            return


@contextmanager
def _folding(gateway: Gateway) -> Iterator[None]:
    """In threads: the stores that belong to one process, as that of chDB; or who looks what a server has of them."""
    gateway.bus.listen(HEAD, gateway.stores.wake)
    gateway.stores.start()
    gateway.rows.readers.start()
    try:
        yield
    finally:
        if late := gateway.stores.close(CLOSE_STORES_S):
            # The rows that were inserted are on the disk; the next start finds them as after a kill.
            log.warning("stores could not be closed in time", stores=late, within_s=CLOSE_STORES_S)
            gateway.rows.readers.end_soon()
        else:
            gateway.rows.readers.stop()
