"""Health: which devices were heard, and what they said of themselves last."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from consumers.views.health.projection import HealthProjection
from consumers.views.health.questions import device, devices, last_tick, nodes, sources
from tests.builders import at, clock_set, frame, health, heartbeat, media, settings, state, thermal, tick
from tests.following import Followed

ANALYSED = {"blackscreen": False, "freeze": False, "audio": True}


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[Followed]:
    with Followed(HealthProjection(), tmp_path) as it:
        yield it


def status(followed: Followed, name: str = "yard") -> tuple[str, str | None]:
    found = device(followed.view, "DEMO", name)
    assert found is not None
    return found.status, found.reason


def test_status_and_reason_are_those_that_the_device_said_last_however_long_ago(followed: Followed) -> None:
    followed.take(health(at(0), "degraded", reason="no answer"), tick(at(1)))
    assert status(followed) == ("degraded", "no answer")

    followed.take(frame(at(2)), state(at(3), online=False, reason="cut"), tick(at(600)))
    assert status(followed) == ("degraded", "no answer")


def test_a_device_that_says_nothing_of_itself_is_unknown(followed: Followed) -> None:
    followed.take(frame(at(0)), tick(at(1)))

    assert status(followed) == ("unknown", None)


def test_who_only_says_that_it_is_there_is_a_device_where_it_is_online_and_a_node_where_it_beats(
    followed: Followed,
) -> None:
    followed.take(state(at(0), device="lamp"), heartbeat(at(0), device="node-1"), settings(at(1), device="node-1"))

    assert [one.device for one in devices(followed.view)] == ["lamp"]
    assert [(one.device, one.is_device) for one in sources(followed.view)] == [("lamp", True), ("node-1", False)]


def test_a_device_tells_its_last_event_and_what_it_sees_with(followed: Followed) -> None:
    followed.take(thermal(at(0), hottest=91.25), frame(at(1)), media(at(2)), tick(at(3)))

    found = devices(followed.view, "DEMO")[0]
    assert found.kinds == ("visual", "thermal")
    assert found.last_event == {"type": "frame", "time": "2026-01-05T10:00:01.000Z", "position": 2, "data": ANALYSED}
    assert found.last_frame == "2026-01-05T10:00:02.000Z"
    assert found.time_since_last_frame_seconds == 1.0


def test_of_a_heartbeat_only_what_it_says_is_kept_so_that_a_release_that_knows_of_more_folds_the_same(
    followed: Followed,
) -> None:
    followed.take(heartbeat(at(0), system={"cpu_percent": 12.5}, capture={"motion_events": 3}), tick(at(1)))
    [node] = nodes(followed.view)

    assert (node.heartbeat["system"], node.heartbeat["capture"]) == ({"cpu_percent": 12.5}, {"motion_events": 3})


def test_a_node_is_known_by_its_heartbeat(followed: Followed) -> None:
    followed.take(heartbeat(at(0), system={"cpu_percent": 12.5}, outbox_rows=3), tick(at(1)))

    assert devices(followed.view) == []
    assert nodes(followed.view)[0].heartbeat["system"]["cpu_percent"] == 12.5
    assert last_tick(followed.view) == at(1).timestamp()


def test_an_unknown_device_is_none(followed: Followed) -> None:
    followed.take(frame())

    assert device(followed.view, "DEMO", "nowhere") is None


def test_the_moment_of_the_question_may_be_given(followed: Followed) -> None:
    followed.take(frame(at(0)), tick(at(1)))

    assert devices(followed.view, now=at(12.345))[0].time_since_last_frame_seconds == 12.35


def test_a_device_whose_clock_ran_ahead_has_its_last_frame_when_that_came_once_it_is_set(followed: Followed) -> None:
    followed.take(frame(at(3600)), clock_set(at(0), step_s=-3600.0), tick(at(31)))

    found = devices(followed.view)[0]
    assert found.last_frame == "2026-01-05T10:00:00.000Z"
    assert found.last_event is not None
    assert (found.last_event["type"], found.last_event["data"]) == ("clock", {"step_s": -3600.0})


def test_a_source_that_was_removed_is_no_kind_of_its_device_any_more(tmp_path: Path) -> None:
    both = health(at(0), kinds=("visual", "thermal"))
    with Followed(HealthProjection(), tmp_path, [both, thermal(at(1)), frame(at(1))]) as followed:
        [before] = devices(followed.view)
        followed.take(health(at(60), kinds=("visual",)), frame(at(61)))
        [after] = devices(followed.view)

    assert (before.kinds, after.kinds) == (("visual", "thermal"), ("visual",))
