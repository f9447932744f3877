"""No view grows for ever with what devices send: the rows of long ago go when those of today come."""

import re
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bus_schemas.codec import read_stored, to_bytes
from bus_schemas.event import Event, iso
from bus_schemas.media import SegmentEvent
from consumers.engine import shape, view_files
from consumers.engine.checkpoint import tables_of
from consumers.engine.follower import ConsumerContext, Follower
from consumers.engine.projection import Projection
from consumers.hub_config import HubConfig
from consumers.registry import CONSUMERS
from tests.builders import START, retention
from tests.contract import fingerprints
from tests.following import MemoryMedia
from tests.memory_journal import MemoryJournal

LATER = timedelta(days=500)
MOMENT = re.compile(rb'"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)"')
NAME = re.compile(rb'"(id|epoch|alert_id|incident_id|recording_id|request_id|export_id|annotation_id|hold_id)":"')

MAY_GROW = {
    # With what people do: names, settings, configurations, notes, holds, exports.
    ("agents", "agent_events"), ("alerting", "mutes"), ("alerting", "reviews"), ("annotations", "annotations"),
    ("exports", "exports"), ("holds", "holds"), ("registry", "changes"), ("settings", "changes"),
    ("settings", "sections"),
    # With changes for the worse and the better: the history of a site, which is kept. `held` is of what is open.
    ("alerting", "alerts"), ("alerting", "conditions"), ("alerting", "incidents"), ("condition_minutes", "held"),
    ("mosaics", "held"),
    # Up to a number: of kinds of incident a device, of detections a device, of ticks of the hub, of minutes of a site.
    ("alerting", "alert_state"), ("detections", "detections"), ("health", "snapshots"), ("mosaics", "past_tiles"),
    ("mosaics", "tiles"),
}  # fmt: skip


def later(body: bytes) -> bytes:
    """The same event, long after."""
    moved = MOMENT.sub(lambda at: f'"{iso(datetime.fromisoformat(at[1].decode()) + LATER)}"'.encode(), body)
    return NAME.sub(rb'"\1":"later-', moved)


def dropped(journal: MemoryJournal, at: datetime) -> list[Event]:
    """Retention drops all recordings in the end."""
    places = {record.where for record in journal.read(0, (SegmentEvent,), journal.head()).records}
    span = {"kind": "segment", "start": iso(at - LATER), "end": iso(at)}
    return [retention(at, site=site, device=device, id=f"{at}-{device}", **span) for site, device in sorted(places)]


@pytest.fixture(scope="module")
def once() -> MemoryJournal:
    made = fingerprints.journal()
    made.append(*dropped(made, START + timedelta(days=1)))
    return made


@pytest.fixture(scope="module")
def twice(once: MemoryJournal) -> MemoryJournal:
    """What `once` has, and the same again long after."""
    records = once.read(0, None, once.head()).records
    made = MemoryJournal()
    for record in records:
        made.append(record.event, received=record.received)
    for record in records:
        made.append(*read_stored([later(to_bytes(record.event))]), received=record.received + LATER)
    return made


def counts(projection: Projection, data: Path, journal: MemoryJournal) -> dict[str, int]:
    with closing(Follower(projection, ConsumerContext(data, journal, lambda: START + LATER))) as follower:
        while follower.advance():
            pass
    with closing(view_files.open_view(data, projection.name)) as view:
        return {table: view.execute(f"select count(*) from {table}").fetchone()[0] for table in tables_of(view)}


def made(name: str, data: Path) -> Projection | None:
    """`None` where it is a sink, whose state follows from no journal."""
    found = CONSUMERS[name](HubConfig(data=data, archive=MemoryMedia))
    return found if isinstance(found, Projection) else None


PROJECTIONS = [name for name in CONSUMERS if made(name, Path("unused")) is not None]


@pytest.mark.parametrize("name", PROJECTIONS)
def test_rows_of_long_ago_are_gone(name: str, tmp_path: Path, once: MemoryJournal, twice: MemoryJournal) -> None:
    projection = made(name, tmp_path)
    assert projection is not None
    before, after = (counts(projection, tmp_path, journal) for journal in (once, twice))

    grown = {table for table, rows in after.items() if rows > before[table]}
    assert grown - {table for view, table in MAY_GROW if view == name} == set()


def test_what_may_grow_is_there() -> None:
    shapes = {name: shape.shape_of(made(name, Path("unused"))).tables for name in PROJECTIONS}  # type: ignore[arg-type]  # a projection

    assert {(view, table) for view, table in MAY_GROW if table not in shapes[view]} == set()
