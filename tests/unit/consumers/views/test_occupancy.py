"""Counts of detections by quarter of an hour."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bus_schemas.event import Event
from consumers.engine import view_files
from consumers.engine.follower import ConsumerContext, Follower
from consumers.views import occupancy
from consumers.views.dashboard import BadQuestion
from consumers.views.occupancy import KEPT_QUARTERS, OccupancyProjection
from tests.builders import START, at, detection
from tests.following import Followed
from tests.memory_journal import MemoryJournal

DAY, BERLIN = date(2026, 1, 5), ZoneInfo("Europe/Berlin")
ALL_KEPT = timedelta(minutes=15 * KEPT_QUARTERS)


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[Followed]:
    with Followed(OccupancyProjection(), tmp_path) as followed:
        yield followed


def a_morning() -> list[Event]:
    return [
        detection(at(0), device="lobby", people_count=8, event_triggers=("CROWD", "CROWD")),
        detection(at(3600), device="gate", people_count=4, event_triggers=("CROWD", "A")),
        detection(at(3700), device="lobby", people_count=1),
        detection(at(60), site="OTHER", people_count=9),
        # Late, and of the day before.
        detection(at(30), device="lobby", people_count=3),
        detection(at(-86_400), device="lobby", people_count=9),
    ]


def test_a_day_is_counted_by_camera_hour_and_trigger_in_any_order(followed: Followed) -> None:
    followed.take(*a_morning())

    assert occupancy.dashboard(followed.view, "DEMO", DAY, BERLIN, ("NEVER",)) == {
        "site_name": "DEMO",
        "date": "2026-01-05",
        "zones": {
            "gate": {"peak": 4, "events": 1, "intensity": "medium"},
            "lobby": {"peak": 8, "events": 3, "intensity": "high"},
        },
        "hourly": [
            {"hour": 11, "repeated": False, "count": 8, "intensity": "high"},
            {"hour": 12, "repeated": False, "count": 4, "intensity": "medium"},
        ],
        "critical_events": {"NEVER": 0, "CROWD": 2, "A": 1, "total_events": 4},
    }


def test_an_hour_that_a_day_has_twice_is_told_twice(followed: Followed) -> None:
    day = date(2026, 10, 25)
    noon = START.replace(month=10, day=25, hour=12)
    followed.take(*(detection(noon + timedelta(hours=hour)) for hour in range(-24, 24)))

    hours = [one["hour"] for one in occupancy.dashboard(followed.view, "DEMO", day, BERLIN)["hourly"]]
    assert hours == [0, 1, 2, *range(2, 24)]


def test_who_came_in_the_second_of_two_hours_alone_is_counted_in_that(followed: Followed) -> None:
    # 02:30 by the clock, after it was set back at 01:00 UTC.
    followed.take(detection(START.replace(month=10, day=25, hour=1, minute=30)))

    (hour,) = occupancy.dashboard(followed.view, "DEMO", date(2026, 10, 25), BERLIN)["hourly"]
    assert (hour["hour"], hour["repeated"]) == (2, True)


def test_quarters_that_are_too_old_go_whatever_the_batches_are(tmp_path: Path) -> None:
    events = [detection(at(0)), detection(at(0) + 2 * ALL_KEPT), detection(at(7)), detection(at(0) + ALL_KEPT)]
    rows = []
    for limit in (1, 2, 100):
        with Followed(OccupancyProjection(), tmp_path / str(limit)) as followed:
            followed.journal.append(*events)
            followed.catch_up(limit)
            rows.append(followed.view.execute("select * from quarters").fetchall())

    assert rows[0] == rows[1] == rows[2]
    assert len(rows[0]) == 2


def test_a_day_is_held_until_a_part_of_it_is_too_old(followed: Followed) -> None:
    begin = int(at(0).timestamp())
    followed.take(detection(at(0)), detection(at(0) + ALL_KEPT))

    assert occupancy.holds(followed.view, followed.journal, "DEMO", begin)
    assert not occupancy.holds(followed.view, followed.journal, "DEMO", begin - 900)
    assert occupancy.holds(followed.view, followed.journal, "ELSEWHERE", begin - 900)


def test_a_view_that_began_after_days_were_dropped_holds_only_what_came_after_them(tmp_path: Path) -> None:
    journal = MemoryJournal([detection(at(0)), detection(at(10), site="OTHER"), detection(at(7200))])
    journal.drop(3)
    begin = int(at(0).timestamp())
    with closing(Follower(OccupancyProjection(), ConsumerContext(tmp_path, journal, lambda: START))) as follower:
        while follower.advance():
            pass
    with closing(view_files.open_view(tmp_path, "occupancy")) as view:
        assert not occupancy.holds(view, journal, "DEMO", begin)
        assert occupancy.holds(view, journal, "DEMO", begin + 900)
        assert not occupancy.holds(view, journal, "OTHER", begin)


@pytest.mark.parametrize("day", [date(1, 1, 1), date(9999, 12, 31)])
def test_a_day_that_no_clock_shows_is_a_bad_question(followed: Followed, day: date) -> None:
    with pytest.raises(BadQuestion, match="a date from 1972 to 2100"):
        occupancy.dashboard(followed.view, "DEMO", day, BERLIN)
