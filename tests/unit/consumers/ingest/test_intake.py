"""The order of steps is the guarantee: media, journal, watermark, acknowledgement, news."""

import errno
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from bus_schemas.codec import to_bytes
from bus_schemas.event import Event, device_source
from bus_schemas.media import MediaEvent
from bus_schemas.media_codec import describe, media_properties
from bus_schemas.topics import HEAD, event_topic, media_topic, watermark_topic
from consumers.ingest.counters import IngestCounters
from consumers.ingest.decoding import read
from consumers.ingest.disk_room import DiskRoom
from consumers.ingest.intake import CannotWrite, Intake, is_away
from consumers.ingest.items import DescribedMedium, RefusedMessage
from consumers.ingest.media_batch import QUIET_S, MediaBatch
from consumers.ingest.packets import PacketProperties, Published
from consumers.ingest.room_queue import RETRY_S, WAITS_S, RoomQueue
from consumers.ingest.shares import DiskShares
from consumers.store.archive.disk import Medium
from consumers.store.disk import DiskSpace
from consumers.store.journal.store import Unwritable
from consumers.store.journal.writing import Accepted, ForeignId, Rejected, SequenceKey, StreamState
from tests import builders

NOW = datetime(2026, 1, 5, 10, tzinfo=UTC)


def clock() -> datetime:
    return NOW


class Calls:
    """Archive, journal and bus in one, which write down what is asked of them."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.failure: Exception | None = None
        self.head = 0
        self.streams: dict[tuple[str, str], StreamState] = {}

    def watermark(self, source: str, epoch: str) -> int:
        state = self.streams.get((source, epoch))
        return state.watermark if state else 0

    def event_ids(self, keys: Sequence[SequenceKey]) -> dict[SequenceKey, str]:
        return {key: "held" for key in keys if key[2] <= self.watermark(*key[:2])}

    def known_ids(self, ids: Sequence[ForeignId]) -> set[ForeignId]:
        return set()

    def foreign_bodies(self, ids: Sequence[ForeignId]) -> dict[ForeignId, bytes]:
        return {}

    def store(self, media: Sequence[Medium]) -> int:
        if media:
            self.made.append(f"store {len(media)}")
        return len(media)

    def digests(self, keys: Iterable[str]) -> dict[str, str]:
        return {}

    def append(self, accepted: Sequence[Accepted], rejected: Sequence[Rejected] = ()) -> int:
        if self.failure is not None:
            raise self.failure
        self.made.append(f"append {len(accepted)} reject {len(rejected)}")
        for one in accepted:
            if one.event.epoch is not None:
                state = StreamState(1, one.event.sequence or 0, one.received, 0)
                self.streams[one.event.source, one.event.epoch] = state
        self.head += len(accepted)
        return self.head

    def publish(self, topic: str, payload: bytes, *, retain: bool = False, qos: int = 1, about: str = "") -> None:
        self.made.append(f"publish {topic} qos {qos}{' retained' if retain else ''}")

    def acknowledge(self, messages: Sequence[Published]) -> None:
        self.made.append(f"acknowledge {[message.packet_id for message in messages]}")

    def flush(self) -> None:
        self.made.append("flush")


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
def intake(calls: Calls) -> Intake:
    return Intake(calls, calls, clock, IngestCounters(clock, NOW))


def message(event: Event, packet_id: int, name: str = "detection") -> Published:
    return Published(event_topic(event.source, name), packet_id, PacketProperties(), to_bytes(event))


def picture(packet_id: int, *, size: int = 5, device: str = "yard", **given: Any) -> Published:
    payload = b"bytes".ljust(size)
    described = describe(f"DEMO/{device}/capture/one", payload)
    event = MediaEvent(id="one", source=device_source("DEMO", device), time=NOW, data=described, **given)
    properties = PacketProperties("image/jpeg", tuple(media_properties(event)))
    return Published(media_topic(event.source, "capture"), packet_id, properties, payload)


@pytest.fixture
def now_s() -> list[float]:
    return [0.0]


@pytest.fixture
def gathering(intake: Intake, now_s: list[float]) -> Intake:
    """Media wait for more, by a clock of the test."""
    intake.media = MediaBatch(0.1, lambda: now_s[0])
    return intake


def test_events_do_not_wait_for_media_and_are_acknowledged_behind_them(calls: Calls, gathering: Intake) -> None:
    first, second = builders.detection(epoch="one", sequence=1), builders.detection(epoch="one", sequence=2)
    pictures = "one.pictures"

    gathering.take([picture(7, epoch=pictures, sequence=1), message(first, 8)], calls)
    gathering.take([message(second, 9)], calls)

    committed = [
        "append 1 reject 0",
        f"publish {HEAD} qos 0",
        f"publish {watermark_topic(first.source)} qos 1 retained",
    ]
    # The second watermark of a stream within a moment waits for the next round.
    assert calls.made == [*committed, "acknowledge []", "flush", *committed[:2], "acknowledge []", "flush"]
    calls.made.clear()
    gathering.take_media(calls)
    assert calls.made == ["store 1", *committed, "acknowledge [7, 8, 9]", "flush"]
    calls.made.clear()
    gathering.take_media(calls)
    assert calls.made == []


def test_what_follows_a_medium_in_its_stream_waits_behind_it(calls: Calls, gathering: Intake) -> None:
    event = builders.detection(epoch="one", sequence=2)

    gathering.take([picture(7, epoch="one", sequence=1)], calls)
    gathering.take([message(event, 8)], calls)
    assert "append 1 reject 0" not in calls.made
    calls.made.clear()
    gathering.take_media(None)

    assert calls.made == ["store 1", "append 2 reject 0"]
    assert gathering.media.messages == []


def test_media_that_cannot_be_written_go_on_waiting(calls: Calls, gathering: Intake) -> None:
    gathering.take([picture(7, epoch="one", sequence=1)], calls)
    calls.failure = OSError(errno.ENOSPC, "full")
    with pytest.raises(CannotWrite):
        gathering.take_media(calls)
    calls.failure = None
    calls.made.clear()
    gathering.take_media(calls)

    assert calls.made[-2:] == ["acknowledge [7]", "flush"]


def test_media_wait_while_messages_keep_coming_and_for_a_tenth_of_a_second_at_most(
    calls: Calls, gathering: Intake, now_s: list[float]
) -> None:
    assert gathering.media.wait_s() == float("inf")
    gathering.take([picture(7, epoch="one", sequence=1)], calls)
    assert gathering.media.wait_s() == pytest.approx(QUIET_S)
    for number in range(1, 30):
        now_s[0] += 0.004
        gathering.take([message(builders.detection(epoch="two", sequence=number), 7 + number)], calls)
        assert gathering.media.wait_s() == pytest.approx(max(0.0, min(QUIET_S, 0.1 - now_s[0])))


def test_media_of_many_bytes_are_due_at_once(calls: Calls, gathering: Intake) -> None:
    gathering.take([picture(7, size=3_000_000, epoch="one", sequence=1)], calls)
    assert gathering.media.wait_s() == 0.0


def test_commit_comes_before_the_watermark_and_that_before_the_acknowledgement(calls: Calls, intake: Intake) -> None:
    event = builders.detection(epoch="one", sequence=2)

    intake.take([picture(7, epoch="one", sequence=1), message(event, 8)], calls)

    assert calls.made == [
        "store 1",
        "append 2 reject 0",
        f"publish {HEAD} qos 0",
        f"publish {watermark_topic(event.source)} qos 1 retained",
        "acknowledge [7, 8]",
        "flush",
    ]


def test_nothing_is_said_to_anybody_when_the_disk_is_full(calls: Calls, intake: Intake) -> None:
    event = builders.detection(epoch="one", sequence=1)
    calls.failure = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(CannotWrite):
        intake.take([message(event, 1)], calls)
    said = list(calls.made)
    calls.failure = None

    intake.take([message(event, 1)], calls)

    assert said == []
    assert calls.made[:3] == [
        "append 1 reject 0",
        f"publish {HEAD} qos 0",
        f"publish {watermark_topic(event.source)} qos 1 retained",
    ]


def test_a_bug_is_not_taken_for_a_full_disk(calls: Calls, intake: Intake) -> None:
    calls.failure = sqlite3.IntegrityError("UNIQUE constraint failed")

    with pytest.raises(sqlite3.IntegrityError):
        intake.take([message(builders.detection(), 1)], calls)


def test_what_will_pass_is_known_by_its_code() -> None:
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL

    assert is_away(full)
    assert is_away(Unwritable("the journal cannot be written: connection refused"))
    assert not is_away(sqlite3.OperationalError("no such table: events"))
    assert not is_away(PermissionError(errno.EACCES, "Permission denied"))


def test_what_is_beyond_a_hole_is_dropped_with_its_media_and_the_watermark_said_again(
    calls: Calls, intake: Intake
) -> None:
    intake.take([picture(1, epoch="one", sequence=5)], calls)

    assert calls.made == [
        f"publish {watermark_topic('/sites/DEMO/devices/yard')} qos 1 retained",
        "acknowledge [1]",
        "flush",
    ]


def test_a_bad_message_among_good_ones_costs_only_itself(calls: Calls, intake: Intake) -> None:
    good = [message(builders.detection(), number) for number in (1, 2)]
    split = [
        Published(good[0].topic, 3, PacketProperties(), good[0].payload[:-1] + b',"more":"'),
        Published(good[0].topic, 4, PacketProperties(), b'"}'),
    ]

    intake.take([good[0], *split, good[1]], calls)

    assert calls.made[0] == "append 2 reject 2"


def test_on_a_disk_without_room_devices_wait_and_the_hub_s_own_events_go_on(calls: Calls) -> None:
    free = 10_000
    room = DiskRoom(lambda: DiskSpace(1_000_000, 1_000_000 - free))
    intake = Intake(calls, calls, clock, IngestCounters(clock, NOW), room)
    reported = builders.incident(epoch="hub", sequence=1)
    foreign = builders.detection()
    intake.take([picture(1, epoch="one", sequence=1), message(reported, 2, "incident"), message(foreign, 3)], calls)

    assert intake.shortage == "the disk has less than 0 MiB left, and these are for clean-up"
    assert calls.made == [
        "append 2 reject 0",
        f"publish {HEAD} qos 0",
        f"publish {watermark_topic(reported.source)} qos 1 retained",
        "acknowledge [1, 2, 3]",
        "flush",
    ]

    calls.made.clear()
    free = 100_000
    intake.take([picture(4, epoch="one", sequence=1)], calls)

    assert intake.shortage is None
    assert calls.made[:2] == ["store 1", "append 1 reject 0"]


def test_what_nobody_sends_again_waits_for_room_and_neighbours_go_on(calls: Calls) -> None:
    free, now = 1_000, 0.0
    room = DiskRoom(lambda: DiskSpace(1_000_000, 1_000_000 - free), lambda: now)
    intake = Intake(calls, calls, clock, IngestCounters(clock, NOW), room)
    intake.waiting = RoomQueue(lambda: now)
    foreign, reported = builders.detection(), builders.incident(epoch="hub", sequence=1)
    intake.take([message(foreign, 1), message(reported, 2, "incident"), message(foreign, 3)], calls)

    assert calls.made[0] == "append 1 reject 0"
    assert calls.made[-2] == "acknowledge [1, 2, 3]"
    assert intake.waiting.wait_s() == RETRY_S

    calls.made.clear()
    free, now = 100_000, RETRY_S
    intake.take([], calls)

    assert calls.made[0] == "append 1 reject 0"
    assert intake.waiting.wait_s() == float("inf")


def test_what_has_waited_too_long_for_room_is_refused_with_the_reason(calls: Calls) -> None:
    now = 0.0
    room = DiskRoom(lambda: DiskSpace(1_000_000, 999_000), lambda: now)
    intake = Intake(calls, calls, clock, IngestCounters(clock, NOW), room)
    intake.waiting = RoomQueue(lambda: now)
    intake.take([message(builders.detection(), 1)], calls)
    assert "append" not in calls.made[0]

    calls.made.clear()
    now = WAITS_S
    intake.take([], calls)

    assert calls.made[0] == "append 0 reject 1"
    assert intake.waiting.wait_s() == float("inf")


def test_what_waits_for_room_is_tried_again_where_the_group_could_not_be_written(calls: Calls) -> None:
    free, now = 1_000, 0.0
    room = DiskRoom(lambda: DiskSpace(1_000_000, 1_000_000 - free), lambda: now)
    intake = Intake(calls, calls, clock, IngestCounters(clock, NOW), room)
    intake.waiting = RoomQueue(lambda: now)
    intake.take([message(builders.detection(), 1)], calls)
    free, now, calls.failure = 100_000, RETRY_S, OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(CannotWrite):
        intake.take([], calls)

    calls.made.clear()
    calls.failure = None
    intake.take([], calls)

    assert calls.made[0] == "append 1 reject 0"


def test_what_waits_for_room_when_the_process_ends_is_refused(calls: Calls) -> None:
    room = DiskRoom(lambda: DiskSpace(1_000_000, 999_000))
    intake = Intake(calls, calls, clock, IngestCounters(clock, NOW), room)
    intake.take([message(builders.detection(), 1)], calls)

    calls.made.clear()
    intake.refuse_waiting()

    assert calls.made == ["append 0 reject 1"]


def test_a_message_that_would_take_the_disk_s_margin_waits_and_smaller_ones_go_on(calls: Calls) -> None:
    free, now = 2500, 0.0
    room = DiskRoom(lambda: DiskSpace(20_000, 20_000 - free), lambda: now)
    intake = Intake(calls, calls, clock, IngestCounters(clock, NOW), room)
    small, large = builders.detection(epoch="one", sequence=1), picture(2, epoch="two", sequence=1, size=5000)
    intake.take([message(small, 1), large], calls)

    assert calls.made[0] == "append 1 reject 0"
    assert intake.shortage == "the disk has no room for a message of 0.0 MiB: 0.0 MiB are left"

    calls.made.clear()
    free = 8000
    intake.take([large], calls)
    now = 120.0
    assert room.refresh()
    assert calls.made[:2] == ["store 1", "append 1 reject 0"]
    assert intake.shortage is None


def test_what_nobody_sends_again_cannot_fill_the_disk_to_its_last_byte(calls: Calls) -> None:
    room = DiskRoom(lambda: DiskSpace(1_000_000, 1_000_000 - 6_000))
    intake = Intake(calls, calls, clock, IngestCounters(clock, NOW), room)
    flood = [message(builders.detection(id=f"flood-{number}"), number) for number in range(1, 11)]
    reported = builders.incident(epoch="hub", sequence=1)
    intake.take([picture(11), *flood, message(reported, 12, "incident")], calls)

    _, accepted, _, rejected = calls.made[0].split()
    assert int(accepted) <= 4
    assert int(rejected) == 0
    assert calls.made[-2] == "acknowledge [11, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12]"


def test_the_reserve_is_released_for_what_nobody_sends_again_and_for_nothing_else() -> None:
    free = 0

    def release() -> None:
        nonlocal free
        free = 20_000

    room = DiskRoom(lambda: DiskSpace(1_000_000, 1_000_000 - free), release=release)
    waiting, foreign = builders.detection(epoch="one", sequence=1), builders.detection()

    assert room.fitting(read([message(waiting, 1)], 1)) == ([], [])
    assert free == 0

    fitting = room.fitting(read([message(foreign, 2)], 1))
    assert (len(fitting.taken), fitting.unfitting) == (1, [])


def test_a_device_that_posts_more_than_its_share_within_ten_minutes_waits_and_others_go_on(calls: Calls) -> None:
    now, held = 0.0, {("DEMO", "yard"): 4_000, ("DEMO", "gate"): 4_000}
    shares = DiskShares(lambda: held, lambda: now)
    room = DiskRoom(lambda: DiskSpace(1_000_000, 900_000), lambda: now, shares)
    ours = [picture(number, epoch="one", sequence=number, size=15_000) for number in range(1, 5)]
    others = picture(9, epoch="two", sequence=1, size=15_000, device="gate")

    taken = room.fitting(read([*ours, others], 1)).taken
    assert [(item.event.source[-4:], item.event.sequence) for item in taken if isinstance(item, DescribedMedium)] == [
        ("yard", 1),
        ("yard", 2),
        ("gate", 1),
    ]

    [refused] = room.fitting(read([picture(5, size=15_000)], 1)).taken
    assert isinstance(refused, RefusedMessage)
    assert refused.body == b""
    assert refused.reason.startswith("yard of DEMO has posted 0 MB of media within ten minutes")

    now = 601.0
    assert len(room.fitting(read([ours[3]], 1)).taken) == 1


def test_a_shortage_ends_where_there_is_some_more_room_than_where_it_began() -> None:
    free = (31, 29, 31, 39, 41, 31)
    disks = iter([DiskSpace(1000, 1000 - bytes_) for bytes_ in free])
    room = DiskRoom(lambda: next(disks))

    assert [room.refresh() for _ in free] == [True, False, False, False, True, True]
