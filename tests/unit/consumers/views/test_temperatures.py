"""Temperatures by the minute, and the newest thermal event."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bus_schemas.thermal import ThermalEvent
from consumers.views.temperatures import TemperaturesProjection, newest_thermal, temperatures
from tests.builders import at, thermal
from tests.following import Followed

DAY_S = 86_400


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


def test_a_hot_evening_counts_for_its_day_where_it_was(tmp_path: Path) -> None:
    new_york = ZoneInfo("America/New_York")
    noon, evening = datetime(2026, 1, 4, 12, tzinfo=new_york), datetime(2026, 1, 4, 22, tzinfo=new_york)
    with Followed(TemperaturesProjection(), tmp_path) as followed:
        followed.take(thermal(noon.astimezone(UTC), hottest=40.0), thermal(evening.astimezone(UTC), hottest=90.0))
        asked = (followed.view, "DEMO", "yard", noon - timedelta(days=1), noon + timedelta(days=2))
        there = temperatures(*asked, step_s=86_400, zone=new_york)["composite"]
        in_utc = temperatures(*asked, step_s=86_400)["composite"]

    assert [(one.start, one.high) for one in there] == [(int(noon.replace(hour=0).timestamp()), 90.0)]
    assert len(in_utc) == 2


def test_days_and_hours_are_put_together_from_quarters_as_they_are_from_minutes(tmp_path: Path) -> None:
    measured = [thermal(at(400 * n), hottest=40.0 + n % 50) for n in range(500)]
    with Followed(TemperaturesProjection(), tmp_path) as followed:
        followed.take(*measured)
        hours = temperatures(followed.view, "DEMO", "yard", at(0), at(200_000), step_s=3600)["composite"]
        [day, *_] = temperatures(followed.view, "DEMO", "yard", at(0), at(200_000), step_s=86_400)["frame"]

    first = [40.0 + n % 50 for n in range(9)]
    assert (hours[0].low, hours[0].high, hours[0].mean) == (40.0, 48.0, sum(first) / 9)
    assert (len(hours), day.low, day.high, day.mean) == (56, 20.0, 89.0, 25.0)


def test_the_greatest_is_that_of_what_was_measured_before_filtering(tmp_path: Path) -> None:
    spot = thermal(at(0), hottest=60.0)
    region = spot.data.regions[0].model_copy(update={"peak_temp": 110.004})
    data = spot.data.model_copy(update={"regions": (region,), "peak_temp": 110.0})
    with Followed(TemperaturesProjection(), tmp_path) as followed:
        followed.take(spot.model_copy(update={"data": data}))
        series = temperatures(followed.view, "DEMO", "yard", at(0), at(60))

    assert (series["frame"][0].high, series["full_frame"][0].high) == (110.0, 110.0)


def test_a_region_that_is_named_like_a_series_of_ours_is_not_mixed_with_it(tmp_path: Path) -> None:
    event = thermal(at(0), hottest=60.0)
    names = ("frame", "composite")
    regions = tuple(event.data.regions[0].model_copy(update={"name": name, "max_temp": 99.0}) for name in names)
    with Followed(TemperaturesProjection(), tmp_path) as followed:
        followed.take(event.model_copy(update={"data": event.data.model_copy(update={"regions": regions})}))
        series = temperatures(followed.view, "DEMO", "yard", at(0), at(60))

    highest = {name: points[0].high for name, points in series.items()}
    assert highest == {"frame": 60.0, "frame (region)": 99.0, "composite": 60.0, "composite (region)": 99.0}


def test_a_region_that_was_renamed_is_forgotten_with_its_time(tmp_path: Path) -> None:
    def named(second: float, name: str) -> ThermalEvent:
        event = thermal(at(second))
        (region,) = event.data.regions
        renamed = region.model_copy(update={"name": name})
        return event.model_copy(update={"data": event.data.model_copy(update={"regions": (renamed,)})})

    def known(table: str) -> set[str]:
        return {name for (name,) in followed.view.execute(f"select distinct roi from {table}")}

    with Followed(TemperaturesProjection(), tmp_path) as followed:
        followed.take(named(0, "before"), named(20 * DAY_S, "after"))
        at_first = known("minutes")
        followed.take(named(32 * DAY_S, "after"))
        after_a_month = known("minutes"), known("quarters")
        followed.take(named(101 * DAY_S, "after"))

        assert at_first == {"before", "after", "frame", "composite"}
        assert after_a_month == ({"after", "frame", "composite"}, at_first)
        assert known("quarters") == {"after", "frame", "composite"}
