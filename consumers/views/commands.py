"""The view of commands: each request to a device and its outcome. A request without an answer in time has failed."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal
from uuid import NAMESPACE_URL, uuid5

from bus_schemas.event import HUB, HUB_SOURCE, Event, device_source, place
from bus_schemas.node import TIMED_OUT, Command, CommandEvent, HeartbeatEvent
from consumers.engine.projection import Emit, Projection
from consumers.store.journal.clock_ahead import moment_of
from consumers.store.journal.record import Recorded

ANSWER_WITHIN_S: Final = 30.0
KEPT_S: Final = 30 * 86_400.0
_NAMESPACE = uuid5(NAMESPACE_URL, "watchpost:command")


class CommandsProjection(Projection):
    """Time passes by the hub's ticks. The hub's own requests, such as a rebuild, may take as long as they need."""

    name: ClassVar[str] = "commands"
    version: ClassVar[int] = 2
    models: ClassVar[tuple[type[Event], ...]] = (CommandEvent, HeartbeatEvent)
    emits: ClassVar[tuple[type[Event], ...]] = (CommandEvent,)
    # Each row of `requests` and `answers` is made by one event, so that a floor of the journal parts them cleanly.
    schema: ClassVar[str] = """
    create table if not exists requests (
        request_id text not null, position integer not null, site text not null, device text not null,
        name text not null, by text, asked real not null, has_deadline integer not null,
        primary key (request_id, position)
    ) strict;
    create index if not exists requests_open on requests (asked) where has_deadline = 1;
    create index if not exists requests_asked on requests (asked);
    create index if not exists requests_device on requests (site, device, position);
    create table if not exists answers (
        request_id text not null, position integer not null, site text not null, device text not null,
        name text not null, state text not null, detail text, cause text, at real not null,
        primary key (request_id, position)
    ) strict;
    create index if not exists answers_at on answers (at);
    create index if not exists answers_device on answers (site, device, position);
    """

    before_floor: ClassVar[Mapping[str, str]] = {"requests": "position < :floor", "answers": "position < :floor"}

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        for record in batch:
            event = record.event if record.model is CommandEvent else None
            if isinstance(event, CommandEvent):
                _enter(view, record, event.data)
            elif record.source == HUB_SOURCE:
                for unanswered in _give_up(view, record.time_s):
                    emit(_timed_out(unanswered, record))
                _forget(view, record.time_s - KEPT_S)

    def is_own_emission(self, event: Event) -> bool:
        return isinstance(event, CommandEvent) and event.data.cause == TIMED_OUT and place(event.source)[1] == HUB

    def compared(self, table: str, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """Whether a request still waits may depend on an answer from before the floor."""
        return row[:-1] if table == "requests" else row


def _enter(view: sqlite3.Connection, record: Recorded, data: Command) -> None:
    site, device = (data.site, data.device) if data.site and data.device else record.where
    if data.state == "asked":
        waits = data.device is not None and not _is_answered(view, data.request_id)
        row = (data.request_id, record.position, site, device, data.name, data.by, record.time_s, int(waits))
        view.execute("insert or replace into requests values (?, ?, ?, ?, ?, ?, ?, ?)", row)
        return
    answer = (data.request_id, record.position, site, device, data.name, data.state, data.detail, data.cause)
    view.execute("insert or replace into answers values (?, ?, ?, ?, ?, ?, ?, ?, ?)", (*answer, record.time_s))
    view.execute("update requests set has_deadline = 0 where request_id = ?", (data.request_id,))


def _is_answered(view: sqlite3.Connection, request_id: str) -> bool:
    return view.execute("select 1 from answers where request_id = ? limit 1", (request_id,)).fetchone() is not None


@dataclass(frozen=True, slots=True)
class _Unanswered:
    request_id: str
    site: str
    device: str
    name: str
    by: str | None


def _give_up(view: sqlite3.Connection, now: float) -> Iterator[_Unanswered]:
    found = view.execute(
        "update requests set has_deadline = 0 where has_deadline = 1 and asked <= ? "
        "returning request_id, site, device, name, by, position",
        (now - ANSWER_WITHIN_S,),
    ).fetchall()
    for *row, _ in sorted(found, key=lambda row: row[-1]):
        yield _Unanswered(*row)


def _timed_out(of: _Unanswered, tick: Recorded) -> CommandEvent:
    return CommandEvent(
        id=str(uuid5(_NAMESPACE, of.request_id)),
        source=device_source(of.site, HUB),
        time=moment_of(tick.time_s),
        data=Command(
            request_id=of.request_id,
            name=of.name,
            state="failed",
            by=of.by,
            detail=f"{of.device} has not answered within {ANSWER_WITHIN_S:g} s",
            site=of.site,
            device=of.device,
            cause=TIMED_OUT,
        ),
    )


def _forget(view: sqlite3.Connection, before: float) -> None:
    view.execute("delete from requests where asked < ?", (before,))
    view.execute("delete from answers where at < ?", (before,))


# Questions

State = Literal["pending", "done", "failed", "timed_out"]


@dataclass(frozen=True, slots=True)
class CommandState:
    """A request and how it ended; times in seconds since 1970. `asked` is `None` of what did not come from here."""

    request_id: str
    site: str
    device: str
    name: str
    by: str | None
    asked: float | None
    state: State
    detail: str | None
    ended: float | None


def request(view: sqlite3.Connection, request_id: str) -> CommandState | None:
    found = _requests(view, [request_id])
    return found[0] if found else None


def requests(view: sqlite3.Connection, site: str, device: str, limit: int = 50) -> list[CommandState]:
    """The newest of a device."""
    found = view.execute(
        "select request_id, max(position) from (select request_id, position from requests where site = :site and "
        "device = :device union all select request_id, position from answers where site = :site and device = :device) "
        "group by request_id order by 2 desc limit :limit",
        {"site": site, "device": device, "limit": limit},
    )
    return _requests(view, [request_id for request_id, _ in found])


def _requests(view: sqlite3.Connection, ids: Sequence[str]) -> list[CommandState]:
    found = []
    for request_id in ids:
        asked = view.execute(
            "select site, device, name, by, asked from requests where request_id = ? order by position limit 1",
            (request_id,),
        ).fetchone()
        # The answer of the device counts, however late; of the other requests it is known that nobody answered.
        answer = view.execute(
            "select site, device, name, state, detail, cause, at from answers where request_id = ? "
            "order by cause is ?, position limit 1",
            (request_id, TIMED_OUT),
        ).fetchone()
        if asked is not None or answer is not None:
            found.append(_request(request_id, asked, answer))
    return found


def _request(request_id: str, asked: Any, answer: Any) -> CommandState:
    site, device, name = (asked or answer)[:3]
    by, when = asked[3:] if asked is not None else (None, None)
    if answer is None:
        return CommandState(request_id, site, device, name, by, when, "pending", None, None)
    state, detail, cause, at = answer[3:]
    return CommandState(
        request_id, site, device, name, by, when, "timed_out" if cause == TIMED_OUT else state, detail, at
    )
