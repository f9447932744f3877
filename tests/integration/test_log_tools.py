"""The tools of the log at a real broker, ingest, journal and archive."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bus_schemas.camera import FrameEvent
from bus_schemas.event import RESERVED, Event, place
from bus_schemas.media import MediaEvent
from bus_schemas.node import GapEvent, HeartbeatEvent
from consumers.store.archive.reader import ArchiveReader
from consumers.store.journal.files import SqliteStore
from consumers.upkeep.log_transfer.log_slice import LogEntry, LogRange, read
from consumers.upkeep.log_transfer.resend import ResendOptions, ResendReport, resend
from consumers.upkeep.verify.run import check
from edge.simulation.virtual_devices import Achieved, LoadProfile, simulate
from producer.broker import BrokerAddress
from tests import builders, data_directory
from tests.broker import Broker
from tests.builders import START, at
from tests.running_ingest import journaled, rejections, running_ingest

WHOLE = LogRange(START, at(3600))


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("original")
    reported = data_directory.minutes()
    gap = builders.gap(at(180), first=91, last=94, device="yard")
    foreign = builders.detection(at(181), device="foreign")
    ours = builders.alert(at(182))
    data_directory.write(
        data, [*reported.events, (at(180), gap), (at(181), foreign), (at(182), ours)], reported.payloads
    )
    return data


def faults(data: Path) -> list[str]:
    findings = check(("journal", "media"), data_directory.hub_of(data), lambda part, done, of: None, deep=True)
    return [fault for one in findings for fault in one.faults]


def observed(data: Path, *models: type[Event]) -> list[Event]:
    """What devices told, without the hub's ticks."""
    return [event for event in journaled(data, *models) if place(event.source)[1] not in RESERVED]


def pieces(original: Path, *, media: bool = True) -> Iterator[list[LogEntry]]:
    return read(data_directory.hub_of(original), SqliteStore(original / "journal"), WHOLE, media=media)


def send(original: Path, broker: Broker, *, into: str | None = None, speed: float | None = None) -> ResendReport:
    how = ResendOptions(BrokerAddress(port=broker.port), speed, into)
    return resend(pieces(original), how, threading.Event(), lambda sent, waiting: None)


def test_what_is_sent_again_is_there_again(original: Path, own_broker: Broker, tmp_path: Path) -> None:
    with running_ingest(tmp_path, BrokerAddress(port=own_broker.port)):
        sent = send(original, own_broker)

    # The gap of four stands for four numbers, and the alert and the ticks are the business of the hub that listens.
    assert (sent.events, sent.media, sent.lost, sent.left_out, sent.unconfirmed) == (128, 36, 0, 41, 0)
    assert [event.id for event in observed(tmp_path) if not isinstance(event, GapEvent)] != []
    assert {event.id for event in observed(tmp_path, FrameEvent)} == {e.id for e in observed(original, FrameEvent)}
    (gap,) = [event for event in observed(tmp_path, GapEvent) if isinstance(event, GapEvent)]
    # The 36 media before it have streams of their own now.
    assert (gap.data.first, gap.data.last, gap.data.cause) == (55, 58, "outbox_full")
    assert rejections(tmp_path) == []
    assert faults(tmp_path) == []


def test_the_site_may_be_another_one(original: Path, own_broker: Broker, tmp_path: Path) -> None:
    with running_ingest(tmp_path, BrokerAddress(port=own_broker.port)):
        send(original, own_broker, into="COPY")

    media = [event for event in journaled(tmp_path, MediaEvent) if isinstance(event, MediaEvent)]
    frames = [event for event in journaled(tmp_path, FrameEvent) if isinstance(event, FrameEvent)]
    with ArchiveReader(tmp_path / "archive") as archive, ArchiveReader(original / "archive") as before:
        there = [archive.read(event.data.key) for event in media]
        here = [before.read(e.data.key) for e in journaled(original, MediaEvent) if isinstance(e, MediaEvent)]
    assert there == here
    assert {place(event.source)[0] for event in observed(tmp_path)} == {"COPY"}
    assert [frame.data.media for frame in frames] == [(event.data.key,) for event in media]
    assert faults(tmp_path) == []


def test_media_that_are_not_kept_leave_gaps(original: Path, own_broker: Broker, tmp_path: Path) -> None:
    how = ResendOptions(BrokerAddress(port=own_broker.port), None, "COPY")
    with running_ingest(tmp_path, BrokerAddress(port=own_broker.port)):
        sent = resend(
            pieces(original, media=False),
            how,
            threading.Event(),
            lambda sent, waiting: None,
        )

    causes = {event.data.cause for event in journaled(tmp_path, GapEvent) if isinstance(event, GapEvent)}
    assert (sent.lost, sent.unconfirmed) == (36, 0)
    assert causes == {"medium_not_kept", "outbox_full"}
    assert faults(tmp_path) == []


def test_a_replay_that_is_stopped_says_what_is_not_confirmed(original: Path, own_broker: Broker) -> None:
    stopping = threading.Event()

    def stop(sent: ResendReport, waiting: int) -> None:
        stopping.set()

    how = ResendOptions(BrokerAddress(port=own_broker.port), 1.0)
    sent = resend(pieces(original), how, stopping, stop)

    assert 0 < sent.unconfirmed < 10


def test_virtual_devices_are_believed(own_broker: Broker, tmp_path: Path) -> None:
    seen: list[Achieved] = []
    with running_ingest(tmp_path, BrokerAddress(port=own_broker.port)):
        load = LoadProfile("SIMULATED", devices=8, rate=400, seconds=1.5)
        achieved = simulate(load, BrokerAddress(port=own_broker.port), threading.Event(), seen.append)

    events = [event for event in journaled(tmp_path) if not isinstance(event, HeartbeatEvent)]
    assert achieved.made == achieved.confirmed == len(events) > 0
    assert seen
    assert len({event.source for event in events}) == 8
    assert {event.type.split(".")[1] for event in events} >= {"frame", "media", "thermal", "detection", "motion"}
    assert rejections(tmp_path) == []
    assert faults(tmp_path) == []
