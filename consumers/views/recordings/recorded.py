"""The recorded time of each device by quarter of an hour, in which the holes of a month are found in milliseconds."""

import sqlite3
from collections.abc import Iterable, Iterator

from pydantic_core import from_json, to_json

from consumers.views.recordings.questions import LONGEST_SEGMENT_S, SAME_SPAN_S

QUARTER_S = 900

SCHEMA = """
    create table if not exists recorded (
        site text not null, device text not null, quarter integer not null, spans text not null,
        primary key (site, device, quarter)
    ) strict, without rowid;
    """
"""`spans` are begin and end of what plays without a gap, in turns, of the segments that begin in this quarter."""
BEFORE_FLOOR = f"quarter * {QUARTER_S} <= horizon(site, device) + {LONGEST_SEGMENT_S}"

Span = tuple[float, float]
Quarter = tuple[str, str, int]
"""Site, device, and the quarters since 1970."""


def quarter_of(start: float) -> int:
    return int(start // QUARTER_S)


def joined(spans: Iterable[Span]) -> Iterator[Span]:
    """Spans in the order of their begins, as far as one follows another without a gap."""
    begun, reached = None, 0.0
    for start, end in spans:
        if begun is not None and start - reached <= SAME_SPAN_S:
            reached = max(reached, end)
            continue
        if begun is not None:
            yield begun, reached
        begun, reached = start, end
    if begun is not None:
        yield begun, reached


def count_again(view: sqlite3.Connection, quarters: Iterable[Quarter]) -> None:
    """Bring the rows of these quarters to what the segments in them are."""
    for site, device, quarter in sorted(quarters):
        rows = view.execute(
            "select start, end from segments where site = ? and device = ? and start >= ? and start < ? order by start",
            (site, device, quarter * QUARTER_S, (quarter + 1) * QUARTER_S),
        )
        spans = [moment for span in joined(rows) for moment in span]
        if spans:
            row = (site, device, quarter, to_json(spans).decode())
            view.execute("insert or replace into recorded values (?, ?, ?, ?)", row)
        else:
            view.execute("delete from recorded where site = ? and device = ? and quarter = ?", (site, device, quarter))


def forget(view: sqlite3.Connection, site: str | None, device: str | None, start: float, end: float) -> None:
    """The segments that begin in this time are gone, of one device, or of all where `None` is given."""
    of_these = "from recorded where (?1 is null or site = ?1) and (?2 is null or device = ?2)"
    asked = (site, device, quarter_of(start), quarter_of(end))
    view.execute(f"delete {of_these} and quarter > ?3 and quarter < ?4", asked)
    at_the_edges = view.execute(f"select site, device, quarter {of_these} and quarter in (?3, ?4)", asked)
    count_again(view, at_the_edges.fetchall())


def recorded_between(view: sqlite3.Connection, where: tuple[str, str], start: float, end: float) -> Iterator[Span]:
    """The time ranges that play without a gap and overlap this time, oldest first."""
    rows = view.execute(
        "select spans from recorded where site = ? and device = ? and quarter >= ? and quarter <= ? order by quarter",
        (*where, quarter_of(start - LONGEST_SEGMENT_S), quarter_of(end)),
    )
    moments = [moment for (spans,) in rows for moment in from_json(spans)]
    for begun, ended in joined(zip(moments[::2], moments[1::2], strict=True)):
        if ended > start and begun < end:
            yield begun, ended
