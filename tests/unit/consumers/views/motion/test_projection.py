"""Motion: counts, and where in the picture of a day."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from bus_schemas.camera import MotionEvent
from bus_schemas.registry import RegistryEvent
from consumers.engine.rebuild.compare import verify
from consumers.engine.rebuild.part import NotInPart, rebuild_part
from consumers.engine.rebuild.time_range import TimeRange
from consumers.views.motion import questions
from consumers.views.motion.grids import heat_grid, heat_map
from consumers.views.motion.projection import MotionProjection
from consumers.views.motion.questions import bucket_in_use, buckets, motions, motions_within, track
from tests.builders import at, motion, motion_v1, registry
from tests.following import Followed

DAY = date(2026, 1, 5)


def zone(name: str, **given: Any) -> RegistryEvent:
    return registry(**{"device": None, "time_zone": name, **given})


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[Followed]:
    with Followed(MotionProjection(), tmp_path) as it:
        yield it


def test_two_known_boxes_give_maxima_at_their_places(followed: Followed) -> None:
    followed.take(motion(at(0), boxes=((0.0, 0.0, 0.1, 0.1),)), motion(at(1), boxes=((0.5, 0.5, 0.25, 0.25),)))
    followed.take(motion(at(2), boxes=((0.5, 0.5, 0.25, 0.25),)))

    found = heat_grid(followed.view, "DEMO", "yard", DAY)
    assert found is not None
    grid, samples, position = found
    assert (samples, position) == (3, 3)
    assert grid.shape == (90, 160)
    assert (grid[0, 0], grid[8, 15], grid[9, 16]) == (1.0, 1.0, 0.0)
    assert (grid[45, 80], grid[67, 119], grid[68, 120], grid[44, 80]) == (2.0, 2.0, 0.0, 0.0)


def test_a_new_motion_changes_the_picture(followed: Followed) -> None:
    followed.take(motion(at(0), boxes=((0.0, 0.0, 0.1, 0.1),)))
    before = heat_map(followed.view, "DEMO", "yard", DAY)
    followed.take(motion(at(1), boxes=((0.5, 0.5, 0.1, 0.1),)))

    after = heat_map(followed.view, "DEMO", "yard", DAY)
    assert before is not None
    assert after is not None
    assert (before.position, after.position) == (1, 2)
    assert before.png != after.png


def test_the_picture_is_red_where_most_moved_and_blue_where_nothing_did(followed: Followed) -> None:
    followed.take(motion(at(0), boxes=((0.0, 0.0, 0.5, 0.5),)))

    found = heat_map(followed.view, "DEMO", "yard", DAY)
    assert found is not None
    picture = cv2.imdecode(np.frombuffer(found.png, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (90, 160, 3)
    assert picture[10, 10].tolist() == [0, 0, 128]
    assert picture[80, 150].tolist() == [128, 0, 0]


def test_a_day_without_motion_has_no_picture(followed: Followed) -> None:
    followed.take(motion(at(0)))

    assert heat_map(followed.view, "DEMO", "yard", DAY + timedelta(days=1)) is None


def test_motion_without_boxes_leaves_the_grid_empty(followed: Followed) -> None:
    followed.take(motion_v1(at(0)))

    found = heat_map(followed.view, "DEMO", "yard", DAY)
    assert found is not None
    assert found.samples == 1


def test_a_motion_that_is_reported_twice_counts_once(followed: Followed) -> None:
    once = motion(at(0))
    followed.take(once, once, once)

    assert [each.events for each in buckets(followed.view, "DEMO", "yard", at(-60), at(60))] == [1]
    found = heat_grid(followed.view, "DEMO", "yard", DAY)
    assert found is not None
    assert found[1] == 1


def test_the_days_of_a_site_are_those_of_its_zone(tmp_path: Path) -> None:
    late = datetime(2026, 1, 5, 23, 30, tzinfo=UTC)
    with Followed(MotionProjection(), tmp_path, [zone("Europe/Berlin"), motion(late)]) as followed:
        assert heat_map(followed.view, "DEMO", "yard", DAY) is None
        assert heat_map(followed.view, "DEMO", "yard", DAY + timedelta(days=1)) is not None


def test_a_zone_that_is_changed_holds_for_what_comes_after(tmp_path: Path) -> None:
    late = datetime(2026, 1, 5, 23, 30, tzinfo=UTC)
    events = [
        motion(late),
        zone("Europe/Berlin"),
        zone("Asia/Tokyo", device="yard"),
        motion(late + timedelta(seconds=1)),
    ]
    with Followed(MotionProjection(), tmp_path, events) as followed:
        days = [heat_grid(followed.view, "DEMO", "yard", DAY + timedelta(days=day)) for day in (0, 1)]
        source = followed.source

        assert [found[1] if found else 0 for found in days] == [1, 1]
        assert verify(MotionProjection(), source) == []
        with pytest.raises(NotInPart, match="whose time zone was changed"):
            rebuild_part(
                MotionProjection(), source, TimeRange("DEMO", late, late + timedelta(hours=1)), lambda done, of: None
            )


def test_a_part_is_folded_by_the_days_of_the_zone(tmp_path: Path) -> None:
    late = datetime(2026, 1, 5, 23, 30, tzinfo=UTC)
    with Followed(MotionProjection(), tmp_path, [zone("Europe/Berlin"), motion(late)]) as followed:
        wanted = TimeRange("DEMO", late, late + timedelta(hours=1))
        replaced = rebuild_part(MotionProjection(), followed.source, wanted, lambda done, of: None)

        assert replaced.part.since == datetime(2026, 1, 5, 23, tzinfo=UTC)
        assert verify(MotionProjection(), followed.source) == []


def test_motions_are_counted_by_bucket(followed: Followed) -> None:
    followed.take(motion(at(10)), motion(at(290), duration_s=6.0), motion(at(310)), motion(at(10), device="gate"))

    found = buckets(followed.view, "DEMO", "yard", at(0), at(3600), 300)
    assert [(each.start - at(0).timestamp(), each.events, each.seconds) for each in found] == [
        (0, 2, 10.0),
        (300, 1, 4.0),
    ]


def lasting(seconds: int, began: int = 0) -> list[MotionEvent]:
    """A motion that has not ended: its start, and an update each second."""
    updates = [
        motion(at(began + second), phase="update", duration_s=float(second), frames=5 * second)
        for second in range(1, seconds + 1)
    ]
    return [motion(at(began), phase="start", duration_s=0.0, frames=0), *updates]


def counted(followed: Followed, bucket_s: int) -> list[tuple[float, int, float]]:
    found = buckets(followed.view, "DEMO", "yard", at(0), at(3600), bucket_s)
    return [(each.start - at(0).timestamp(), each.events, each.seconds) for each in found]


def test_a_motion_that_goes_on_for_minutes_counts_while_it_lasts(followed: Followed) -> None:
    followed.take(*lasting(91, began=2))

    assert counted(followed, 60) == [(0, 1, 58.0), (60, 1, 33.0)]
    assert counted(followed, 5)[:2] == [(0, 1, 3.0), (5, 1, 5.0)]
    assert len(counted(followed, 5)) == 19
    assert heat_map(followed.view, "DEMO", "yard", DAY) is not None


def test_a_motion_counts_once_in_each_bucket_in_which_it_goes_on(followed: Followed) -> None:
    followed.take(*lasting(20, began=50), motion(at(70), duration_s=20.0), motion(at(80), duration_s=2.0))

    found = buckets(followed.view, "DEMO", "yard", at(0), at(3600), 60)
    assert [(each.events, each.began) for each in found] == [(1, 1), (2, 1)]
    whole = buckets(followed.view, "DEMO", "yard", at(0), at(3600), 3600)
    assert [(each.events, each.began) for each in whole] == [(2, 2)]


def test_the_end_of_a_motion_adds_only_what_its_updates_had_not(followed: Followed) -> None:
    followed.take(*lasting(10))
    followed.take(motion(at(12), duration_s=12.0005))

    assert counted(followed, 60) == [(0, 1, 12.0)]
    found = heat_grid(followed.view, "DEMO", "yard", DAY)
    assert found is not None
    assert found[1] == 11
    assert verify(MotionProjection(), followed.source) == []


@pytest.mark.parametrize("back_s", [0.1, 3.0])
def test_a_motion_goes_on_as_one_where_the_times_of_pictures_went_back(followed: Followed, back_s: float) -> None:
    followed.take(*lasting(20))
    later = [motion(at(n - back_s), phase="update", duration_s=float(n)) for n in range(20, 40)]
    followed.take(*later, motion(at(40 - back_s), duration_s=40.0), motion(at(60), duration_s=10.0))

    assert counted(followed, 60) == [(0, 2, 40 - back_s + 10.0)]
    found = motions(followed.view, "DEMO", "yard", at(0), at(3600))
    assert [(one.started, one.ended) for one in found] == [(milliseconds(50), 1), (milliseconds(0), 1)]
    assert verify(MotionProjection(), followed.source) == []


def milliseconds(second: float) -> int:
    return round(at(second).timestamp() * 1000)


def test_updates_without_a_duration_belong_to_the_motion_that_began(followed: Followed) -> None:
    followed.take(motion(at(0), phase="start", duration_s=0.0), motion(at(4), phase="update", duration_s=0.0))
    followed.take(motion(at(900), phase="update", duration_s=0.0))

    assert counted(followed, 60) == [(0, 1, 4.0)]


def test_an_update_whose_start_is_gone_counts_from_the_start_that_it_names(followed: Followed) -> None:
    followed.take(motion(at(20), phase="update", duration_s=15.0), motion(at(22), duration_s=17.0))

    assert counted(followed, 5) == [(5, 1, 5.0), (10, 1, 5.0), (15, 1, 5.0), (20, 1, 2.0)]


def test_a_motion_that_lasted_for_days_by_its_own_account_does_not_fill_the_view(followed: Followed) -> None:
    followed.take(motion(at(0), duration_s=86_400.0 * 300))

    assert followed.view.execute("select count(*) from counts").fetchone() == (6 * 3600 // 5 + 6 * 60 + 2,)


def test_a_part_is_widened_until_it_cuts_no_motion(tmp_path: Path) -> None:
    midnight = 14 * 3600
    with Followed(MotionProjection(), tmp_path, lasting(20, began=midnight - 10)) as followed:
        wanted = TimeRange("DEMO", at(midnight), at(midnight + 60))
        replaced = rebuild_part(MotionProjection(), followed.source, wanted, lambda done, of: None)

        assert replaced.part.since == datetime(2026, 1, 5, tzinfo=UTC)
        assert verify(MotionProjection(), followed.source) == []


@pytest.mark.parametrize(("asked", "used"), [(1, 5), (5, 5), (36, 35), (60, 60), (299, 295), (300, 300)])
def test_a_bucket_is_a_multiple_of_five_seconds(asked: int, used: int) -> None:
    assert bucket_in_use(asked) == used


def test_the_track_of_a_motion_is_thinned_evenly(followed: Followed) -> None:
    followed.take(*lasting(9))

    every = track(followed.view, "DEMO", "yard", at(0), at(60), 100)
    assert [point.time - at(0).timestamp() for point in every] == list(range(10))
    assert every[0].boxes == ((0.25, 0.25, 0.5, 0.5),)
    few = track(followed.view, "DEMO", "yard", at(0), at(60), 4)
    assert [point.time - at(0).timestamp() for point in few] == [0, 3, 6, 9]


def tables(followed: Followed) -> dict[str, int]:
    names = ("motions", "tracks", "counts", "grids")
    return {name: followed.view.execute(f"select count(*) from {name}").fetchone()[0] for name in names}


def test_where_something_moved_is_kept_for_months_and_that_it_moved_for_longer(followed: Followed) -> None:
    day_s = 86_400
    followed.take(motion(at(0)), motion(at(0), device="gate"), motion(at(90 * day_s)))
    assert tables(followed) == {"motions": 3, "tracks": 3, "counts": 6, "grids": 3}

    followed.take(motion(at(120 * day_s)))
    assert [len(track(followed.view, "DEMO", where, at(-day_s), at(day_s), 9)) for where in ("yard", "gate")] == [0, 1]
    assert len(motions(followed.view, "DEMO", "yard", at(-day_s), at(121 * day_s))) == 3
    assert sum(one.began for one in buckets(followed.view, "DEMO", "yard", at(-day_s), at(121 * day_s))) == 3

    followed.take(motion(at(405 * day_s)))
    assert [one.started for one in motions(followed.view, "DEMO", "yard", at(-day_s), at(406 * day_s))] == [
        round((at(days * day_s).timestamp() - 4) * 1000) for days in (405, 120, 90)
    ]
    assert verify(MotionProjection(), followed.source) == []


LEFT, RIGHT = (0.0, 0.4, 0.1, 0.1), (0.8, 0.4, 0.1, 0.1)
RIGHT_HALF = ((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0))


def test_motions_within_an_area_are_those_that_ever_reached_into_it(followed: Followed) -> None:
    crossed = [
        motion(at(30), phase="start", duration_s=0.0, boxes=(LEFT,)),
        motion(at(40), phase="update", duration_s=10.0, boxes=(RIGHT,)),
        motion(at(50), phase="end", duration_s=20.0, boxes=(LEFT,)),
    ]
    followed.take(
        motion(at(10), boxes=(LEFT,)), *crossed, motion(at(70), boxes=(RIGHT,)), motion(at(90), boxes=(LEFT,))
    )

    def began(start: float, end: float, most: int = 100) -> tuple[list[int], int | None]:
        found = motions_within(followed.view, ("DEMO", "yard"), at(start), at(end), RIGHT_HALF, most=most)
        return [row.started for row in found.found], found.ended_at

    assert began(0, 3600) == ([milliseconds(66), milliseconds(30)], None)
    assert began(45, 3600) == ([milliseconds(66)], None), "at that time it was on the other side already"
    assert began(0, 3600, most=1) == ([milliseconds(66)], milliseconds(66))
    assert began(0, 66, most=1) == ([milliseconds(30)], milliseconds(30))


def test_a_search_of_too_many_moments_says_how_far_it_came(followed: Followed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "POINTS_SEARCHED", 3)
    followed.take(*(motion(at(10 * number), boxes=(LEFT,)) for number in range(1, 6)))

    found = motions_within(followed.view, ("DEMO", "yard"), at(0), at(3600), RIGHT_HALF)

    assert (found.found, found.ended_at) == ([], milliseconds(26))
