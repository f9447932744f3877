"""The sink that rebuilds a view when a command asks for it, and answers with an event."""

import sqlite3
from collections.abc import Callable, Sequence
from datetime import UTC
from threading import Event as Flag
from typing import Annotated, ClassVar, Self
from uuid import NAMESPACE_URL, uuid5

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import from_json, to_json

from bus_schemas.event import HUB, NAME, Event, device_source
from bus_schemas.node import Command, CommandEvent, HeartbeatEvent
from consumers.engine.folding import Faulty, call
from consumers.engine.rebuild.request import RebuildRequest
from consumers.engine.rebuild.time_range import TimeRange
from consumers.engine.rebuild.whole import Progress
from consumers.engine.requests import before_unanswered, is_answer
from consumers.engine.sink import Sink
from consumers.store.journal.record import JournalReader, Recorded
from producer.ids import Clock
from producer.transaction import transaction

REBUILD = "rebuild"
"""The command that asks the hub for it; its arguments are those of `RebuildCommand`."""

_NAMESPACE = uuid5(NAMESPACE_URL, "watchpost:rebuild")

FoldAgain = Callable[[str, RebuildRequest, Progress], str]
"""Does it, and says in a sentence what was done."""


class RebuildCommand(BaseModel):
    """The arguments of a rebuild command: a view, or only a part of it where `site`, `since` and `until` are given."""

    model_config = ConfigDict(extra="ignore")

    consumer: str
    site: Annotated[str, Field(pattern=rf"^{NAME}$")] | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    restart: bool = False
    force: bool = False

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        given = (self.site, self.since, self.until)
        if any(given) and not all(given):
            raise ValueError("a part of a view is given by site, since and until, all three")
        return self

    @property
    def request(self) -> RebuildRequest:
        if self.site is None or self.since is None or self.until is None:
            return RebuildRequest(self.restart, self.force)
        return RebuildRequest(part=TimeRange(self.site, self.since.astimezone(UTC), self.until.astimezone(UTC)))


class _Halted(Exception):
    """The process ends; the rebuild goes on when it is back."""


class RebuildSink(Sink):
    """One after the other, in the thread of this sink. A rebuild that was asked for and not done is done after a
    restart.
    """

    name: ClassVar[str] = "rebuilds"
    models: ClassVar[tuple[type[Event], ...]] = (CommandEvent, HeartbeatEvent)
    emits: ClassVar[tuple[type[Event], ...]] = (CommandEvent,)
    schema: ClassVar[str] = """
    create table if not exists orders (
        request_id text primary key, arguments text not null, by text, position integer not null
    ) strict;
    create table if not exists done (
        request_id text primary key, arguments text not null, by text, is_done integer not null, detail text not null
    ) strict;
    """

    def __init__(self, fold_again: FoldAgain, clock: Clock) -> None:
        self._fold_again = fold_again
        self._clock = clock
        self._halted = Flag()

    def begins_after(self, journal: JournalReader) -> int:
        """Nobody else answers what was asked before it was there."""
        return before_unanswered(journal, REBUILD)

    def deliver(self, state: sqlite3.Connection, batch: Sequence[Recorded]) -> Sequence[Event]:
        for record in batch:
            event = record.event
            if isinstance(event, CommandEvent) and event.data.is_for_hub(REBUILD):
                asked = (event.data.request_id, to_json(event.data.arguments).decode(), event.data.by)
                state.execute("insert or ignore into orders values (?, ?, ?, ?)", (*asked, record.position))
            elif isinstance(event, CommandEvent) and is_answer(event, REBUILD):
                state.execute("delete from orders where request_id = ?", (event.data.request_id,))
        return [self._command_event(*row) for row in state.execute("select * from done order by rowid")]

    def settle(self, state: sqlite3.Connection) -> None:
        state.execute("delete from done")

    def idle(self, state: sqlite3.Connection) -> None:
        asked = state.execute("select request_id, arguments, by from orders order by position").fetchall()
        for request_id, arguments, by in asked:
            try:
                is_done, detail = self._obeyed(arguments)
            except _Halted:
                return
            with transaction(state):
                row = (request_id, arguments, by, is_done, detail)
                state.execute("insert or replace into done values (?, ?, ?, ?, ?)", row)
                state.execute("delete from orders where request_id = ?", (request_id,))

    def _obeyed(self, arguments: str) -> tuple[bool, str]:
        """Whether the rebuild was done, and a sentence that says what was done, or why not."""
        said: list[str] = []

        def act() -> None:
            order = RebuildCommand.model_validate_json(arguments)
            said.append(self._fold_again(order.consumer, order.request, self._go_on))

        try:
            call(act)
        except Faulty as fault:
            if isinstance(fault.__cause__, _Halted):
                raise fault.__cause__ from None
            return False, str(fault.__cause__)
        return True, said[0]

    def _go_on(self, done: int, of: int) -> None:
        if self._halted.is_set():
            raise _Halted

    def _command_event(
        self, request_id: str, arguments: str, by: str | None, is_done: int, detail: str
    ) -> CommandEvent:
        return CommandEvent(
            id=str(uuid5(_NAMESPACE, request_id)),
            source=device_source(HUB, HUB),
            time=self._clock(),
            data=Command(
                request_id=request_id,
                name=REBUILD,
                state="done" if is_done else "failed",
                by=by,
                detail=detail,
                arguments=from_json(arguments),
            ),
        )

    def halt(self) -> None:
        self._halted.set()
