"""An hour of five cameras on a disk of 700 MB, by a clock that runs faster: the oldest makes room for the newest."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from bus_schemas.alert import IncidentEvent
from bus_schemas.codec import read_stored, to_bytes
from bus_schemas.event import Event, device_source
from bus_schemas.media import MediaEvent, MediaKind
from bus_schemas.media_codec import describe, media_properties
from bus_schemas.topics import event_topic, media_topic
from consumers.alerting.projection import AlertingProjection
from consumers.engine import view_files
from consumers.engine.deliverer import Deliverer
from consumers.engine.follower import ConsumerContext, Follower
from consumers.hub_config import HubConfig
from consumers.ingest.counters import IngestCounters
from consumers.ingest.disk_room import DiskRoom
from consumers.ingest.intake import Intake
from consumers.ingest.packets import PacketProperties, Published
from consumers.store.archive.disk import Archive
from consumers.store.archive.reader import ArchiveReader
from consumers.store.disk import DiskSpace, disk_of
from consumers.store.journal.files import SqliteStore
from consumers.store.journal.writing import Accepted
from consumers.upkeep.retention.scope import RetentionScope
from consumers.upkeep.retention.sink import RetentionSink
from consumers.upkeep.verify.media import check_media
from producer.times import micros
from tests import builders
from tests.faults import disks
from tests.required import unavailable

START = datetime(2026, 1, 5, 10, tzinfo=UTC)
DISK_MB = 700
CAMERAS = [f"camera-{number}" for number in range(5)]
EACH_S = 10
"""So often a camera sends a segment of 0.8 Mbit/s, its captures and its thumbnails."""
SIZES: dict[MediaKind, int] = {"segment": 1_000_000, "capture": 200_000, "thumbnail": 20_000}
TICK_S = 5
ACCEPTED_PERCENT = 85.0


class Silent:
    """A bus that nobody listens to."""

    def publish(self, topic: str, payload: bytes, *, retain: bool = False, qos: int = 1, about: str = "") -> None: ...
    def acknowledge(self, messages: object) -> None: ...
    def flush(self) -> None: ...


class Machine:
    """Ingest, retention and incidents on the disk, one after the other, by one clock."""

    def __init__(self, data: Path, stack: ExitStack) -> None:
        self.data = data
        self.now = START
        self.percents: list[float] = []
        self._reported: dict[str, int] = {}
        store = SqliteStore(data / "journal")
        archive = stack.enter_context(Archive(data / "archive", self.clock))
        journal = stack.enter_context(store.writer(self.clock, "test"))
        room = DiskRoom(partial(disk_of, data))
        self._intake = Intake(archive, journal, self.clock, IngestCounters(self.clock, START), room)
        hub = HubConfig(data=data, archive=lambda: ArchiveReader(data / "archive"))
        context = ConsumerContext(data, stack.enter_context(closing(store.reader())), self.clock)
        self._incidents = stack.enter_context(closing(Follower(AlertingProjection(), context)))
        self._retention = stack.enter_context(
            closing(Deliverer(RetentionSink(RetentionScope.of(hub), self.clock), context))
        )
        self.reader = stack.enter_context(ArchiveReader(data / "archive"))

    def clock(self) -> datetime:
        return self.now

    def disk(self) -> DiskSpace:
        return disk_of(self.data)

    def send(self, camera: str) -> None:
        """What the camera has of the time since it sent the last."""
        messages = []
        for kind, size in SIZES.items():
            name = f"{kind}-{self.now:%H%M%S}"
            payload = name.encode().ljust(size, b".")
            described = describe(f"TEST/{camera}/{kind}/{name}", payload)
            event = MediaEvent(id=name, source=device_source("TEST", camera), time=self.now, data=described)
            properties = PacketProperties(described.content_type, tuple(media_properties(event)))
            messages.append(Published(media_topic(event.source, kind), 1, properties, payload))
        self._intake.take(messages, Silent())
        assert self._intake.shortage is None

    def tick(self) -> None:
        disk = self.disk()
        self.percents.append(disk.percent)
        load = {"disk_percent": round(disk.percent, 1), "disk_free_bytes": disk.free}
        tick = builders.tick(self.now, system=load)
        self._intake.record(Accepted(tick, to_bytes(tick), micros(self.now)), None)

    def consume(self) -> None:
        """A turn of each consumer, and what it emits comes back over the bus."""
        while self._incidents.advance() or self._retention.advance():
            pass
        self.make_room()
        self._take([event for name in ("alerting", "retention") for event in self.emitted(name, new=True)])

    def make_room(self) -> None:
        """The turn that retention has each second, whether or not the journal can be written."""
        self._retention.idle()

    def emitted(self, name: str, *, new: bool = False) -> list[Event]:
        with closing(view_files.open_view(self.data, name)) as view:
            rows = view.execute(
                "select position, body from outbox_event where position > ? order by position",
                (self._reported.get(name, 0) if new else 0,),
            ).fetchall()
        if new and rows:
            self._reported[name] = rows[-1][0]
        return read_stored(body for _, body in rows)

    def _take(self, events: list[Event]) -> None:
        for event in events:
            short = event.type.removeprefix("watchpost.").partition(".")[0]
            message = Published(event_topic(event.source, short), 1, PacketProperties(), to_bytes(event))
            self._intake.take([message], Silent())


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    try:
        disks.mount(tmp_path, DISK_MB)
    except disks.NoDisk as absent:
        unavailable(str(absent))
    with ExitStack() as stack:
        stack.callback(disks.unmount, tmp_path)
        yield Machine(tmp_path / "data", stack)


def test_the_newest_ten_minutes_are_there_for_an_hour_and_nobody_is_alerted(machine: Machine) -> None:
    step = EACH_S // len(CAMERAS)
    machine.consume()
    for second in range(0, 3600, step):
        machine.now = START + timedelta(seconds=second)
        machine.send(CAMERAS[second // step % len(CAMERAS)])
        if second % TICK_S < step:
            machine.tick()
            machine.consume()
        if second % 60 == 0 and second >= 660:
            _the_newest_are_kept(machine)

    opened = [one for one in machine.emitted("alerting") if isinstance(one, IncidentEvent)]
    assert [one.data.type for one in opened] == []
    assert max(machine.percents) < ACCEPTED_PERCENT
    assert max(machine.percents) > ACCEPTED_PERCENT - 2
    assert _sent() > 2 * machine.disk().total
    found = check_media(SqliteStore(machine.data / "journal"), machine.data / "archive")
    assert found.faults == []


@pytest.mark.parametrize("reserve", [True, False])
def test_a_disk_that_others_filled_to_the_last_byte_is_cleaned_and_ingest_goes_on(
    machine: Machine, reserve: bool
) -> None:
    for second in range(0, 1800, EACH_S):
        machine.now = START + timedelta(seconds=second)
        machine.send(CAMERAS[0])
        if second % 300 == 0:
            machine.tick()
            machine.consume()
    if not reserve:
        (machine.data / "run" / "reserve").unlink()
    disks.fill(machine.data.parent)
    assert machine.disk().free == 0

    machine.now += timedelta(seconds=EACH_S)
    machine.make_room()

    assert machine.disk().free > 100_000_000
    machine.send(CAMERAS[0])
    machine.tick()
    machine.consume()
    kept = machine.reader.between("TEST", CAMERAS[0], "segment", START, machine.now + timedelta(seconds=1))
    assert timedelta(minutes=10) <= machine.now - kept[0].time < timedelta(minutes=15)
    assert check_media(SqliteStore(machine.data / "journal"), machine.data / "archive").faults == []


def _the_newest_are_kept(machine: Machine) -> None:
    for camera in CAMERAS:
        start = machine.now - timedelta(minutes=10)
        kept = machine.reader.between("TEST", camera, "segment", start, machine.now + timedelta(seconds=1))
        assert len(kept) >= 600 // EACH_S


def _sent() -> int:
    return 3600 // EACH_S * len(CAMERAS) * sum(SIZES.values())
