"""Reviews of incidents: what people said of each, and how it stands by that."""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, Literal

from pydantic_core import to_json

from bus_schemas.event import HUB
from bus_schemas.review import ReviewAction, ReviewEvent
from consumers.engine.versions import NEWEST
from consumers.store.journal.record import Recorded

ReviewState = Literal["open", "reviewed", "discarded"]
"""`open` is an incident that nobody has reviewed."""

SCHEMA: Final = """
    create table if not exists reviews (
        incident_id text not null, position integer not null, event_id text not null, action text not null,
        by text not null, at real not null, comment text, assignee text, undoes text, searched text not null,
        primary key (incident_id, position)
    ) strict, without rowid;
    create index if not exists reviews_event on reviews (event_id);
    create index if not exists reviews_undone on reviews (incident_id, undoes, position);
    """
"""A row for each event and incident, so that a floor of the journal parts them cleanly."""
BEFORE_FLOOR: Final[Mapping[str, str]] = {"reviews": "position < :floor"}

_VALID = """r.position <= :upto and r.action != 'undone' and not exists (
    select 1 from reviews u where u.incident_id = r.incident_id and u.undoes = r.event_id and u.position <= :upto)"""
STATE_OF_INCIDENT: Final = f"""coalesce((
    select iif(r.action = 'reopened', 'open', r.action) from reviews r where r.incident_id = incidents.incident_id
    and {_VALID} and r.action in ('reviewed', 'discarded', 'reopened') order by r.position desc limit 1), 'open')"""  # noqa: S608 - of our own text alone
"""The state of a row of `incidents` as of `:upto`, as an expression of SQL."""
TEXT_OF_INCIDENT: Final = f"""exists (
    select 1 from reviews r where r.incident_id = incidents.incident_id and {_VALID}
    and instr(r.searched, :text) > 0)"""  # noqa: S608 - of our own text alone
"""Whether people said `:text` of a row of `incidents`."""


def take_review(view: sqlite3.Connection, record: Recorded) -> None:
    """A gateway reviews no incident of another site. One from before the retention floor is not known."""
    assert isinstance(record.event, ReviewEvent)
    data, site = record.event.data, record.where[0]
    searched = " ".join(filter(None, (data.comment, data.assignee))).casefold()
    said = (data.action, data.by, record.time_s, data.comment, data.assignee, data.undoes, searched)
    view.execute(
        "insert or ignore into reviews select value, ?, ?, ?, ?, ?, ?, ?, ?, ? from json_each(?) where not exists"
        " (select 1 from incidents where incident_id = value and site != ? and ? != ?)",
        (record.position, record.id, *said, to_json(list(dict.fromkeys(data.incidents))).decode(), site, site, HUB),
    )


# Questions


@dataclass(frozen=True, slots=True)
class ReviewEntry:
    """One thing that was said; `at` in seconds since 1970. `undone_by` is who took it back."""

    event_id: str
    action: ReviewAction
    by: str
    at: float
    comment: str | None
    assignee: str | None
    undone_by: str | None


@dataclass(frozen=True, slots=True)
class IncidentReview:
    """How an incident stands. `reason` is why it was discarded, `by` and `at` are of who settled it."""

    state: ReviewState = "open"
    by: str | None = None
    at: float | None = None
    reason: str | None = None
    assignee: str | None = None
    entries: tuple[ReviewEntry, ...] = ()
    """The entries of a review, the oldest first."""

    @property
    def comments(self) -> tuple[ReviewEntry, ...]:
        """The comments that stand, also those of who reviewed or discarded it."""
        return tuple(one for one in self.entries if one.comment and one.undone_by is None)


def reviews_of(
    view: sqlite3.Connection, incident_ids: Iterable[str], upto: int = NEWEST, newest: int | None = None
) -> dict[str, IncidentReview]:
    """By incident, with the `newest` entries of each, by default all; those of which nobody said anything are not
    among them.
    """
    rows = view.execute(
        """
        select r.incident_id, r.event_id, r.action, r.by, r.at, r.comment, r.assignee,
            (select u.by from reviews u where u.incident_id = r.incident_id and u.undoes = r.event_id
             and u.position <= :upto order by u.position limit 1)
        from reviews r where r.incident_id in (select value from json_each(:ids)) and r.position <= :upto
        and r.action != 'undone' order by r.incident_id, r.position
        """,
        {"ids": to_json(list(incident_ids)).decode(), "upto": upto},
    )
    return {
        incident_id: _review([ReviewEntry(*row[1:]) for row in found], newest)
        for incident_id, found in groupby(rows, itemgetter(0))
    }


def review_of(view: sqlite3.Connection, incident_id: str, upto: int = NEWEST) -> IncidentReview:
    return reviews_of(view, (incident_id,), upto).get(incident_id, IncidentReview())


def incidents_of_review(view: sqlite3.Connection, event_id: str) -> list[tuple[str, str]]:
    """The incidents of which one event said something, each with its site; none where nobody knows the event."""
    rows = view.execute(
        "select distinct r.incident_id, i.site from reviews r join incidents i using (incident_id)"
        " where r.event_id = ? and r.action != 'undone' order by r.incident_id",
        (event_id,),
    )
    return [(str(incident_id), str(site)) for incident_id, site in rows]


def most_said(view: sqlite3.Connection, incident_ids: Iterable[str]) -> int:
    """How much was said of that one of these incidents of which most was, also what was taken back."""
    query = "select max((select count(*) from reviews where incident_id = value)) from json_each(?)"
    return int(view.execute(query, (to_json(list(incident_ids)).decode(),)).fetchone()[0] or 0)


def is_taken(view: sqlite3.Connection, event_id: str) -> bool:
    return view.execute("select 1 from reviews where event_id = ? limit 1", (event_id,)).fetchone() is not None


def _review(entries: list[ReviewEntry], newest: int | None) -> IncidentReview:
    state: ReviewState = "open"
    settled: ReviewEntry | None = None
    assignee: str | None = None
    for one in entries:
        match one.action if one.undone_by is None else None:
            case "reviewed" | "discarded" as settles:
                state, settled = settles, one
            case "reopened":
                state, settled = "open", None
            case "assigned":
                assignee = one.assignee
    about: dict[str, Any] = {}
    if settled is not None:
        about = {"by": settled.by, "at": settled.at}
        if state == "discarded":
            about["reason"] = settled.comment
    shown = entries if newest is None else entries[-newest:]
    return IncidentReview(state=state, assignee=assignee, entries=tuple(shown), **about)
