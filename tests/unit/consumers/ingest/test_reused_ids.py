"""An id that names two events of one source: the second is kept as rejected, with a reason that says so."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bus_schemas.codec import to_bytes
from bus_schemas.topics import event_topic, media_topic
from consumers.archive.disk import Archive
from consumers.ingest.figures import Figures
from consumers.ingest.intake import Intake
from consumers.ingest.packets import Properties, Published
from consumers.journal.sqlite import Journal, JournalQueries
from tests import builders
from tests.builders import START, detection

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
        self._intake = Intake(self._archive, self._journal, lambda: START, Figures(lambda: START, START))

    def take(self, *bodies: bytes, topic: str = TOPIC, properties: Properties | None = None) -> None:
        self._intake.take([Published(topic, 1, properties or Properties(), body) for body in bodies], Silence())

    @property
    def accepted(self) -> int:
        return self._journal.head

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
    topic, named = media_topic("/sites/DEMO/devices/yard", "capture"), Properties("image/jpeg", (("id", "1"),))
    door.take(b"one", topic=topic, properties=named)
    door.take(b"one", topic=topic, properties=named)
    assert (door.accepted, door.reasons()) == (1, [])

    door.take(b"other", topic=topic, properties=named)
    assert door.accepted == 1
    assert [reason.startswith(REASON) for reason in door.reasons()] == [True]


def test_events_with_a_sequence_are_told_apart_by_that(door: Door) -> None:
    door.take(*[to_bytes(builders.detection(id="1", epoch="one", sequence=number)) for number in (1, 2)])

    assert (door.accepted, door.reasons()) == (2, [])
