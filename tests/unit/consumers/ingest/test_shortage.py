"""What ingest takes in while the disk has hardly any room, and what becomes of the rest."""

import errno

import pytest

from bus_schemas.topics import HEAD, watermark_topic
from consumers.ingest.counters import IngestCounters
from consumers.ingest.decoding import read
from consumers.ingest.disk_room import DiskRoom
from consumers.ingest.intake import CannotWrite, Intake
from consumers.ingest.items import DescribedMedium, RefusedMessage
from consumers.ingest.room_queue import RETRY_S, WAITS_S, RoomQueue
from consumers.ingest.shares import DiskShares
from consumers.store.disk import DiskSpace
from tests import builders
from tests.intake_calls import NOW, Calls, clock, message, picture


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
