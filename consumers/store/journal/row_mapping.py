"""Maps the numbers in a day of the journal to what they stand for: models of types, sources and epochs of streams."""

import sqlite3
from collections.abc import Collection
from typing import Any, NamedTuple, get_type_hints

from pydantic import ValidationError

from bus_schemas.catalogue import MODELS
from bus_schemas.codec import read_stored
from bus_schemas.event import Event, place
from bus_schemas.upcasts import UPCASTS, upcast
from consumers.store.journal.clock_ahead import AHEAD_US
from consumers.store.journal.record import DeviceKey, Recorded, RecordedRow
from producer.times import moment

COLUMNS = "position, received, time, type, stream, id, body"


class StreamOrigin(NamedTuple):
    source: str
    where: DeviceKey
    epoch: str | None


class RowMapping:
    """The numbers of one day. They only become more, so what is known stays, and what is not is looked up again."""

    def __init__(self, day: sqlite3.Connection) -> None:
        self._day = day
        self._numbers: dict[str, int] = {}
        self._models: dict[int, type[Event] | None] = {}
        self._newest: dict[int, type[Event]] = {}
        self._streams: dict[int, StreamOrigin] = {}

    def numbers(self, types: Collection[str]) -> list[int] | None:
        """The numbers of these types in this day; `None` where the day has no event of another type.

        Asked within the snapshot in which it is read.
        """
        (count,) = self._day.execute("select count(*) from types").fetchone()
        if count != len(self._numbers):
            self._load_types()
        found = [number for name in types if (number := self._numbers.get(name)) is not None]
        return None if len(found) == count else found

    def records(self, rows: list[Any]) -> list[Recorded]:
        """Rows of `COLUMNS` as recorded events; only those of an old version are parsed, and upcast."""
        try:
            return self._recorded(rows)
        except KeyError:
            self._load_types()
            self._load_streams()
            return self._recorded(rows)

    def _recorded(self, rows: list[Any]) -> list[Recorded]:
        """Raises `KeyError` where a number is not known yet."""
        models, newest, streams = self._models, self._newest, self._streams
        return [
            RecordedRow(position, None, None, received, at, at / 1e6, model, source, where, epoch, name, body)
            if (model := models[kind]) is not None
            else upcast_row(
                RecordedRow(
                    position,
                    None,
                    None,
                    received,
                    at,
                    at / 1e6,
                    newest[kind],
                    source,
                    where,
                    epoch,
                    name,
                    body,
                )
            )
            for position, received, time, kind, stream, name, body in rows
            for source, where, epoch in (streams[stream],)
            # An event that an older release wrote is filed under its own time.
            for at in (received if time - received > AHEAD_US else time,)
        ]

    def _load_types(self) -> None:
        for number, name in self._day.execute("select type, name from types"):
            self._numbers[name], self._models[number] = number, current_model(name)
            self._newest[number] = upcast_model(name)

    def _load_streams(self) -> None:
        # Numbers only grow: those that came since are behind the last one known.
        last = max(self._streams, default=0)
        rows = self._day.execute("select stream, source, epoch from streams where stream > ?", (last,))
        for stream, source, epoch in rows:
            self._streams[stream] = StreamOrigin(source, place(source), epoch or None)


def current_model(name: str) -> type[Event] | None:
    """`None` where events of this type are to be upcast, or of no type that is known."""
    model = MODELS.get(name)
    return None if model in UPCASTS else model


def upcast_model(name: str) -> type[Event]:
    """The current model of a type; the base `Event` for a type that is not known."""
    model = MODELS.get(name, Event)
    while (step := UPCASTS.get(model)) is not None:
        model = get_type_hints(step)["return"]
    return model


def upcast_row(row: RecordedRow) -> Recorded:
    """An event of an old version. Where it cannot be read, only whoever asks what it says finds that out."""
    try:
        return Recorded(row.position, moment(row.received_us), upcast(read_stored([row.body])[0]))
    except ValidationError:
        return row
