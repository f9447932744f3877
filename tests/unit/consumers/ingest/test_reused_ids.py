"""An id that names two events of one source: the second is kept as rejected, with a reason that says so."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bus_schemas.codec import to_bytes
from bus_schemas.media_codec import media_properties
from bus_schemas.topics import event_topic, media_topic
from consumers.ingest.counters import IngestCounters
from consumers.ingest.intake import Intake
from consumers.ingest.packets import PacketProperties, Published
from consumers.store.archive.disk import Archive
from consumers.store.archive.retention import ArchiveRetention
from consumers.store.journal.queries import JournalQueries
from consumers.store.journal.reader import SqliteJournalReader
from consumers.store.journal.writer import Journal
from consumers.store.journal.writing import Accepted
from consumers.upkeep.verify.run import check
from tests import builders
from tests.builders import START, at, detection
from tests.data_directory import hub_of

TOPIC = event_topic("/sites/DEMO/devices/yard", "detection")


class Silence:
    """A bus on which nobody listens."""

    def publish(self, topic: str, payload: bytes, *, retain: bool = False, qos: int = 1, about: str = "") -> None: ...
    def acknowledge(self, messages: object) -> None: ...
    def flush(self) -> None: ...


class Door:
    """Ingest without its connection."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._archive = Archive(data / "archive", lambda: START)
        self._journal = Journal(data / "journal", lambda: START)
        self._intake = Intake(self._archive, self._journal, lambda: START, IngestCounters(lambda: START, START))

    def take(self, *bodies: bytes, topic: str = TOPIC, properties: PacketProperties | None = None) -> None:
        self._intake.take([Published(topic, 1, properties or PacketProperties(), body) for body in bodies], Silence())

    @property
    def accepted(self) -> int:
        return self._journal.head

    def medium(self, payload: bytes, time: datetime = START, **given: Any) -> None:
        self.media((payload, time, given))

    def media(self, *reported: tuple[bytes, datetime, dict[str, Any]]) -> None:
        """Each as a relay sends it; all in one group."""
        events = [(builders.media(time, body, kind="capture", **given), body) for body, time, given in reported]
        self._intake.take(
            [
                Published(
                    media_topic(event.source, "capture"),
                    1,
                    PacketProperties("image/jpeg", tuple(media_properties(event))),
                    body,
                )
                for event, body in events
            ],
            Silence(),
        )

    def store(self, payload: bytes, **given: Any) -> None:
        """As ingest does before it commits to the journal."""
        self._archive.store([(builders.media(START, payload, kind="capture", **given).data, START, payload)])

    def drop_captures(self) -> None:
        """By retention, an hour later."""
        archive = ArchiveRetention(self._data / "archive", lambda: at(3600))
        for pack in archive.expiring("capture", at(3600)):
            archive.drop([pack])
            said = {"kind": "capture", "site": pack.site, "device": pack.device, "start": pack.start, "end": pack.end}
            event = builders.retention(at(3600), rule="capture: kept for 1 h", **said)
            self._journal.append([Accepted(event, to_bytes(event), 0)])

    def events(self) -> list[tuple[str, int | None]]:
        with closing(SqliteJournalReader(self._data / "journal")) as reader:
            return [(one.event.type, one.event.sequence) for one in reader.read(0).records]

    def faults(self) -> list[str]:
        """What `verify` finds of the journal and its media."""
        found = check(("journal", "media"), hub_of(self._data), lambda *_: None, deep=True)
        return [fault for one in found for fault in one.faults]

    def reasons(self) -> list[str]:
        with closing(JournalQueries(self._data / "journal")) as queries:
            return [row.reason for row in queries.rejected()]

    def close(self) -> None:
        self._journal.close()
        self._archive.close()


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    with closing(Door(tmp_path)) as it:
        yield it


ONE, OTHER = to_bytes(detection(id="1", people_count=1)), to_bytes(detection(id="1", people_count=2))
REASON = "id 1 of /sites/DEMO/devices/yard is another event already"


def test_the_same_event_again_is_a_repeat_however_it_is_written(door: Door) -> None:
    door.take(ONE, ONE)
    door.take(ONE, json.dumps(json.loads(ONE), indent=2, sort_keys=True).encode())

    assert (door.accepted, door.reasons()) == (1, [])


def test_another_event_with_a_known_id_is_rejected_and_says_why(door: Door) -> None:
    door.take(ONE)
    door.take(OTHER, ONE)

    [reason] = door.reasons()
    assert reason.startswith(REASON)
    assert door.accepted == 1


def test_so_is_one_in_the_same_group(door: Door) -> None:
    door.take(ONE, OTHER, OTHER)

    assert [reason.startswith(REASON) for reason in door.reasons()] == [True, True]
    assert door.accepted == 1


def test_an_id_belongs_to_its_source(door: Door) -> None:
    door.take(ONE)
    door.take(to_bytes(detection(id="1", device="gate")), topic=event_topic("/sites/DEMO/devices/gate", "detection"))

    assert (door.accepted, door.reasons()) == (2, [])


def test_a_medium_is_its_bytes_though_it_arrives_at_another_moment(door: Door) -> None:
    topic, named = media_topic("/sites/DEMO/devices/yard", "capture"), PacketProperties("image/jpeg", (("id", "1"),))
    door.take(b"one", topic=topic, properties=named)
    door.take(b"one", topic=topic, properties=named)
    assert (door.accepted, door.reasons()) == (1, [])

    door.take(b"other", topic=topic, properties=named)
    assert door.accepted == 1
    assert [reason.startswith(REASON) for reason in door.reasons()] == [True]


def test_events_with_a_sequence_are_told_apart_by_that(door: Door) -> None:
    door.take(*[to_bytes(builders.detection(id="1", epoch="one", sequence=number)) for number in (1, 2)])

    assert (door.accepted, door.reasons()) == (2, [])


MEDIUM, GAP = "watchpost.media.v1", "watchpost.gap.v1"


def test_other_bytes_under_the_id_of_a_medium_are_rejected_and_a_gap_takes_their_place(door: Door) -> None:
    door.medium(b"one", id="same", epoch="e1", sequence=1)
    door.medium(b"other", id="same", epoch="e1", sequence=2)
    door.medium(b"next", id="next", epoch="e1", sequence=3)

    assert door.events() == [(MEDIUM, 1), (GAP, 2), (MEDIUM, 3)]
    assert door.reasons() == [
        "id same of /sites/DEMO/devices/yard is another medium already: DEMO/yard/capture/same has other bytes"
    ]
    assert door.faults() == []


def test_so_are_those_of_the_same_group_and_of_another_epoch(door: Door) -> None:
    door.media(
        (b"one", START, {"id": "same", "epoch": "e1", "sequence": 1}),
        (b"other", START, {"id": "same", "epoch": "e1", "sequence": 2}),
        (b"third", START, {"id": "same", "epoch": "e2", "sequence": 1}),
    )

    assert door.events() == [(MEDIUM, 1), (GAP, 2), (GAP, 1)]
    assert len(door.reasons()) == 2
    assert door.faults() == []


def test_what_waits_behind_a_hole_takes_no_id_from_what_is_in_order(door: Door) -> None:
    door.media(
        (b"early", START, {"id": "same", "epoch": "e1", "sequence": 5}),
        (b"one", START, {"id": "same", "epoch": "e1", "sequence": 1}),
    )

    assert (door.events(), door.reasons()) == ([(MEDIUM, 1)], [])
    assert door.faults() == []


def test_other_bytes_without_a_sequence_are_rejected_also_where_only_the_archive_knows_the_id(door: Door) -> None:
    door.store(b"one", id="same")
    door.medium(b"other", id="same")

    assert (door.events(), len(door.reasons())) == ([], 1)


def test_the_same_bytes_under_another_sequence_are_kept_once_and_nothing_is_wrong(door: Door) -> None:
    door.medium(b"one", id="same", epoch="e1", sequence=1)
    door.medium(b"one", at(-1200), id="same", epoch="e1", sequence=2)
    assert (door.events(), door.reasons()) == ([(MEDIUM, 1), (MEDIUM, 2)], [])
    assert door.faults() == []

    door.drop_captures()
    assert door.faults() == []


def test_a_medium_that_was_stored_before_a_crash_and_comes_again_is_taken(door: Door) -> None:
    door.store(b"one", id="same", epoch="e1", sequence=1)
    door.medium(b"one", id="same", epoch="e1", sequence=1)
    door.medium(b"one", id="same", epoch="e1", sequence=1)

    assert (door.events(), door.reasons()) == ([(MEDIUM, 1)], [])
    assert door.faults() == []


def test_the_id_of_a_medium_that_retention_dropped_is_free_again(door: Door) -> None:
    door.medium(b"one", id="same", epoch="e1", sequence=1)
    door.drop_captures()
    door.medium(b"other", at(-1200), id="same", epoch="e1", sequence=2)

    assert [kind for kind, _ in door.events()] == [MEDIUM, "watchpost.retention.v1", MEDIUM]
    assert (door.reasons(), door.faults()) == ([], [])


def test_verify_still_finds_a_medium_whose_bytes_are_others(door: Door, tmp_path: Path) -> None:
    door.medium(b"one", id="same", epoch="e1", sequence=1)
    with closing(sqlite3.connect(tmp_path / "archive" / "index.sqlite")) as index:
        index.execute("update media set sha256 = zeroblob(32)")
        index.commit()

    [fault] = door.faults()
    assert "DEMO/yard/capture/same (position 1) is 3 bytes with sha256" in fault
