"""Trends: temperatures and loudness by the minute, and what was detected of late."""

from pathlib import Path

from consumers.settings import Settings, change_of, changes
from consumers.settings import settings as current
from consumers.trends import (
    Detections,
    Loudness,
    Temperatures,
    detections,
    loudness,
    newest_thermal,
    temperatures,
)
from tests.builders import at, detection, frame, settings, thermal
from tests.following import Followed


def test_d4_23_each_minute_keeps_least_greatest_and_mean_of_each_region(tmp_path: Path) -> None:
    with Followed(Temperatures(), tmp_path) as followed:
        followed.take(thermal(at(0), hottest=40.0), thermal(at(30), hottest=60.0), thermal(at(60), hottest=50.0))
        series = temperatures(followed.view, "DEMO", "yard", at(0), at(120))

    assert sorted(series) == ["composite", "frame", "full_frame"]
    assert [(each.low, each.high, each.mean) for each in series["full_frame"]] == [
        (20.0, 60.0, 25.0),
        (20.0, 50.0, 25.0),
    ]
    assert [(each.low, each.high, each.mean) for each in series["composite"]] == [
        (40.0, 60.0, 50.0),
        (50.0, 50.0, 50.0),
    ]


def test_temperatures_are_put_together_in_longer_steps(tmp_path: Path) -> None:
    with Followed(Temperatures(), tmp_path) as followed:
        followed.take(*(thermal(at(60 * minute), hottest=40.0 + minute) for minute in range(10)))
        series = temperatures(followed.view, "DEMO", "yard", at(0), at(600), step_s=300)

    assert [(each.low, each.high, each.mean) for each in series["composite"]] == [
        (40.0, 44.0, 42.0),
        (45.0, 49.0, 47.0),
    ]


def test_the_newest_thermal_frame_is_the_newest_by_its_own_time(tmp_path: Path) -> None:
    with Followed(Temperatures(), tmp_path) as followed:
        followed.take(thermal(at(60), hottest=50.0), thermal(at(0), hottest=90.0))
        newest = newest_thermal(followed.view, "DEMO", "yard")
        nowhere = newest_thermal(followed.view, "DEMO", "gate")

    assert newest is not None
    assert (newest.time, newest.position) == ("2026-01-05T10:01:00.000Z", 1)
    assert newest.data["frame_stats"]["max_temp"] == 50.0
    assert nowhere is None


def test_loudness_leaves_out_what_nobody_could_hear(tmp_path: Path) -> None:
    with Followed(Loudness(), tmp_path) as followed:
        followed.take(frame(at(0), mean_volume_db=-20.0, volume_percentage=66), frame(at(1), mean_volume_db=None))
        followed.take(frame(at(2), mean_volume_db=-30.0, volume_percentage=50))
        (point,) = loudness(followed.view, "DEMO", "yard", at(0), at(60))

    assert (point.mean_db, point.volume_percent) == (-25.0, 58.0)


def test_detections_come_newest_first(tmp_path: Path) -> None:
    with Followed(Detections(), tmp_path) as followed:
        followed.take(
            detection(at(5), people_count=5), detection(at(1), people_count=1), detection(at(9), device="gate")
        )
        found = detections(followed.view, "DEMO", "yard", at(0), at(60))

    assert [each.data["people_count"] for each in found] == [5, 1]


def test_a_section_that_is_set_replaces_the_one_before(tmp_path: Path) -> None:
    with Followed(Settings(), tmp_path) as followed:
        followed.take(settings(settings={"motion": {"sensitivity": 25, "min_area": 500}, "zones": []}))
        followed.take(settings(at(9), settings={"motion": {"sensitivity": 50}}, changed_by="bob", request_id="r-9"))
        now = current(followed.view, "DEMO", "yard")
        history = changes(followed.view, "DEMO", "yard")
        confirmed = change_of(followed.view, "r-9")
        unknown = change_of(followed.view, "r-0")

    assert now == {"motion": {"sensitivity": 50}, "zones": []}
    assert [each.by for each in history] == ["bob", "ada"]
    assert confirmed == history[0]
    assert unknown is None
