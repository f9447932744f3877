"""The events of the journal by position: its ends, and position ranges that are read in windows.

There is one writer, and it inserts a group when the one before is there. So whoever has seen a position has all before
it, and no position up to the head appears later. That holds of one server; a replica may lag, and fetch parts in
another order: all who read and who writes must name the same one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from consumers.store.clickhouse.engine import Parameter
from consumers.store.journal.clickhouse.connection import JournalConnection

# What a question looks at first, and by how much more where it finds too little.
WINDOW = 2048
GROWTH = 4
WIDEST = 1 << 24
# Beyond so many positions it is found out first which of them are wanted, for bodies are long.
NARROW = 16_384
COLUMNS = ("position", "received", "body")


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on events besides their position. Its text is our own; every value from outside is a parameter."""

    text: str = ""
    parameters: Mapping[str, Parameter] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.text)

    @property
    def prewhere(self) -> str:
        return f"prewhere {self.text}" if self.text else ""


EVERYTHING = Condition()


def one_of(column: str, values: Sequence[str]) -> Condition:
    """Nothing where there are no values."""
    if not values:
        return Condition("0")
    names = {f"{column}_{number}": value for number, value in enumerate(values)}
    return Condition(f"{column} in ({', '.join(f'{{{name}:String}}' for name in names)})", dict(names))


def both(*conditions: Condition) -> Condition:
    some = [each for each in conditions if each]
    parameters = {name: value for each in some for name, value in each.parameters.items()}
    return Condition(" and ".join(f"({each.text})" for each in some), parameters)


class Log:
    """For use from one thread at a time. Rows have position, arrival and body, and what is asked for besides."""

    def __init__(self, connection: JournalConnection, *besides: str) -> None:
        self._connection = connection
        self._columns = ", ".join((*COLUMNS, *besides))
        self._events = f"{connection.database}.events"
        self._seen = 0

    def head(self) -> int:
        """The last position. What was seen before is where it is looked for."""
        head = self._beyond(self._seen)
        if head < self._seen:
            # The journal was lost and begun again, or all that was seen has been dropped.
            head = self._beyond(0)
        self._seen = head
        return head

    def _beyond(self, known: int) -> int:
        rows = self._connection.query(
            f"select max(position) from {self._events} where position >= {{known:UInt64}}",
            {"known": known},
        )
        return int(rows[0][0]) if rows else 0

    def floor(self) -> int:
        """The first position that is kept, 1 where no day was dropped."""
        rows = self._connection.query(
            f"select min(position) from {self._events} where day = (select min(day) from {self._events})"
        )
        return max(1, int(rows[0][0])) if rows else 1

    def rows(self, after: int, upto: int, limit: int, wanted: Condition = EVERYTHING) -> list[Any]:
        """The first of these positions, in their order; both bounds belong to it but `after`."""
        rows: list[Any] = []
        window = max(WINDOW, 2 * limit) if wanted else limit
        while after < upto and len(rows) < limit:
            last = min(upto, after + window)
            rows += self._between(after, last, limit - len(rows), wanted, "asc")
            after, window = last, min(window * GROWTH, WIDEST)
        return rows

    def rows_before(self, before: int, floor: int, limit: int, wanted: Condition = EVERYTHING) -> list[Any]:
        """The last of these positions, the newest first; both bounds belong to it but `before`."""
        rows: list[Any] = []
        window = max(WINDOW, 2 * limit) if wanted else limit
        while before > floor and len(rows) < limit:
            after = max(floor - 1, before - 1 - window)
            rows += self._between(after, before - 1, limit - len(rows), wanted, "desc")
            before, window = after + 1, min(window * GROWTH, WIDEST)
        return rows

    def _between(
        self, after: int, last: int, limit: int, wanted: Condition, order: Literal["asc", "desc"]
    ) -> list[Any]:
        if last - after > NARROW:
            found = self._select("position", (after, last, limit), wanted, order)
            if not found:
                return []
            ends = found[0][0], found[-1][0]
            after, last = min(ends) - 1, max(ends)
        return [
            (position, received, body if isinstance(body, bytes) else body.encode(), *besides)
            for position, received, body, *besides in self._select(self._columns, (after, last, limit), wanted, order)
        ]

    def _select(
        self, columns: str, span: tuple[int, int, int], wanted: Condition, order: Literal["asc", "desc"]
    ) -> list[list[Any]]:
        after, last, limit = span
        return self._connection.query(
            f"select {columns} from {self._events} {wanted.prewhere}"
            " where position > {after:UInt64} and position <= {last:UInt64}"
            f" order by position {order} limit {limit:d}",
            {**wanted.parameters, "after": after, "last": last},
        )
