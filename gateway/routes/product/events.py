"""Routes of the log: events by position, as JSON or as a stream of lines."""

from collections.abc import AsyncGenerator
from dataclasses import replace

from pydantic import Field
from starlette.responses import Response

from bus_schemas.catalogue import MODELS, short_name
from bus_schemas.event import SOURCE, iso
from consumers.store.journal.query_types import EventFilter, Order, StoredEvent
from consumers.store.journal.stored_time import said_ahead_s
from gateway.calls import JSON, Call, Operation
from gateway.context import Gateway
from gateway.http.answers import Answer, RecordedEvent
from gateway.http.parameters import Name, Parameters, Position, TimeRangeParameters
from gateway.http.problems import Problem
from gateway.reading.stores import Stores
from gateway.streaming.streams import StreamResponse

NDJSON = "application/x-ndjson"
PAGE = 1000


class Selecting(TimeRangeParameters, Parameters):
    """Without `from` and `to`, all that the journal holds."""

    source: str | None = Field(default=None, pattern=SOURCE)
    type: str | None = Field(default=None, max_length=400, description="Names or short names, separated by commas.")
    site: Name | None = None
    device: Name | None = None
    after: Position | None = Field(default=None, description="A position; events after it.")
    before: Position | None = Field(default=None, description="A position; events before it.")
    limit: int = Field(default=100, ge=1, le=1000)
    order: Order = "asc"


class Events(Answer):
    events: list[RecordedEvent]
    next: int | None = Field(description="Go on after (in descending order: before) this position; null at the end.")
    head: int


async def select(call: Call[Selecting]) -> Response:
    """Events of the journal, filtered; `Accept: application/x-ndjson` streams all of them, a line each."""
    asked = call.parameters
    wanted = EventFilter(
        after=asked.after,
        before=asked.before,
        start=asked.start,
        end=asked.end,
        source=asked.source,
        site=asked.site,
        device=asked.device,
        types=type_names(asked.type),
    )
    if NDJSON in call.request.headers.get("accept", ""):
        most = asked.limit if "limit" in asked.model_fields_set else None
        return StreamResponse(_lines(call.gateway, wanted, asked.order, most), NDJSON)
    # One more than asked for shows whether there is a next page.
    found, head = await call.gateway.ask(lambda stores: _select(stores, wanted, asked.limit + 1, asked.order))
    shown = found[: asked.limit]
    following = str(shown[-1].position) if len(found) > asked.limit else "null"
    body = b'{"events":[%b],"next":%b,"head":%d}' % (b",".join(map(_line, shown)), following.encode(), head)
    return Response(body, headers={"Cache-Control": "no-store"}, media_type=JSON)


def _select(stores: Stores, wanted: EventFilter, limit: int, order: Order) -> tuple[list[StoredEvent], int]:
    """Before ingest has begun the journal has no day at all."""
    head = stores.queries.head()
    return (stores.queries.select(wanted, limit, order) if head else []), head


def type_names(text: str | None) -> tuple[str, ...]:
    """Full names of the types that are meant: `detection` is every version of it."""
    if not text:
        return ()
    wanted = {word.strip() for word in text.split(",")}
    unknown = wanted - set(MODELS) - {short_name(name) for name in MODELS}
    if unknown:
        known = ", ".join(sorted({short_name(name) for name in MODELS}))
        raise Problem(400, f"type: {sorted(unknown)[0][:60]!r} is not known; known are {known}")
    return tuple(name for name in MODELS if name in wanted or short_name(name) in wanted)


def _line(stored: StoredEvent) -> bytes:
    """The stored bytes are JSON already; a device may have sent them on several lines."""
    body = stored.body.replace(b"\n", b" ")
    ahead_s = said_ahead_s(stored.body, stored.received)
    flag = b',"ahead_s":%.1f' % ahead_s if ahead_s else b""
    return b'{"position":%d,"received":"%b"%b,"event":%b}' % (
        stored.position,
        iso(stored.received).encode(),
        flag,
        body,
    )


async def _lines(gateway: Gateway, wanted: EventFilter, order: Order, most: int | None) -> AsyncGenerator[bytes, None]:
    """Page by page, so that a journal of any length passes through little memory."""
    left = most
    while left is None or left > 0:
        size = PAGE if left is None else min(PAGE, left)
        found = await gateway.ask(lambda stores, w=wanted, n=size: _select(stores, w, n, order)[0])  # type: ignore[misc]  # mypy cannot infer a lambda with defaults
        if not found:
            return
        yield b"".join(_line(stored) + b"\n" for stored in found)
        left = None if left is None else left - len(found)
        last = found[-1].position
        wanted = replace(wanted, after=last) if order == "asc" else replace(wanted, before=last)


OPERATIONS = [Operation("GET", "/api/v1/events", select, Events, Selecting)]
