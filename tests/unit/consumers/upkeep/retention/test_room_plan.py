"""What goes for want of room, and when, if devices go on to write as they did."""

from datetime import timedelta

import pytest

from consumers.hub_config import DeviceRetention, RetentionPolicy
from consumers.store.archive.keys import interval_of
from consumers.store.archive.retention import Dropped
from consumers.store.archive.usage import SeriesUsage
from consumers.store.disk import DiskSpace
from consumers.upkeep.retention.room_plan import StoredNow, may_want_room, planned_deletions, summed
from consumers.views.holds import HoldRow
from producer.times import DAY, HOUR
from tests.builders import START

MB = 10**6
MONTH = RetentionPolicy(media=(("segment", 30 * DAY), ("thumbnail", 30 * DAY)), segment_bytes=None)


def packs(device: str = "yard", kind: str = "segment", hours: int = 24, size: int = 100 * MB) -> list[Dropped]:
    """An hour of each, the oldest first."""
    times = [START - number * HOUR for number in range(hours, 0, -1)]
    return [Dropped("DEMO", device, kind, interval_of(time), 30, size) for time in times]


def stored(disk: DiskSpace, *found: list[Dropped]) -> StoredNow:
    """Each series was written at the same rate since its oldest."""
    usage = [
        SeriesUsage("DEMO", of[0].device, of[0].kind, 30 * len(of), sum(one.bytes for one in of), of[0].start, START)
        for of in found
    ]
    recent = {(one.site, one.device, one.kind): one.bytes for one in usage}
    return StoredNow(disk, usage, recent)


ROOMY = DiskSpace(1_000_000 * MB, 10_000 * MB)


def test_nothing_goes_while_there_is_room() -> None:
    found = packs()

    assert planned_deletions(MONTH, stored(ROOMY, found), found, [], START, START + DAY) == []


def test_the_oldest_recordings_go_as_new_ones_fill_their_bound() -> None:
    found = packs()
    policy = RetentionPolicy(media=(("segment", 30 * DAY),), segment_bytes=2600 * MB)

    planned = planned_deletions(policy, stored(ROOMY, found), found, [], START, START + 5 * HOUR)

    # 2.4 GB are there and 0.1 GB an hour comes: after two hours each new one takes the place of the oldest.
    assert [(one.goes - START, one.start) for one in planned] == [
        (number * HOUR, START - (27 - number) * HOUR) for number in (3, 4, 5)
    ]
    assert {one.rule for one in planned} == {f"segment: kept up to {2600 * MB} bytes"}


def test_a_device_has_a_bound_of_its_own() -> None:
    yard, gate = packs("yard"), packs("gate")
    own = DeviceRetention("DEMO", "gate", segment_bytes=2000 * MB)
    policy = RetentionPolicy(media=(("segment", 30 * DAY),), segment_bytes=None, devices=(own,))

    planned = planned_deletions(policy, stored(ROOMY, yard, gate), [*yard, *gate], [], START, START)

    assert {one.device for one in planned} == {"gate"}
    assert sum(one.bytes for one in planned) == 400 * MB


def test_a_full_disk_takes_the_oldest_of_all_kinds_down_to_its_target() -> None:
    segments, thumbnails = packs(), packs(kind="thumbnail", size=10 * MB)
    disk = DiskSpace(5000 * MB, 4300 * MB)

    planned = planned_deletions(MONTH, stored(disk, segments, thumbnails), [*segments, *thumbnails], [], START, START)

    assert {one.kind for one in planned} == {"segment", "thumbnail"}
    assert 550 * MB <= sum(one.bytes for one in planned) < 700 * MB
    assert {one.rule for one in planned} == {"disk used by 85 % or more: down to 75 %"}
    assert all(one.goes == START for one in planned)


def test_what_is_held_stays_and_what_goes_for_room_is_not_told_by_age_again() -> None:
    found = packs()
    policy = RetentionPolicy(media=(("segment", timedelta(hours=24)),), segment_bytes=2000 * MB)
    held = HoldRow("hold", "h", "DEMO", ("yard",), found[0].start, found[0].end, "why", "Mara", START, is_over=False)

    planned = planned_deletions(policy, stored(ROOMY, found), found, [held], START, START + HOUR)

    assert [one.held_by for one in planned if one.start == found[0].start] == [("hold h",)]
    # Four hours at once, and a fifth as another one is written, which would have been too old a moment later.
    assert [(one.goes - START, one.files) for one in planned if not one.held_by] == [
        (timedelta(0), 120),
        (HOUR, 30),
    ]


def test_what_the_bucket_takes_makes_no_want_of_room() -> None:
    segments, thumbnails = packs(), packs(kind="thumbnail", size=10 * MB)
    now = stored(DiskSpace(5000 * MB, 4300 * MB), segments, thumbnails).without(["segment"])

    assert planned_deletions(MONTH, now, [*segments, *thumbnails], [], START, START + DAY) == []


@pytest.mark.parametrize("hours", [24, 24 * 30])
def test_sums_are_by_device_and_kind(hours: int) -> None:
    yard, gate = packs("yard", hours=hours), packs("gate", hours=hours, size=50 * MB)
    policy = RetentionPolicy(media=(("segment", 12 * HOUR),), segment_bytes=None)

    sums = summed(planned_deletions(policy, stored(ROOMY, yard, gate), [*yard, *gate], [], START, START))

    assert [(one.device, one.kind, one.files, one.bytes) for one in sums] == [
        ("yard", "segment", 30 * (hours - 12), 100 * MB * (hours - 12)),
        ("gate", "segment", 30 * (hours - 12), 50 * MB * (hours - 12)),
    ]


BOUNDS = {
    "of nobody": RetentionPolicy(media=(("segment", 12 * HOUR),), segment_bytes=None),
    "of all": RetentionPolicy(media=(("segment", 12 * HOUR),), segment_bytes=5000 * MB),
    "of one": RetentionPolicy(
        media=(("segment", 12 * HOUR),),
        segment_bytes=None,
        devices=(DeviceRetention("DEMO", "gate", segment_bytes=2700 * MB, media=(("segment", 20 * HOUR),)),),
    ),
}


@pytest.mark.parametrize("disk", [ROOMY, DiskSpace(10_000 * MB, 8000 * MB)])
@pytest.mark.parametrize("policy", list(BOUNDS.values()), ids=list(BOUNDS))
def test_where_no_bound_can_be_reached_what_is_not_too_old_changes_nothing(
    policy: RetentionPolicy, disk: DiskSpace
) -> None:
    yard, gate = packs("yard"), packs("gate")
    held = HoldRow("hold", "h", "DEMO", ("yard",), yard[0].start, yard[2].end, "why", "Mara", START, is_over=False)
    now, found = stored(disk, yard, gate), [*yard, *gate]
    answers = set()
    for horizon in (timedelta(0), HOUR, 4 * HOUR, 12 * HOUR):
        until = START + horizon
        too_old = [one for one in found if one.end <= policy.kept_from(one.kind, until)(one.site, one.device)]
        planned = planned_deletions(policy, now, found, [held], START, until)
        answers.add(wants := may_want_room(policy, now, START, until))
        if not wants:
            assert planned_deletions(policy, now, too_old, [held], START, until) == planned
            assert all(one.rule.startswith("segment: kept for") for one in planned)

    assert answers == {True, False} if policy is not BOUNDS["of nobody"] or disk != ROOMY else answers == {False}
