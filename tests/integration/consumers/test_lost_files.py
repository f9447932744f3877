"""Files that somebody removes under the processes that write and read them: it is noticed, and goes on in new ones."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from subprocess import Popen

import pytest

from bus_schemas.camera import DetectionEvent
from consumers.alerting.alerts.questions import alerts
from consumers.engine import checkpoint, view_files
from consumers.engine.deliverer import Deliverer
from consumers.engine.follower import ConsumerContext
from consumers.engine.view_files import NoView, Views
from consumers.store.archive.index import NAME
from consumers.store.archive.reader import ArchiveReader
from consumers.store.journal.days import list_days
from consumers.store.journal.reader import SqliteJournalReader
from producer.broker import BrokerAddress
from producer.file_identity import identity
from producer.ids import utc_now
from producer.outbox.outbox import Outbox
from tests.broker import Broker
from tests.builders import START, frame, thermal
from tests.echo import Echo
from tests.eventually import eventually
from tests.ingest_process import ingest_process
from tests.integration.consumers.running_hub import NAMES, Running, hot
from tests.memory_journal import MemoryJournal
from tests.node_parts import detection, medium, running_relay
from tests.running_ingest import journaled


@pytest.fixture
def running(broker: Broker, tmp_path: Path) -> Iterator[Running]:
    with ExitStack() as stack:
        yield Running(tmp_path, BrokerAddress(port=broker.port), stack)


def lose(data: Path, name: str, what: str) -> None:
    """The link of a view, the database behind the link, that with its logs, or all there is of it."""
    link, file = view_files.link_of(data, name), view_files.file_of(data, name)
    assert file is not None
    if what in ("logs too", "all"):
        view_files.remove(file)
    if what == "database":
        file.unlink()
    if what in ("link", "all"):
        link.unlink()


def devices_of(held: Views) -> Sequence[str]:
    try:
        return sorted({str(each["device"]) for each in alerts(held["alerting"])})
    except NoView:
        return []


@pytest.mark.parametrize("what", ["link", "database", "logs too", "all"])
def test_what_is_decided_after_a_view_was_lost_is_sent_and_read(running: Running, what: str) -> None:
    data = running.hub.data
    running.consume(NAMES)
    running.put(*hot(100.0))
    eventually(lambda: running.journal("watchpost.alert.v1"))
    with Views(data) as held:
        eventually(lambda: devices_of(held) == ["yard"])
        for name in ("alerting",):
            lose(data, name, what)
        running.put(*(thermal(utc_now(), hottest=100.0, device="oven") for _ in range(3)))

        eventually(lambda: len(running.journal("watchpost.alert.v1")) == 2)
        eventually(lambda: devices_of(held) == ["oven", "yard"])
    assert len(running.journal("watchpost.incident.v2")) == 2
    for name in ("alerting",):
        with closing(view_files.open_view(data, name)) as view:
            assert checkpoint.load(view) > 0


@pytest.mark.parametrize("what", ["link", "database", "logs too", "all"])
def test_a_sink_whose_state_was_lost_keeps_its_checkpoint_in_a_new_file(tmp_path: Path, what: str) -> None:
    journal, sink = MemoryJournal([frame(), frame()]), Echo()
    deliverer = Deliverer(sink, ConsumerContext(tmp_path, journal, lambda: START))
    deliverer.advance()
    before = deliverer.file
    lose(tmp_path, "echo", what)
    journal.append(frame())
    deliverer.advance()
    deliverer.close()

    assert sink.received[-1] == 3
    assert deliverer.file not in (None, before)
    view = view_files.open_view(tmp_path, "echo")
    assert checkpoint.load(view) == 3
    view.close()


def test_a_view_begins_anew_under_a_name_that_no_generation_had(tmp_path: Path) -> None:
    folder = tmp_path / "views"
    folder.mkdir()
    assert view_files.unused_file(tmp_path, "alerts").name == "alerts.1.sqlite"

    for name in ("alerts.2.sqlite", "alerts.4.sqlite-wal", "alerts_log.9.sqlite", "alerts.lock"):
        (folder / name).touch()
    assert view_files.unused_file(tmp_path, "alerts").name == "alerts.5.sqlite"

    view_files.place(tmp_path, "alerts", folder / "alerts.6.sqlite")
    assert view_files.file_of(tmp_path, "alerts") is None
    assert view_files.unused_file(tmp_path, "alerts").name == "alerts.7.sqlite"
    assert view_files.unused_file(tmp_path, "alerts", folder / "alerts.8.sqlite").name == "alerts.9.sqlite"


def failed(process: "Popen[bytes]") -> bool:
    code = process.poll()
    assert code != 0
    return code is not None


def keys(archive: ArchiveReader) -> int:
    return sum(each.count for each in archive.usage())


@pytest.mark.parametrize("suffixes", [("",), ("", "-wal", "-shm")])
def test_an_ingest_whose_index_was_removed_makes_it_again_of_the_packs(
    own_broker: Broker, tmp_path: Path, suffixes: Sequence[str]
) -> None:
    node = tmp_path / "node.sqlite"
    with (
        Outbox(node, utc_now) as outbox,
        running_relay(node, own_broker.port) as relay,
        ArchiveReader(tmp_path / "archive") as archive,
    ):
        with ingest_process(tmp_path, own_broker.port) as process:
            outbox.put(medium(b"the first"), durable=True)
            eventually(lambda: keys(archive) == 1)
            for suffix in suffixes:
                (tmp_path / "archive" / f"{NAME}{suffix}").unlink(missing_ok=True)
            outbox.put(medium(b"the second"), durable=True)
            relay.wake()
            eventually(lambda: failed(process))
        with ingest_process(tmp_path, own_broker.port):
            eventually(lambda: keys(archive) == 2)


@pytest.mark.parametrize("suffixes", [("",), ("", "-wal", "-shm")])
def test_an_ingest_whose_day_was_removed_confirms_nothing_more_and_goes_on_after_its_positions(
    own_broker: Broker, tmp_path: Path, suffixes: Sequence[str]
) -> None:
    node = tmp_path / "node.sqlite"
    with Outbox(node, utc_now) as outbox, running_relay(node, own_broker.port) as relay:
        with ingest_process(tmp_path, own_broker.port) as process:
            outbox.put(detection(1), durable=True)
            eventually(lambda: len(journaled(tmp_path, DetectionEvent)) == 1)
            reader = SqliteJournalReader(tmp_path / "journal")
            life, head = reader.journal_id(), reader.head()
            [day] = list_days(tmp_path / "journal")
            before = identity(day.path)
            for suffix in suffixes:
                Path(f"{day.path}{suffix}").unlink(missing_ok=True)
            outbox.put(detection(2), durable=True)
            relay.wake()
            eventually(lambda: failed(process))
        with ingest_process(tmp_path, own_broker.port):
            [found] = eventually(lambda: journaled(tmp_path, DetectionEvent))

        assert isinstance(found, DetectionEvent)
        assert found.sequence == 2
        assert identity(day.path) != before
        assert (reader.journal_id(), reader.floor() > head) == (life, True)
        assert [record.position > head for record in reader.read(head, (DetectionEvent,)).records] == [True]
        reader.close()
