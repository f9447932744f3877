"""What a clock that is ahead says is kept, and is newest in no view once something right has arrived."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bus_schemas.event import Event, iso
from consumers.alerting.conditions import conditions
from consumers.alerting.incidents.questions import incidents
from consumers.engine import view_files
from consumers.hub_config import HubConfig
from consumers.store.archive.reader import ArchiveReader
from consumers.store.archive.retention import ArchiveRetention
from consumers.store.journal.queries import JournalQueries
from consumers.store.journal.query_types import EventFilter
from consumers.store.journal.stored_time import said_ahead_s
from consumers.views.health.questions import DeviceHealth, device
from consumers.views.temperatures import newest_thermal
from tests import builders
from tests.builders import DEVICE, SITE, at
from tests.following import MemoryMedia
from tests.whole_hub import Bus

KINDS: dict[str, Callable[[datetime], Event]] = {
    "frame": lambda time: builders.frame(time),
    "thermal": lambda time: builders.thermal(time),
    "capture": lambda time: builders.media(time, kind="capture"),
    "thumbnail": lambda time: builders.media(time),
    "health": lambda time: builders.health(time),
    "detection": lambda time: builders.detection(time),
    "motion": lambda time: builders.motion(time),
    "segment": lambda time: builders.segment(time),
    "reading": lambda time: builders.reading(time),
}


def a_hub(data: Path) -> Bus:
    return Bus(HubConfig(data=data, archive=MemoryMedia))


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Bus]:
    with closing(a_hub(tmp_path)) as bus:
        yield bus


def live_on(bus: Bus, begin: int, end: int) -> None:
    """Right events of every kind, each ten seconds, and the hub's ticks."""
    for second in range(begin, end, 10):
        for kind in KINDS.values():
            bus.say(kind(at(second)), second + 0.1)
        bus.tick(second + 5)
    bus.fold(end)


def answers(bus: Bus) -> dict[str, Any]:
    """What is newest in every view, without where in the journal it stands."""
    found: dict[str, Any] = {}
    for name, query in {
        "health": "select last_frame, online, reported from devices where device = 'yard'",
        "temperatures": "select time from newest",
        "detections": "select max(at) from detections",
        "occupancy": "select max(quarter) from quarters",
        "condition_minutes": "select site, max(hour) from hours",
        "mosaics": "select site, max(minute) from closed union all select site, max(minute) from seen",
        "motion": "select max(latest) from motions",
        "recordings": "select max(start) from segments union all select max(end) from clips",
        "audio": "select max(minute) from minutes",
        "readings": "select max(minute) from minutes",
    }.items():
        with closing(view_files.open_view(bus.hub.data, name)) as view:
            found[name] = view.execute(query).fetchall()
    with closing(view_files.open_view(bus.hub.data, "temperatures")) as view:
        found["minutes"] = view.execute("select max(minute) from minutes").fetchone()
    with ArchiveReader(bus.hub.data / "archive") as archive:
        for kind in ("capture", "thumbnail"):
            newest = archive.newest(SITE, DEVICE, kind, at(200))
            found[kind] = newest and newest.time
    return found


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    with closing(a_hub(tmp_path_factory.mktemp("right"))) as bus:
        live_on(bus, 0, 60)
        live_on(bus, 70, 120)
        return answers(bus)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("kind", "ahead"),
    [
        *((kind, timedelta(days=365)) for kind in KINDS),
        ("capture", timedelta(minutes=6)),
        ("thermal", timedelta(minutes=6)),
    ],
)
def test_an_event_of_a_time_to_come_is_newest_nowhere_once_a_right_one_has_come(
    bus: Bus, right: dict[str, Any], kind: str, ahead: timedelta
) -> None:
    live_on(bus, 0, 60)
    bus.say(KINDS[kind](at(65) + ahead), 65)
    bus.fold(66)
    live_on(bus, 70, 120)

    assert answers(bus) == right


def health_at(bus: Bus, second: float) -> DeviceHealth:
    with closing(view_files.open_view(bus.hub.data, "health")) as view:
        found = device(view, SITE, DEVICE, at(second))
    assert found is not None
    return found


def test_a_device_whose_clock_is_ahead_is_not_healthy_for_ever_and_has_no_age_below_nothing(bus: Bus) -> None:
    live_on(bus, 0, 30)
    for kind in KINDS.values():
        bus.say(kind(at(0) + timedelta(days=365)), 31)
    bus.fold(32)

    now = health_at(bus, 33)
    assert now.status == "healthy"
    assert now.last_frame == iso(at(31))
    assert now.time_since_last_frame_seconds == 2.0
    for name in ("last_connection_attempt", "last_successful_connection", "current_segment_start", "silent_since"):
        assert (getattr(now, name) or "") <= iso(at(33))
    with closing(view_files.open_view(bus.hub.data, "temperatures")) as view:
        newest = newest_thermal(view, SITE, DEVICE)
    assert newest is not None
    assert newest.time == iso(at(31))
    for second in range(35, 101, 5):
        bus.tick(second)
    bus.fold(100)
    with closing(view_files.open_view(bus.hub.data, "alerting")) as view:
        assert conditions(view)[SITE, DEVICE].condition == "offline"


def clock_incidents(bus: Bus) -> list[tuple[str, str | None, Any]]:
    with closing(view_files.open_view(bus.hub.data, "alerting")) as view:
        found = [one for one in incidents(view) if one["type"] == "clock"]
    return [(one["opened"], one["closed"], one["details"].get("ahead_s")) for one in found]


def test_a_clock_that_is_wrong_is_an_incident_until_it_is_right_again(bus: Bus) -> None:
    live_on(bus, 0, 20)
    for second in (21, 22, 23):
        bus.say(builders.frame(at(second) + timedelta(hours=6)), second)
    bus.fold(24)
    assert clock_incidents(bus) == [(iso(at(21)), None, 6 * 3600.0)]
    with closing(view_files.open_view(bus.hub.data, "alerting")) as view:
        said = view.execute(
            "select message, level from alerts where type = 'clock_wrong' and cleared is null"
        ).fetchall()
    assert said == [("The clock of yard is wrong by 6 hours", "warning")]

    live_on(bus, 30, 60)
    assert clock_incidents(bus) == [(iso(at(21)), None, 6 * 3600.0)]
    live_on(bus, 60, 100)
    assert clock_incidents(bus) == [(iso(at(21)), iso(at(30.1)), 6 * 3600.0)]


def test_up_to_five_minutes_a_clock_may_be_ahead(bus: Bus) -> None:
    bus.say(builders.frame(at(10) + timedelta(minutes=5)), 10)
    bus.fold(11)

    assert clock_incidents(bus) == []
    assert health_at(bus, 12).last_frame == iso(at(10))


def test_the_event_is_kept_as_it_was_said_and_marked(bus: Bus) -> None:
    bus.say(builders.frame(at(0) + timedelta(days=365), id="far"), 5)
    bus.fold(6)

    with closing(JournalQueries(bus.hub.data / "journal")) as queries:
        [stored] = queries.select(EventFilter(start=at(4), end=at(6), types=("watchpost.frame.v1",)))
    assert iso(at(0) + timedelta(days=365)).encode() in stored.body
    assert said_ahead_s(stored.body, stored.received) == pytest.approx(365 * 86_400 - 5)


def test_a_picture_of_a_time_to_come_goes_with_the_pack_of_the_time_at_which_it_came(bus: Bus) -> None:
    bus.say(builders.media(at(0) + timedelta(days=365), kind="capture"), 5)

    [gone] = ArchiveRetention(bus.hub.data / "archive", lambda: at(7200)).drop_before("capture", at(3600))

    assert gone.count == 1
    assert gone.start <= at(5) < gone.end
