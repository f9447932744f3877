"""Queries of tables whose rows begin and may end, such as incidents and alerts, as of any position."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from bus_schemas.event import iso
from consumers.engine.versions import NEWEST, STANDS
from producer.times import moment_of_seconds

State = Literal["open", "closed"]


@dataclass(frozen=True, slots=True)
class IntervalQuery:
    """Selects intervals. `start` and `end` bound a span, half open; `after` is the id of the last of the page before.

    `upto` is the last position that counts: the answer is the one that was given when the journal ended there.
    """

    site: str | None = None
    device: str | None = None
    type: str | None = None
    state: State | None = None
    start: datetime | None = None
    end: datetime | None = None
    after: str | None = None
    id: str | None = None
    limit: int = 100
    upto: int = NEWEST


class SqlCondition(NamedTuple):
    """A condition on a row, with the values of the parameters that it names."""

    sql: str
    values: Mapping[str, Any]


class IntervalTable(NamedTuple):
    """A table of versions of what lasts: the columns of its id, its begin and its end (seconds since 1970)."""

    table: str
    id: str
    begun: str
    ended: str
    columns: str
    span: Literal["held", "begun"]
    """Whether a span selects what held at some moment of it, or what began in it."""

    def select(
        self, view: sqlite3.Connection, wanted: IntervalQuery, further: Sequence[SqlCondition] = ()
    ) -> list[tuple[Any, ...]]:
        """Newest first."""
        # Of all that there ever were few are open: they are found by that and sorted, not looked for in their order.
        plus = "+" if wanted.state == "open" else ""
        order = f"order by {plus}{self.begun} desc, {self.id} desc limit :limit"
        conditions = " and ".join((*self._conditions(wanted), *(one.sql for one in further)))
        values = {name: value for one in further for name, value in one.values.items()}
        return self._rows(view, f"{conditions} {order}", {**_values(wanted), **values})

    def one(self, view: sqlite3.Connection, name: str, upto: int = NEWEST) -> tuple[Any, ...] | None:
        """The one with this id."""
        found = self._rows(view, f"{self.id} = :id and {STANDS}", {"id": name, "upto": upto})
        return found[0] if found else None

    def count_open(
        self, view: sqlite3.Connection, site: str | None = None, upto: int = NEWEST, condition: str = "true"
    ) -> int:
        where = " and ".join([*self._conditions(IntervalQuery(site=site, state="open")), condition])
        query = f"select count(*) from {self.table} where {where}"
        return int(view.execute(query, {"site": site, "upto": upto}).fetchone()[0])

    def _rows(self, view: sqlite3.Connection, rest: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        query = f"select {self.columns} from {self.table} where {rest}"
        return view.execute(query, values).fetchall()

    def _conditions(self, wanted: IntervalQuery) -> list[str]:
        """Only what was asked for stands in the query, so that SQLite can choose an index by it."""
        begun, ended = self.begun, self.ended
        began_after = f"{begun} >= :start"
        possible = {
            "site = :site": wanted.site,
            "device = :device": wanted.device,
            "type = :type": wanted.type,
            f"{self.id} = :id": wanted.id,
            f"({ended} is null or {ended} >= :start)" if self.span == "held" else began_after: wanted.start,
            f"{begun} < :end": wanted.end,
            f"({begun}, {self.id}) < (select {begun}, {self.id} from {self.table} where {self.id} = :after "
            f"and {STANDS})": wanted.after,
        }
        state = {"open": [f"{ended} is null"], "closed": [f"{ended} is not null"], None: []}[wanted.state]
        return [STANDS, *(condition for condition, value in possible.items() if value is not None), *state]


def _values(wanted: IntervalQuery) -> dict[str, Any]:
    return {
        "site": wanted.site,
        "device": wanted.device,
        "type": wanted.type,
        "start": None if wanted.start is None else wanted.start.timestamp(),
        "end": None if wanted.end is None else wanted.end.timestamp(),
        "after": wanted.after,
        "id": wanted.id,
        "limit": wanted.limit,
        "upto": wanted.upto,
    }


def iso_of_seconds(seconds: float) -> str:
    """A moment as answers have it."""
    return iso(moment_of_seconds(seconds))
