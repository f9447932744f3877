"""Temperatures by the minute, and the newest thermal event."""

from pathlib import Path

from consumers.views.temperatures import TemperaturesProjection, newest_thermal, temperatures
from tests.builders import at, thermal
from tests.following import Followed


def test_each_minute_keeps_least_greatest_and_mean_of_each_region(tmp_path: Path) -> None:
    with Followed(TemperaturesProjection(), tmp_path) as followed:
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
    with Followed(TemperaturesProjection(), tmp_path) as followed:
        followed.take(*(thermal(at(60 * minute), hottest=40.0 + minute) for minute in range(10)))
        series = temperatures(followed.view, "DEMO", "yard", at(0), at(600), step_s=300)

    assert [(each.low, each.high, each.mean) for each in series["composite"]] == [
        (40.0, 44.0, 42.0),
        (45.0, 49.0, 47.0),
    ]


def test_the_newest_thermal_frame_is_the_newest_by_its_own_time(tmp_path: Path) -> None:
    with Followed(TemperaturesProjection(), tmp_path) as followed:
        followed.take(thermal(at(60), hottest=50.0), thermal(at(0), hottest=90.0))
        newest = newest_thermal(followed.view, "DEMO", "yard")
        nowhere = newest_thermal(followed.view, "DEMO", "gate")

    assert newest is not None
    assert (newest.time, newest.position) == ("2026-01-05T10:01:00.000Z", 1)
    assert newest.data["frame_stats"]["max_temp"] == 50.0
    assert nowhere is None
