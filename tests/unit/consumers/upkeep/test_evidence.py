"""Pictures that incidents name outlive all others of their time."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from bus_schemas.event import iso
from consumers.alerting.incidents.questions import IncidentRow
from consumers.engine.deliverer import Deliverer
from consumers.engine.follower import ConsumerContext
from consumers.hub_config import RetentionPolicy
from consumers.reports.incident_pictures import pictures_of
from consumers.store.archive.disk import Archive
from consumers.store.archive.reader import ArchiveReader
from consumers.store.archive.retention import ArchiveRetention
from consumers.upkeep.evidence import LATE_S, SAMPLES, TRIED_FOR_S, EvidenceSink
from consumers.upkeep.retention.scope import RetentionScope
from consumers.upkeep.retention.sink import RetentionSink
from tests.builders import START, at, incident, media, snapshot, tick
from tests.following import hub_in
from tests.memory_journal import MemoryJournal


class Yard:
    def __init__(self, directory: Path) -> None:
        self.hub = replace(hub_in(directory), retention=RetentionPolicy())
        self.journal, self.ticks = MemoryJournal(), MemoryJournal()
        self.now = START
        self.sink = EvidenceSink(directory, clock=lambda: self.now)
        self.deliverer = Deliverer(self.sink, ConsumerContext(directory, self.journal, lambda: self.now))
        self.deliverer.advance()

    def store(self, kind: str, *seconds: float) -> list[str]:
        with Archive(self.hub.data / "archive", lambda: self.now) as archive:
            bodies = [f"{kind} {second}".encode() for second in seconds]
            made = [media(at(second), body, kind=kind) for second, body in zip(seconds, bodies, strict=True)]
            archive.store([(one.data, one.time, body) for one, body in zip(made, bodies, strict=True)])
        return [one.data.key for one in made]

    def take(self, *events: Any) -> None:
        self.journal.append(*events)
        self.now = max(self.now, *(event.time for event in events))
        self.deliverer.advance()
        self.deliverer.idle()

    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.deliverer.idle()
        self.deliverer.idle()

    def expire(self, later: timedelta) -> None:
        """Retention at a later time."""
        journal, now = self.ticks, START + later
        retention = RetentionSink(RetentionScope.of(self.hub), lambda: now)
        deliverer = Deliverer(retention, ConsumerContext(self.hub.data, journal, lambda: now))
        deliverer.advance()
        journal.append(tick(now))
        deliverer.advance()
        deliverer.close()

    def there(self, keys: list[str]) -> list[bool]:
        with ArchiveReader(self.hub.data / "archive") as archive:
            return [archive.read(key) is not None for key in keys]


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    made = Yard(tmp_path)
    yield made
    made.deliverer.close()


def test_a_picture_that_an_incident_names_is_found_under_its_key_for_ninety_days(yard: Yard) -> None:
    keys = yard.store("capture", 0, 1)
    yard.take(incident(at(2), "blackscreen", media=(keys[0],)))
    yard.expire(timedelta(days=2))
    after_days = yard.there(keys)
    yard.expire(timedelta(days=91))

    assert after_days == [True, False]
    assert yard.there(keys) == [False, False]


def test_a_picture_that_comes_after_its_incident_is_waited_for(yard: Yard) -> None:
    yard.take(incident(at(2), "freeze", details={"last_3_media": ["DEMO/yard/thumbnail/late"]}))
    with Archive(yard.hub.data / "archive", lambda: yard.now) as archive:
        late = media(at(1), b"late", id="late")
        archive.store([(late.data, late.time, b"late")])
    yard.pass_time(5)
    yard.expire(timedelta(days=2))

    assert yard.there(["DEMO/yard/thumbnail/late"]) == [True]


def test_the_first_the_last_and_some_pictures_of_an_incident_are_kept(yard: Yard) -> None:
    keys = yard.store("thumbnail", *range(0, 300, 5))
    yard.take(incident(at(10), "hot_spot"), incident(at(200), "hot_spot", "closed", since=at(10)))
    yard.pass_time(LATE_S + 100)
    yard.expire(timedelta(days=2))
    kept = [number * 5 for number, is_there in enumerate(yard.there(keys)) if is_there]

    assert kept[0] == 10
    assert kept[-1] == 200
    assert SAMPLES < len(kept) <= SAMPLES + 2


def test_an_incident_has_its_first_and_its_last_picture_before_they_are_copied(yard: Yard) -> None:
    keys = yard.store("thumbnail", *range(0, 60, 5))
    yard.take(incident(at(10), "hot_spot", media=(keys[4],)))
    yard.take(incident(at(40), "hot_spot", "closed", since=at(10), media=(keys[4],)))
    yard.pass_time(50)
    closed = {"site": "DEMO", "device": "yard", "opened": iso(at(10)), "closed": iso(at(40)), "media": [keys[4]]}

    with ArchiveReader(yard.hub.data / "archive") as reader:
        shown = pictures_of(reader, cast(IncidentRow, closed), yard.now)

    assert [(one.part, one.time) for one in shown if one.part != "sample"] == [
        ("first", at(10)), ("decided", at(20)), ("last", at(40)),
    ]  # fmt: skip


def test_what_never_comes_is_given_up_and_what_is_no_picture_is_not_copied(yard: Yard) -> None:
    (segment,) = yard.store("segment", 0)
    yard.take(incident(at(2), media=("DEMO/yard/capture/never", segment), details={"last_3_media": "no list"}))
    yard.pass_time(TRIED_FOR_S + 10)

    retention = ArchiveRetention(yard.hub.data / "archive", lambda: yard.now)
    assert retention.expiring("evidence", yard.now) == []
    assert yard.sink.name == "evidence"


def test_a_snapshot_outlives_the_pictures_of_its_time(yard: Yard) -> None:
    taken, other = yard.store("capture", 1, 2)
    yard.take(snapshot(at(1), media=(taken,)))

    yard.expire(timedelta(hours=30))

    with ArchiveReader(yard.hub.data / "archive") as reader:
        assert reader.read(taken) == b"capture 1"
        assert reader.find(other) is None


def test_a_thermal_frame_that_an_incident_names_outlives_the_others_and_stays_one(yard: Yard) -> None:
    named, other = yard.store("thermal", 0, 1)
    yard.take(incident(at(2), "hot_spot", media=(named,)))
    yard.expire(timedelta(days=31))
    with ArchiveReader(yard.hub.data / "archive") as archive:
        found = archive.find(named)

    assert yard.there([named, other]) == [True, False]
    assert found is not None
    assert found.key.split("/")[2] == "evidence"
