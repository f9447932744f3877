"""Queries of incidents, over a read-only connection to their view."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypedDict

from pydantic_core import from_json, to_json

from bus_schemas.alert import AlertLevelName
from consumers.alerting.review.reviews import STATE_OF_INCIDENT, TEXT_OF_INCIDENT, ReviewState
from consumers.engine.intervals import IntervalQuery, IntervalTable, SqlCondition, State, iso_of_seconds
from consumers.engine.versions import NEWEST, STANDS

Suppressed = Literal["cool_down", "mute"]
"""Why an incident raised no alert."""


class IncidentRow(TypedDict):
    id: str
    site: str
    device: str
    type: str
    level: AlertLevelName
    state: State
    opened: str
    closed: str | None
    duration_s: float | None
    under: str | None
    suppressed: str | None
    mute_id: str | None
    details: dict[str, Any]
    rule: str
    rule_version: int
    causes: list[str]
    media: list[str]


_INCIDENTS = IntervalTable(
    table="incidents",
    id="incident_id",
    begun="opened",
    ended="closed",
    columns="incident_id, site, device, type, level, opened, closed, under, suppressed, mute_id, rule, rule_version,"
    " details, causes, media",
    span="held",
)


@dataclass(frozen=True, slots=True)
class IncidentFilter:
    """Selects among the incidents of a time range. `text` is looked for in what people said, in reasons, and in the id
    of the device; an incident of a `named` device (site/device) or of one of `types` has it too.
    """

    review: ReviewState | None = None
    zone: str | None = None
    suppressed: Suppressed | None = None
    mute_id: str | None = None
    text: str | None = None
    named: Sequence[str] = ()
    types: Sequence[str] = ()

    def conditions(self) -> list[SqlCondition]:
        found = [
            SqlCondition(sql, {name: value})
            for name, sql in _FILTERS.items()
            if (value := getattr(self, name)) is not None
        ]
        if self.text is not None:
            lists = {name: to_json(list(of)).decode() for name, of in (("named", self.named), ("types", self.types))}
            found.append(SqlCondition(_TEXT, {"text": self.text.casefold(), **lists}))
        return found


_FILTERS = {
    "review": f"{STATE_OF_INCIDENT} = :review",
    "zone": "exists (select 1 from json_each(details, '$.regions') where value = :zone)",
    "suppressed": "suppressed = :suppressed",
    "mute_id": "mute_id = :mute_id",
}
_TEXT = f"""({TEXT_OF_INCIDENT} or instr(lower(coalesce(details ->> '$.reason', '')), :text) > 0
    or site || '/' || device in (select value from json_each(:named)) or instr(lower(device), :text) > 0
    or type in (select value from json_each(:types)))"""  # noqa: S608 - our own words


def incidents(
    view: sqlite3.Connection, wanted: IntervalQuery | None = None, only: IncidentFilter | None = None
) -> list[IncidentRow]:
    """Newest first. A span selects those that held at some moment of it."""
    further = () if only is None else only.conditions()
    return [_answer(row) for row in _INCIDENTS.select(view, wanted or IntervalQuery(), further)]


@dataclass(frozen=True, slots=True)
class IncidentCounts:
    """`recent` and `most_common` are of those that were opened since a moment; `open_reviews` of all, how many nobody
    has reviewed; `withheld` those that raised no alert because of a cool-down or a mute.
    """

    open: int
    closed: int
    open_reviews: int
    withheld: int
    recent: int
    most_common: str | None
    most_common_count: int


def count_incidents(view: sqlite3.Connection, site: str | None, since: datetime, upto: int = NEWEST) -> IncidentCounts:
    values = {"site": site, "since": since.timestamp(), "upto": upto}
    mine = f"from incidents where (:site is null or site = :site) and {STANDS}"
    totals = view.execute(
        f"select count(*) filter (where closed is null), count(*) filter (where closed is not null),"
        f" count(*) filter (where {STATE_OF_INCIDENT} = 'open'), count(suppressed) {mine}",
        values,
    ).fetchone()
    by_type = view.execute(
        f"select type, count(*) {mine} and opened >= :since group by type order by 2 desc, 1",
        values,
    ).fetchall()
    kind, most = by_type[0] if by_type else (None, 0)
    opened, closed, unreviewed, withheld = totals
    recent = sum(count for _, count in by_type)
    return IncidentCounts(opened, closed, unreviewed, withheld, recent, kind, most)


def rule_text(view: sqlite3.Connection, incident_id: str, upto: int = NEWEST) -> str | None:
    """The sentence of the rule that decided on an incident, with the values that were in force."""
    row = view.execute(
        f"select rule_text from incidents where incident_id = :id and {STANDS}",  # noqa: S608 - our own words
        {"id": incident_id, "upto": upto},
    ).fetchone()
    return None if row is None else str(row[0])


def incident(view: sqlite3.Connection, incident_id: str, upto: int = NEWEST) -> IncidentRow | None:
    found = _INCIDENTS.one(view, incident_id, upto)
    return None if found is None else _answer(found)


def open_incidents(view: sqlite3.Connection, site: str | None = None, upto: int = NEWEST) -> list[IncidentRow]:
    return incidents(view, IntervalQuery(site=site, state="open", limit=10_000, upto=upto))


def _answer(row: tuple[Any, ...]) -> IncidentRow:
    incident_id, site, device, kind, level, opened, closed, under, suppressed, mute_id, *rest = row
    rule, rule_version, details, causes, media = rest
    return {
        "id": incident_id,
        "site": site,
        "device": device,
        "type": kind,
        "level": level,
        "state": "open" if closed is None else "closed",
        "opened": iso_of_seconds(opened),
        "closed": None if closed is None else iso_of_seconds(closed),
        "duration_s": None if closed is None else round(closed - opened, 3),
        "under": under,
        "suppressed": suppressed,
        "mute_id": mute_id,
        "details": from_json(details),
        "rule": rule,
        "rule_version": rule_version,
        "causes": from_json(causes),
        "media": from_json(media),
    }
