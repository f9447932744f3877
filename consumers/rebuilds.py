"""Folds a view again where that is asked for over the bus, and tells what became of it."""

import sqlite3
from collections.abc import Callable, Sequence
from threading import Event as Flag
from typing import ClassVar
from uuid import NAMESPACE_URL, uuid5

from bus_schemas.event import HUB, Event, device_source
from bus_schemas.node import Command, CommandEvent, HeartbeatEvent
from consumers.follow import Faulty, call
from consumers.hub import Clock
from consumers.journal.record import Recorded
from consumers.rebuild import Progress
from consumers.sink import Sink
from producer.transaction import transaction

REBUILD = "rebuild"
"""The command that asks the hub for it; its one argument is `consumer`."""

_NAMESPACE = uuid5(NAMESPACE_URL, "watchpost:rebuild")

FoldAgain = Callable[[str, Progress], object]


class _Halted(Exception):
    """The process ends; the rebuild begins again when it is back."""


class Rebuilds(Sink):
    """One after the other, in the thread of this sink. What was asked for and not done is done after a restart."""

    name: ClassVar[str] = "rebuilds"
    models: ClassVar[tuple[type[Event], ...]] = (CommandEvent, HeartbeatEvent)
    emits: ClassVar[tuple[type[Event], ...]] = (CommandEvent,)
    schema: ClassVar[str] = """
    create table if not exists asked (
        request_id text primary key, consumer text not null, by text, position integer not null
    ) strict;
    create table if not exists outcomes (
        request_id text primary key, consumer text not null, by text, failure text
    ) strict;
    """

    def __init__(self, fold_again: FoldAgain, clock: Clock) -> None:
        self._fold_again = fold_again
        self._clock = clock
        self._halted = Flag()

    def deliver(self, state: sqlite3.Connection, batch: Sequence[Recorded]) -> Sequence[Event]:
        for record in batch:
            event = record.event
            if isinstance(event, CommandEvent) and event.data.name == REBUILD and event.data.state == "asked":
                asked = (event.data.request_id, str(event.data.arguments.get("consumer", "")), event.data.by)
                state.execute("insert or ignore into asked values (?, ?, ?, ?)", (*asked, record.position))
        return [self._told(*row) for row in state.execute("select * from outcomes order by rowid")]

    def settle(self, state: sqlite3.Connection) -> None:
        state.execute("delete from outcomes")

    def idle(self, state: sqlite3.Connection) -> None:
        asked = state.execute("select request_id, consumer, by from asked order by position").fetchall()
        for request_id, consumer, by in asked:
            try:
                failure = self._rebuilt(consumer)
            except _Halted:
                return
            with transaction(state):
                state.execute(
                    "insert or replace into outcomes values (?, ?, ?, ?)", (request_id, consumer, by, failure)
                )
                state.execute("delete from asked where request_id = ?", (request_id,))

    def _rebuilt(self, consumer: str) -> str | None:
        """Why it could not be done, if it could not."""

        def fold_again() -> None:
            self._fold_again(consumer, self._go_on)

        try:
            call(fold_again)
        except Faulty as fault:
            if isinstance(fault.__cause__, _Halted):
                raise fault.__cause__ from None
            return str(fault.__cause__)
        return None

    def _go_on(self, done: int, of: int) -> None:
        if self._halted.is_set():
            raise _Halted

    def _told(self, request_id: str, consumer: str, by: str | None, failure: str | None) -> CommandEvent:
        return CommandEvent(
            id=str(uuid5(_NAMESPACE, request_id)),
            source=device_source(HUB, HUB),
            time=self._clock(),
            data=Command(
                request_id=request_id,
                name=REBUILD,
                state="failed" if failure else "done",
                by=by,
                detail=failure or f"{consumer} is folded again",
                arguments={"consumer": consumer},
            ),
        )

    def halt(self) -> None:
        self._halted.set()
