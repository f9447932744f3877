"""Whatever dies or fills up between a capture and the journal: nothing lost, nothing twice, order kept."""

import contextlib
import itertools
import os
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from multiprocessing.synchronize import Event as ProcessEvent
from pathlib import Path

import pytest

from bus_schemas.camera import DetectionEvent
from bus_schemas.event import Event
from bus_schemas.node import GapEvent, StateEvent
from producer.broker import BrokerAddress
from producer.ids import utc_now
from producer.mqtt import background_client
from producer.outbox import backlog
from producer.outbox.disk import DiskReserve
from producer.outbox.outbox import Outbox
from producer.outbox.tables import connect
from producer.relay import presence
from producer.relay.presence import DevicePresences
from tests.broker import Broker
from tests.eventually import eventually
from tests.faults.parts import forks
from tests.ingest_double import IngestDouble, ingest_double
from tests.node_parts import OTHER, SOURCE, detection, health, medium, running_relay
from tests.required import unavailable

ROOM = DiskReserve(reserve_bytes=6_000_000, reserve_file_bytes=5_000_000)
WITHOUT_WAITING = replace(ROOM, wait_s=0.0)


def people_counted(ingest: IngestDouble) -> list[int]:
    return [event.data.people_count for event in ingest.all_events() if isinstance(event, DetectionEvent)]


def reached(ingest: IngestDouble, sequence: int) -> bool:
    return sum(ingest.watermarks.values()) > sequence


def put_until(outbox: Outbox, stop: threading.Event, total: list[int]) -> threading.Thread:
    def capture() -> None:
        for people in itertools.count():
            if stop.is_set():
                total.append(people)
                return
            outbox.put(detection(people % 1000), durable=True)

    thread = threading.Thread(target=capture)
    thread.start()
    return thread


def test_a_broker_that_is_killed_again_and_again_costs_nothing(own_broker: Broker, tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    stop, total = threading.Event(), list[int]()
    with (
        ingest_double(own_broker.port) as ingest,
        Outbox(path, utc_now) as outbox,
        running_relay(path, own_broker.port) as relay,
    ):
        thread = put_until(outbox, stop, total)
        for kills_left in (3, 2, 1, 0):
            further = ingest.watermarks.get((SOURCE, outbox.epoch), 0) + 20
            eventually(partial(reached, ingest, further))
            if kills_left:
                own_broker.kill()
                own_broker.start()
        stop.set()
        thread.join()
        eventually(lambda: ingest.watermarks[SOURCE, outbox.epoch] == total[0])
        reconnected = relay.statistics()["reconnection_count"]

    assert people_counted(ingest) == [people % 1000 for people in range(total[0])]
    assert reconnected >= 3


def test_a_broker_that_freezes_holds_up_no_capture(own_broker: Broker, tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    with (
        ingest_double(own_broker.port) as ingest,
        Outbox(path, utc_now) as outbox,
        running_relay(path, own_broker.port) as relay,
    ):
        outbox.put(detection(0), durable=True)
        eventually(lambda: ingest.watermarks.get((SOURCE, outbox.epoch)) == 1)
        own_broker.freeze()
        for people in range(1, 3000):
            outbox.put(detection(people % 1000), medium(b"x" * 1000))
        outbox.put(durable=True)
        eventually(lambda: relay.statistics()["failed_queue_size"] >= 5998)
        own_broker.thaw()
        # Asked bit by bit: a relay that nobody gives a processor goes on slowly, and one that waits does not go on.
        for count in (1, *range(500, 5999, 500), 5998):
            eventually(partial(reached, ingest, count))

    assert people_counted(ingest) == [people % 1000 for people in range(3000)]


def _agent(path: Path, port: int) -> None:
    with Outbox(path, utc_now) as outbox, running_relay(path, port):
        for people in itertools.count():
            outbox.put(detection(people % 1000), durable=people % 10 == 0)


def test_an_agent_that_is_killed_goes_on_in_its_streams(broker: Broker, tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    context = forks()
    with ingest_double(broker.port) as ingest:
        for kill in range(1, 4):
            process = context.Process(target=_agent, args=(path, broker.port))
            process.start()
            eventually(partial(reached, ingest, 300 * kill))
            process.kill()
            process.join()
            process.close()
        connection = connect(path)
        stream = backlog.streams(connection)[0]
        connection.close()
        with running_relay(path, broker.port):
            eventually(lambda: sum(ingest.watermarks.values()) == stream.sequence)

    assert [event.sequence for event in ingest.all_events()] == list(range(1, stream.sequence + 1))
    assert len({event.id for event in ingest.all_events()}) == stream.sequence
    assert len(ingest.events) == 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode != 0:
        unavailable("a disk of our own needs the right to mount one")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def covered(events: list[Event]) -> list[int]:
    """The sequences that are there or told as missing, each as often as that."""
    found: list[int] = []
    for event in events:
        assert event.sequence is not None
        first = event.data.first if isinstance(event, GapEvent) else event.sequence
        found += range(first, event.sequence + 1)
    return found


def test_a_full_disk_costs_pictures_and_no_findings(broker: Broker, small_disk: Path, tmp_path: Path) -> None:
    path = small_disk / "node.sqlite"
    with (
        ingest_double(broker.port) as ingest,
        Outbox(path, utc_now, room=WITHOUT_WAITING) as outbox,
    ):
        for people in range(250):
            outbox.put(medium(b"x" * 60_000), detection(people), durable=True)
        (small_disk / "somebody-elses").write_bytes(b"x" * 1_000_000)
        for people in range(250, 400):
            outbox.put(medium(b"x" * 60_000), detection(people))
        outbox.put(health(), durable=True)
        with running_relay(path, broker.port):
            eventually(lambda: sum(ingest.watermarks.values()) == 801)
            outbox.put(detection(1000), durable=True)
            eventually(lambda: ingest.watermarks.get((SOURCE, outbox.epoch)) == 402)

    found = [covered(events) for events in ingest.events.values()]
    assert sorted(found) == [list(range(1, 401)), list(range(1, 403))]
    assert people_counted(ingest) == [*range(400), 1000]
    assert {event.data.cause for event in ingest.all_events() if isinstance(event, GapEvent)} == {"disk_full"}
    assert 5 < len(ingest.media) < 400


def fill_up(path: Path) -> None:
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"x" * 4096):
            pass


def test_a_disk_that_others_fill_to_the_last_byte_for_a_while_costs_nothing(broker: Broker, small_disk: Path) -> None:
    path = small_disk / "node.sqlite"
    filler = small_disk / "somebody-elses"
    with ingest_double(broker.port) as ingest, Outbox(path, utc_now, room=ROOM) as outbox:
        outbox.put(health(), durable=True)
        fill_up(filler)
        for people in range(200):
            outbox.put(medium(b"x" * 20_000), detection(people))
        outbox.put(health())
        assert not outbox.flush(timeout_s=0.5)
        filler.unlink()
        with running_relay(path, broker.port):
            outbox.put(health(), durable=True)
            eventually(lambda: sum(ingest.watermarks.values()) == 403)

            eventually(lambda: len(ingest.media) == 200)

    assert sorted(map(covered, ingest.events.values())) == [list(range(1, 201)), list(range(1, 204))]
    assert not [event for event in ingest.all_events() if isinstance(event, GapEvent)]
    assert ingest.events[SOURCE, outbox.epoch][-1].type == "watchpost.health.v1"


def _present(port: int, killed: ProcessEvent) -> None:
    with DevicePresences([SOURCE, OTHER], BrokerAddress(port=port), utc_now) as presences:
        presences.begin()
        killed.wait()


def test_a_node_that_is_killed_leaves_every_device_offline(own_broker: Broker) -> None:
    context = forks()
    with ingest_double(own_broker.port) as ingest:
        never = context.Event()
        process = context.Process(target=_present, args=(own_broker.port, never))
        process.start()
        eventually(lambda: len(ingest.states) == 2)
        process.kill()
        process.join()
        process.close()
        eventually(lambda: len(ingest.states) == 4)
    offline = [event for event in ingest.states if isinstance(event, StateEvent) and not event.data.online]

    assert {(event.source, event.data.reason) for event in offline} == {
        (SOURCE, "connection lost"),
        (OTHER, "connection lost"),
    }


def test_devices_are_online_again_as_soon_as_the_relay_has_the_broker(
    own_broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By then their own attempts are a minute apart."""
    patient = {"first_pause_s": 60}
    monkeypatch.setattr(
        presence, "background_client", lambda *given, **named: background_client(*given, **(named | patient))
    )
    port = own_broker.port
    own_broker.stop()
    with DevicePresences([SOURCE, OTHER], BrokerAddress(port=port), utc_now) as presences:
        presences.begin()
        own_broker.start()
        with ingest_double(port) as ingest:

            def are_online() -> bool:
                presences.hurry()
                return len(ingest.states) == 2

            eventually(are_online)
