"""What goes when, and in how many days there is no more room."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from consumers.hub_config import DeviceRetention, RetentionPolicy
from consumers.store.archive.keys import interval_of
from consumers.store.archive.retention import Dropped
from consumers.store.archive.usage import SeriesUsage
from consumers.store.disk import DiskSpace
from consumers.upkeep.retention.forecast import days_until, forecast, planned_by_age
from consumers.views.holds import HoldRow
from producer.times import DAY, HOUR
from tests.builders import START

GB = 10**9
WEEK = RetentionPolicy(media=(("segment", 7 * DAY),), segment_bytes=None)


def pack(hours_ago: float, device: str = "yard") -> Dropped:
    return Dropped("DEMO", device, "segment", interval_of(START - hours_ago * HOUR), 30, 1000)


def usage(device: str, days: float, size: int) -> SeriesUsage:
    return SeriesUsage("DEMO", device, "segment", 10, size, START - days * DAY, START)


def recent(**sizes: int) -> dict[tuple[str, str, str], int]:
    return {("DEMO", device, "segment"): size for device, size in sizes.items()}


@pytest.mark.parametrize(
    ("growths", "room", "expected"),
    [
        ([(10.0, 5.0)], 30, 3.0),
        ([(10.0, 5.0)], 51, None),
        ([(10.0, 1.0), (10.0, 5.0)], 30, 2.0),
        ([], 30, None),
        ([(10.0, 5.0)], -1, 0.0),
        ([(0.0, 5.0)], 1, None),
    ],
)
def test_room_lasts_until_it_is_used_up_or_retention_deletes_as_much_as_is_written(
    growths: Any, room: float, expected: float | None
) -> None:
    assert days_until(growths, room) == expected


def test_a_disk_that_fills_before_retention_begins_is_forecast_with_its_devices() -> None:
    found = forecast(
        WEEK,
        [usage("yard", 2, 20 * GB), usage("gate", 9, 70 * GB)],
        recent(yard=10 * GB, gate=8 * GB),
        DiskSpace(140 * GB, 90 * GB),
        START,
    )

    yard = next(one for one in found.devices if one.device == "yard")
    gate = next(one for one in found.devices if one.device == "gate")
    assert found.full_in_days == pytest.approx(2.9)
    assert (yard.bytes_per_day, yard.bytes_at_rest) == (10 * GB, 70 * GB)
    assert yard.full_in_days == pytest.approx(2.9)
    assert (gate.bytes_per_day, gate.bytes_at_rest, gate.full_in_days) == (8 * GB, 70 * GB, None)


def test_a_bound_of_a_device_is_reached_before_that_of_all() -> None:
    own = DeviceRetention("DEMO", "yard", segment_bytes=30 * GB)
    policy = RetentionPolicy(media=(("segment", 7 * DAY),), segment_bytes=200 * GB, devices=(own,))
    found = forecast(policy, [usage("yard", 2, 20 * GB)], recent(yard=10 * GB), DiskSpace(900 * GB, 20 * GB), START)

    assert found.full_in_days is None
    assert found.devices[0].full_in_days == pytest.approx(1.0)


def test_what_a_young_device_wrote_counts_for_the_time_that_it_is_there() -> None:
    found = forecast(WEEK, [usage("yard", 0.5, 5 * GB)], recent(yard=5 * GB), DiskSpace(900 * GB, 20 * GB), START)

    assert found.devices[0].bytes_per_day == 10 * GB


def test_a_disk_that_fills_within_hours_is_forecast_in_the_first_minutes_of_its_devices() -> None:
    minutes = 5 / 1440
    found = forecast(
        WEEK, [usage("yard", minutes, 100_000_000)], recent(yard=100_000_000), DiskSpace(10 * GB, GB), START
    )

    assert found.devices[0].bytes_per_day == pytest.approx(28.8 * GB)
    assert found.full_in_days == pytest.approx((8.5 - 1) / 28.8, rel=0.01)


def test_what_comes_in_bursts_is_no_rate_of_the_seconds_in_which_it_came() -> None:
    old = replace(usage("yard", 1, GB), kind="thumbnail")
    clip, picture = usage("yard", 1 / 1440, 10_000_000), replace(usage("gate", 5 / 1440, 1_000_000), kind="evidence")
    written = {("DEMO", "yard", "segment"): 10_000_000, ("DEMO", "gate", "evidence"): 1_000_000}
    found = forecast(WEEK, [old, clip, picture], written, DiskSpace(900 * GB, GB), START)

    by_device = {one.device: one.bytes_per_day for one in found.devices}
    assert by_device == {"yard": 240_000_000, "gate": 24_000_000}


def test_the_plan_says_what_goes_when_and_what_is_held() -> None:
    held = HoldRow("hold", "h-1", "DEMO", ("gate",), START - 170 * HOUR, START, "police", "ada", START, is_over=False)
    packs = [pack(169), pack(167.5), pack(167.4), pack(100), pack(169, "gate")]
    found = planned_by_age(WEEK, packs, [held], START, START + timedelta(hours=2))

    assert [(one.device, one.files, one.held_by) for one in found] == [
        ("gate", 30, ("hold h-1",)),
        ("yard", 30, ()),
        ("yard", 60, ()),
    ]
    assert [one.goes for one in found[:2]] == [START, START]
    assert START < found[2].goes <= START + HOUR
    assert found[2].rule == "segment: kept for 7 days"
