"""What an alert says, which incidents raise none, and in what condition a device is."""

from typing import Any

import pytest

from bus_schemas.alert import AlertEvent
from bus_schemas.event import Event
from consumers.alerting.alerts.questions import alerts
from consumers.alerting.conditions import conditions
from consumers.alerting.incidents.questions import incidents
from tests.alerting_steps import AGENT, condition, frames, raised, take, ticks
from tests.builders import at, detection, frame, health, heartbeat, media, registry, settings, state, thermal, tick
from tests.following import Followed

YARD = ("DEMO", "yard")


# What people are told


def test_what_is_known_late_says_so(followed: Followed) -> None:
    for second in range(31):
        followed.journal.append(frame(at(second), freeze=True, **AGENT), received=at(720 + second / 10))
    followed.catch_up()

    [alert] = alerts(followed.view)
    assert alert["message"] == "The picture of camera yard is frozen (known 12 minutes late)"
    assert alert["details"]["late_s"] == pytest.approx(693.0)


def test_a_worse_alert_shows_what_decided_that_and_not_what_came_first(followed: Followed) -> None:
    warm, hot = thermal(at(0), hottest=76.0), thermal(at(30), hottest=87.6)
    seen = media(at(29), kind="capture")
    take(followed, warm, seen, hot)

    [alert] = alerts(followed.view)
    assert (alert["level"], alert["details"]["max_temp"], alert["details"]["hot_spots"]) == ("error", 87.6, 1)
    assert alert["media"] == [seen.data.key]
    assert incidents(followed.view)[0]["causes"] == [warm.id, hot.id]


def test_a_cleared_alert_has_a_sentence_of_its_own_and_is_good_news(followed: Followed) -> None:
    take(followed, *frames(0, 60, blackscreen=True), *frames(60, 80))

    over = [event.data for event in followed.emitted() if isinstance(event, AlertEvent)][-1]
    assert (over.state, over.level) == ("cleared", "info")
    assert over.message == "Camera yard shows a picture again after 60 seconds"
    [alert] = alerts(followed.view)
    assert (alert["message"], alert["cleared_message"]) == ("Camera yard shows a black screen", over.message)


def test_an_alert_that_a_cool_down_swallows_is_marked_on_its_incident(followed: Followed) -> None:
    for first in (0, 100):
        take(followed, *frames(first, first + 40, blackscreen=True), *frames(first + 40, first + 60))

    assert [one["suppressed"] for one in incidents(followed.view)] == ["cool_down", None]
    assert [state for _, _, state in raised(followed)] == ["raised", "cleared"]


# The condition of a device


def test_of_a_device_that_was_never_received_nothing_is_known(followed: Followed) -> None:
    take(followed, *ticks(0, 20), settings(at(1)))

    assert condition(followed) == ("unknown", ())


def test_frames_of_which_nothing_can_be_judged_are_not_ok(followed: Followed) -> None:
    blank: dict[str, Any] = {"blackscreen": None, "freeze": None, "audio": None}
    take(followed, *frames(0, 5, **blank))
    assert condition(followed) == ("unknown", ())

    take(followed, *frames(5, 6))
    assert condition(followed) == ("ok", ())
    take(followed, *frames(6, 40, **blank))
    assert condition(followed) == ("unknown", ())


def test_the_worst_of_what_is_open_is_the_condition_and_stands_first(followed: Followed) -> None:
    take(followed, *frames(0, 40, blackscreen=True), thermal(at(40), hottest=97.0, **AGENT))

    found = conditions(followed.view)[YARD]
    assert (found.condition, found.types, found.level) == ("critical", ("hot_spot", "blackscreen"), "critical")
    assert found.since == at(40).timestamp()


def test_the_condition_can_be_asked_as_of_a_position(followed: Followed) -> None:
    take(followed, *frames(0, 60, blackscreen=True), *frames(60, 80))

    by_position = [conditions(followed.view, upto)[YARD].condition for upto in (1, 30, 31, 60, 80)]
    assert by_position == ["ok", "ok", "warning", "warning", "ok"]


SIGNS: dict[str, list[Event]] = {
    "that its agent is online": [state(at(1))],
    "beats of its agent": [heartbeat(at(second), device="yard", **AGENT) for second in (1, 11)],
    "both, and its settings": [state(at(1)), heartbeat(at(2), device="yard", **AGENT), settings(at(3), **AGENT)],
}


@pytest.mark.parametrize("name", SIGNS)
@pytest.mark.parametrize("expects", [None, "frames"])
def test_that_an_agent_is_there_does_not_show_that_its_camera_works(
    followed: Followed, name: str, expects: str | None
) -> None:
    """Neither is it well before the first picture, nor has it recovered with that."""
    take(followed, registry(at(0), name="Yard", expects=expects), tick(at(0), uptime_s=0.0), *SIGNS[name])
    take(followed, heartbeat(at(12), device="yard", **AGENT))
    assert condition(followed) == ("unknown", ())

    take(followed, health(at(20), "degraded", **AGENT), *frames(21, 24), health(at(24), **AGENT))
    assert condition(followed) == ("ok", ())
    assert raised(followed) == [("yard", "device_degraded", "raised"), ("yard", "device_degraded", "cleared")]


def test_of_a_device_that_is_only_to_beat_beats_show_that_it_works(followed: Followed) -> None:
    take(followed, registry(at(0), name="Yard", expects="heartbeat"), heartbeat(at(1), device="yard", **AGENT))

    assert condition(followed) == ("ok", ())


def test_what_only_beats_is_a_node_until_it_is_registered_or_sends_another_thing(followed: Followed) -> None:
    take(
        followed, heartbeat(at(0), device="node-1"), heartbeat(at(0), device="beacon"), heartbeat(at(0), device="door")
    )
    assert conditions(followed.view) == {}

    take(followed, registry(at(1), device="beacon", name="Beacon"), detection(at(2), device="door"))
    found = {device: one.condition for (_, device), one in conditions(followed.view).items()}
    assert found == {"beacon": "ok", "door": "ok"}


def test_nobody_knows_how_a_retired_device_is_until_it_is_back_and_seen(followed: Followed) -> None:
    take(followed, registry(at(0), name="Yard"), *frames(0, 40, blackscreen=True), registry(at(41), retired=True))
    assert (condition(followed), conditions(followed.view)[YARD].reason) == (("unknown", ()), "retired")

    take(followed, registry(at(42), retired=False))
    assert (condition(followed), conditions(followed.view)[YARD].reason) == (("unknown", ()), None)
    take(followed, *frames(43, 44))
    assert condition(followed) == ("ok", ())
