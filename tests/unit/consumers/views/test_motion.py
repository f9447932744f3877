"""Motion: counts, and where in the picture of a day."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from bus_schemas.registry import RegistryEvent
from consumers.engine.rebuild.compare import verify
from consumers.engine.rebuild.part import NotInPart, rebuild_part
from consumers.engine.rebuild.time_range import TimeRange
from consumers.views.motion import MotionProjection, buckets
from consumers.views.motion_grids import heat_grid, heat_map
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


def test_x_04_a_motion_that_is_told_twice_counts_once(followed: Followed) -> None:
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


def test_the_begin_of_a_motion_is_not_counted(followed: Followed) -> None:
    followed.take(motion(at(0), phase="start"), motion(at(1), phase="update"))

    assert buckets(followed.view, "DEMO", "yard", at(-60), at(60)) == []
