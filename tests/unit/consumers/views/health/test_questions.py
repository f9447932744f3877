"""Health: the registry of devices, and their status at a moment."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from consumers.views.health.projection import HealthProjection
from consumers.views.health.questions import device, devices, last_tick, nodes
from tests.builders import at, clock_set, detection, frame, health, heartbeat, media, state, thermal, tick
from tests.following import Followed

ANALYSED = {"blackscreen": False, "freeze": False, "audio": True}


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[Followed]:
    with Followed(HealthProjection(), tmp_path) as it:
        yield it


def status(followed: Followed, name: str = "yard") -> str:
    found = device(followed.view, "DEMO", name)
    assert found is not None
    return found.status


def test_thirty_seconds_without_a_frame_are_healthy_and_more_are_stale(followed: Followed) -> None:
    followed.take(frame(at(0)), detection(at(29)), tick(at(30)))
    before = status(followed)
    followed.take(tick(at(30.01)))

    assert (before, status(followed)) == ("healthy", "stale")


def test_not_recording_comes_before_failing_and_failing_before_stale(followed: Followed) -> None:
    followed.take(health(at(0), "stopped", consecutive_failures=3), tick(at(1)))
    first = status(followed)
    followed.take(health(at(40), consecutive_failures=3, last_frame_time=at(0)), tick(at(41)))

    assert (first, status(followed)) == ("stopped", "degraded")


def test_a_device_that_never_had_a_frame_is_not_stale(followed: Followed) -> None:
    followed.take(health(at(0), last_frame_time=None), health(at(60), last_frame_time=None), tick(at(61)))

    assert status(followed) == "healthy"


def test_a_device_is_offline_when_nothing_is_received_for_thirty_seconds(followed: Followed) -> None:
    followed.take(frame(at(0)), tick(at(31)))

    found = devices(followed.view)[0]
    assert (found.online, found.status, found.reason) == (False, "offline", "nothing received for 31 s")


def test_no_device_is_silent_while_the_hub_has_just_started(followed: Followed) -> None:
    followed.take(frame(at(0)), tick(at(600), uptime_s=10))

    assert devices(followed.view)[0].online


def test_the_last_will_takes_all_devices_of_its_connection_offline(followed: Followed) -> None:
    followed.take(frame(epoch="e1"), frame(device="gate", epoch="e1"), frame(device="roof", epoch="e2"))
    followed.take(heartbeat(epoch="e1"), state(at(1), online=False, device="node-1", reason="cut"), tick(at(2)))

    assert [(each.device, each.online, each.reason) for each in devices(followed.view)] == [
        ("gate", False, "cut"),
        ("roof", True, None),
        ("yard", False, "cut"),
    ]
    assert [(each.node, each.online) for each in nodes(followed.view)] == [("node-1", False)]


def test_a_device_is_online_again_with_its_next_event(followed: Followed) -> None:
    followed.take(frame(), state(at(1), online=False), frame(at(2)), tick(at(3)))

    assert devices(followed.view)[0].online


def test_a_device_tells_its_last_event_and_what_it_sees_with(followed: Followed) -> None:
    followed.take(thermal(at(0), hottest=91.25), frame(at(1)), media(at(2)), tick(at(3)))

    found = devices(followed.view, "DEMO")[0]
    assert found.kinds == ("visual", "thermal")
    assert found.last_event == {"type": "frame", "time": "2026-01-05T10:00:01.000Z", "position": 2, "data": ANALYSED}
    assert found.last_frame == "2026-01-05T10:00:02.000Z"
    assert found.time_since_last_frame_seconds == 1.0


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


def test_a_device_whose_clock_ran_ahead_is_stale_all_the_same_once_it_is_set(followed: Followed) -> None:
    followed.take(frame(at(3600)), clock_set(at(0), step_s=-3600.0), tick(at(31)))

    found = devices(followed.view)[0]
    assert (found.status, found.last_frame) == ("stale", "2026-01-05T10:00:00.000Z")
    assert found.last_event is not None
    assert (found.last_event["type"], found.last_event["data"]) == ("clock", {"step_s": -3600.0})
