"""The order of steps is the guarantee: media, journal, watermark, acknowledgement, news."""

import errno
import sqlite3

import pytest

from bus_schemas.event import device_source
from bus_schemas.topics import HEAD, watermark_topic
from consumers.ingest.intake import CannotWrite, Intake, is_away
from consumers.ingest.media_batch import QUIET_S, MediaBatch
from consumers.ingest.packets import PacketProperties, Published
from consumers.store.journal.store import Unwritable
from tests import builders
from tests.intake_calls import Calls, message, picture


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


def test_events_are_taken_in_while_media_are_being_stored_and_acknowledged_behind_them(
    calls: Calls, gathering: Intake
) -> None:
    calls.may_store.clear()
    gathering.take([picture(7, epoch="one.pictures", sequence=1)], calls)
    gathering.begin_media()
    calls.made.clear()

    gathering.take([message(builders.detection(epoch="one", sequence=1), 8)], calls)
    meanwhile, calls.made = calls.made, []
    has_stored = gathering.has_stored
    calls.may_store.set()
    gathering.end_media(calls)

    assert not has_stored
    assert meanwhile[:2] == ["append 1 reject 0", f"publish {HEAD} qos 0"]
    assert meanwhile[-2:] == ["acknowledge []", "flush"]
    assert calls.made[:2] == ["store 1", "append 1 reject 0"]
    assert calls.made[-2:] == ["acknowledge [7, 8]", "flush"]
    assert not gathering.is_storing
    assert gathering.media.wait_s() == float("inf")


def test_what_follows_a_medium_in_its_stream_waits_while_that_is_being_stored(calls: Calls, gathering: Intake) -> None:
    calls.may_store.clear()
    gathering.take([picture(7, epoch="one", sequence=1)], calls)
    gathering.begin_media()
    calls.made.clear()

    gathering.take([message(builders.detection(epoch="one", sequence=2), 8)], calls)
    meanwhile = list(calls.made)
    due_s = gathering.media.wait_s()
    calls.may_store.set()
    gathering.end_media(calls)
    first, calls.made = calls.made, []
    gathering.take_media(calls)

    assert meanwhile == ["acknowledge []", "flush"]
    assert due_s == float("inf")
    assert "acknowledge [7]" in first
    assert calls.made[0] == "append 1 reject 0"
    assert calls.made[-2:] == ["acknowledge [8]", "flush"]


def test_an_id_that_a_foreign_device_used_again_while_its_medium_was_being_stored_is_taken_in_once(
    calls: Calls, gathering: Intake
) -> None:
    calls.may_store.clear()
    gathering.take([picture(7)], calls)
    gathering.begin_media()
    calls.made.clear()

    gathering.take([message(builders.detection(id="one", source=device_source("DEMO", "yard")), 8)], calls)
    calls.may_store.set()
    gathering.end_media(calls)

    assert [call for call in calls.made if call.startswith("append")] == ["append 1 reject 0"]
    assert calls.made[-2:] == ["acknowledge [7, 8]", "flush"]


def test_media_that_a_thread_could_not_store_wait_again_before_what_came_meanwhile(
    calls: Calls, gathering: Intake
) -> None:
    calls.failure_of_media = OSError(errno.ENOSPC, "full")
    gathering.take([picture(7, epoch="one", sequence=1)], calls)
    gathering.begin_media()
    gathering.take([message(builders.detection(epoch="one", sequence=2), 8)], calls)
    calls.made.clear()
    for _ in range(2):
        with pytest.raises(CannotWrite):
            gathering.end_media(calls)
    meanwhile = list(calls.made)
    calls.failure_of_media = None
    gathering.end_media(calls)

    assert meanwhile == []
    assert calls.made[:2] == ["store 1", "append 2 reject 0"]
    assert calls.made[-2:] == ["acknowledge [7, 8]", "flush"]


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
