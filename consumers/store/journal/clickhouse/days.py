"""The days of a journal on ClickHouse, for checks that read their columns: each as it was when it was opened."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from consumers.store.clickhouse.engine import Parameter
from consumers.store.journal.clickhouse import summary
from consumers.store.journal.clickhouse.connection import JournalConnection
from consumers.store.journal.clickhouse.log import EVERYTHING, Condition, Log, one_of
from consumers.store.journal.clickhouse.summary import GAP_TYPES
from consumers.store.journal.clickhouse.tables import day_of
from consumers.store.journal.day_reader import EventColumns, GapColumns, StoredBody
from consumers.store.journal.writing import StreamKey

# Rows that are fetched at once: what a check needs of an event is some ten bytes, its body a thousand.
_MANY, _SOME = 500_000, 5_000


class _StoredGap(msgspec.Struct):
    first: int
    last: int
    cause: str


class _StoredGapBody(msgspec.Struct):
    data: _StoredGap


_gap = msgspec.json.Decoder(_StoredGapBody)


@dataclass(slots=True)
class StreamNumbers:
    """The numbers of streams, the same in all days that are read together."""

    of: dict[StreamKey, int] = field(default_factory=dict)

    def __getitem__(self, key: StreamKey) -> int:
        return self.of.setdefault(key, len(self.of) + 1)


@dataclass(frozen=True, slots=True)
class ClickHouseDay:
    """The events that were committed on a day in positions from `first` to `last`."""

    name: str
    first: int
    last: int
    connection: JournalConnection
    numbers: StreamNumbers

    def sources(self) -> dict[int, StreamKey]:
        for key in summary.load(self.connection.query, self.connection.database, self.last).known:
            self.numbers[key]
        return {number: key for key, number in self.numbers.of.items()}

    def span(self) -> tuple[int, int, int] | None:
        [[count, lowest, highest]] = self._rows("count(), min(position), max(position)")
        return (count, lowest, highest) if count else None

    def positions(self) -> Iterable[int]:
        for after in range(self.first - 1, self.last, _MANY):
            yield from (row[0] for row in self._rows("position", _within(after, _MANY), "order by position"))

    def numbered(self) -> Iterable[tuple[int, int, int]]:
        for keys in self._some_streams():
            numbers = {key: self.numbers[key] for key in keys}
            rows = self._rows("source, epoch, sequence, position", _of_streams(keys))
            yield from sorted(
                (numbers[source, epoch], sequence, position) for source, epoch, sequence, position in rows
            )

    def _some_streams(self) -> Iterator[list[StreamKey]]:
        """The numbered streams, by number, so many at a time as have no more events together than can be held."""
        found = self._rows("source, epoch, count()", Condition("sequence > 0"), "group by source, epoch")
        counts = sorted((self.numbers[source, epoch], (source, epoch), count) for source, epoch, count in found)
        some: list[StreamKey] = []
        held = 0
        for _, key, count in counts:
            if some and held + count > _MANY:
                yield some
                some, held = [], 0
            some.append(key)
            held += count
        if some:
            yield some

    def unnumbered(self) -> int:
        [[count]] = self._rows("count()", Condition("sequence = 0"))
        return int(count)

    def gaps(self) -> Iterable[GapColumns]:
        """Their data are in their bodies alone."""
        rows = self._rows("position, sequence, body", one_of("type", GAP_TYPES), "order by position")
        for position, sequence, body in rows:
            said = _gap.decode(body).data
            yield GapColumns(position, said.first, said.last, said.cause, _bytes(body), sequence or None)

    def watermarks(self) -> Iterable[tuple[int, int]]:
        """The streams as the next writer would find them: from the last summary, and from the events beyond it."""
        known = summary.load(self.connection.query, self.connection.database, self.last).known
        return [(self.numbers[key], one.watermark) for key, one in known.items() if key[1]]

    def events(self) -> Iterable[EventColumns]:
        columns = "position, source, epoch, sequence, received, type, time, id, body"
        for after in range(self.first - 1, self.last, _SOME):
            for position, source, epoch, sequence, received, kind, time, name, body in self._rows(
                columns, _within(after, _SOME), "order by position"
            ):
                yield EventColumns(position, source, epoch, sequence or None, received, kind, time, name, _bytes(body))

    def _rows(self, columns: str, wanted: Condition = EVERYTHING, rest: str = "") -> list[list[Any]]:
        return self.connection.query(
            f"select {columns} from {self.connection.database}.events {wanted.prewhere}"
            f" where day = {{day:UInt32}} and position <= {{upto:UInt64}} {rest}",
            {**wanted.parameters, "day": int(self.name.replace("-", "")), "upto": self.last},
        )


def each_day(connection: JournalConnection) -> Iterator[ClickHouseDay]:
    """Oldest first. A day that is dropped meanwhile holds nothing any more, and is passed over."""
    numbers = StreamNumbers()
    rows = connection.query(
        f"select day, min(position), max(position) from {connection.database}.events group by day order by day"
    )
    for day, first, last in rows:
        opened = ClickHouseDay(day_of(day).isoformat(), first, last, connection, numbers)
        if opened.span() is not None:
            yield opened


def bodies_of_type(connection: JournalConnection, event_type: str) -> Iterator[StoredBody]:
    """The events of one type, in commit order."""
    log = Log(connection)
    after, head = log.floor() - 1, log.head()
    while rows := log.rows(after, head, _SOME, one_of("type", [event_type])):
        yield from (StoredBody(*row) for row in rows)
        after = rows[-1][0]


def _within(after: int, count: int) -> Condition:
    bounds: dict[str, Parameter] = {"after": after, "until": after + count}
    return Condition("position > {after:UInt64} and position <= {until:UInt64}", bounds)


def _of_streams(keys: list[StreamKey]) -> Condition:
    pairs = ", ".join(f"({{s{number}:String}}, {{e{number}:String}})" for number in range(len(keys)))
    sources = {f"s{number}": source for number, (source, _) in enumerate(keys)}
    return Condition(
        f"(source, epoch) in ({pairs})", sources | {f"e{number}": key[1] for number, key in enumerate(keys)}
    )


def _bytes(body: bytes | str) -> bytes:
    return body if isinstance(body, bytes) else body.encode()
