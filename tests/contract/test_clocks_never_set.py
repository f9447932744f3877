"""What a computer says whose clock nobody has set counts from its arrival, with an incident that says so."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bus_schemas.event import iso
from consumers.alerting.incidents.questions import incidents
from consumers.engine import view_files
from consumers.hub_config import HubConfig
from consumers.store.archive.reader import ArchiveReader
from consumers.store.archive.retention import ArchiveRetention
from consumers.store.journal.queries import JournalQueries
from consumers.store.journal.query_types import EventFilter
from consumers.store.journal.stored_time import said_ahead_s
from consumers.upkeep.verify.run import check
from tests import builders
from tests.builders import DEVICE, SITE, at
from tests.following import MemoryMedia
from tests.whole_hub import Bus

BOOT = datetime(1970, 1, 1, tzinfo=UTC)
BEHIND_S = (at(0) - BOOT).total_seconds()


def early(second: float) -> datetime:
    """What a clock that began at the boot of the machine shows then."""
    return BOOT + timedelta(seconds=second)


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Bus]:
    """A machine that has booted, is hot, and finds a time server after half a minute."""
    with closing(Bus(HubConfig(data=tmp_path, archive=MemoryMedia))) as bus:
        for second in range(30):
            bus.say(builders.thermal(early(second), hottest=100.0), second + 0.1)
        bus.say(builders.media(early(30), kind="thermal"), 30.1)
        bus.say(builders.segment(early(30)), 30.2)
        for second in range(31, 100):
            bus.say(builders.thermal(at(second), hottest=100.0), second + 0.1)
            bus.tick(second)
        bus.fold(100)
        yield bus


def test_an_alarm_before_the_clock_was_set_begins_when_it_arrived(bus: Bus) -> None:
    with closing(view_files.open_view(bus.hub.data, "alerting")) as view:
        found = {one["type"]: one for one in incidents(view)}
        said = dict(view.execute("select type, message from alerts where cleared is null"))

    assert found["hot_spot"]["opened"] >= iso(at(0))
    assert found["clock"]["details"]["ahead_s"] == pytest.approx(-BEHIND_S, abs=1)
    assert iso(at(30)) <= str(found["clock"]["closed"]) <= iso(at(100))
    assert "late" not in said["hot_spot"]


def test_its_media_and_temperatures_are_those_of_the_day_on_which_they_arrived(bus: Bus) -> None:
    with closing(view_files.open_view(bus.hub.data, "temperatures")) as view:
        first = view.execute("select min(minute) from minutes").fetchone()[0]
    with closing(view_files.open_view(bus.hub.data, "recordings")) as view:
        start = view.execute("select min(start) from segments").fetchone()[0]

    assert first * 60 >= at(-60).timestamp()
    assert start >= at(-60).timestamp()
    with ArchiveReader(bus.hub.data / "archive") as archive:
        newest = archive.newest(SITE, DEVICE, "thermal", at(200))
    assert newest is not None
    assert newest.time == at(30.1)
    assert ArchiveRetention(bus.hub.data / "archive", lambda: at(200)).drop_before("thermal", at(-86_400)) == []


def test_the_event_says_what_it_said_and_by_how_much_it_was_wrong(bus: Bus) -> None:
    with closing(JournalQueries(bus.hub.data / "journal")) as queries:
        [stored] = queries.select(EventFilter(start=at(5), end=at(6), types=("watchpost.thermal.v1",)))

    assert iso(early(5)).encode() in stored.body
    assert said_ahead_s(stored.body, stored.received) == pytest.approx(-BEHIND_S, abs=1)


def test_what_is_months_late_keeps_its_time(bus: Bus) -> None:
    bus.say(builders.thermal(at(0) - timedelta(days=300)), 101)
    bus.fold(102)

    with closing(JournalQueries(bus.hub.data / "journal")) as queries:
        late = queries.select(EventFilter(start=at(0) - timedelta(days=301), end=at(0) - timedelta(days=299)))
    assert len(late) == 1


def test_the_data_directory_is_verified(bus: Bus) -> None:
    found = check((), bus.hub, lambda *_: None)

    assert {one.part: one.faults for one in found if one.faults} == {}
