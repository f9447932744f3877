"""The clock of the hub is set back, by people or by a time server: what was noted by the old one hides nothing."""

import pytest

from bus_schemas.event import Event
from tests.alerting_steps import AGENT, frames, loss, raised, take
from tests.builders import at, frame, health, state, tick
from tests.following import Followed
from tests.incident_reports import reported

DAY = 86_400.0


def hub_ticks(first: float, last: float, uptime_s: float) -> list[Event]:
    """Of a process that had run for so long at the first."""
    count = int((last - first) // 5)
    return [tick(at(first + 5 * n), uptime_s=uptime_s + 5 * n) for n in range(count + 1)]


def ran_a_day_ahead(followed: Followed, *events: Event) -> None:
    take(followed, *hub_ticks(DAY, DAY + 20, 3600), *events)


def test_a_device_that_goes_silent_afterwards_is_missed_as_always(followed: Followed) -> None:
    ran_a_day_ahead(followed, *frames(DAY, DAY + 20))
    take(followed, *hub_ticks(0, 30, 3620))
    before = reported(followed)
    take(followed, *hub_ticks(35, 40, 3655))

    assert before == []
    assert reported(followed) == [("yard", "offline", "opened")]


def test_a_camera_that_gives_no_picture_any_more_is_missed_as_always(followed: Followed) -> None:
    ran_a_day_ahead(
        followed, *frames(DAY, DAY + 10), health(at(DAY + 15), status="degraded", reason="timeout", **AGENT)
    )
    take(followed, *hub_ticks(0, 40, 3620), *[state(at(second), **AGENT) for second in range(0, 40, 10)])

    assert ("yard", "offline", "opened") in reported(followed)


def test_a_device_that_was_lost_before_is_back_with_its_next_reading(followed: Followed) -> None:
    """Its own clock was right all the time."""
    for second in range(10):
        followed.journal.append(frame(at(second), **AGENT), received=at(DAY + second))
    ran_a_day_ahead(followed, loss(DAY + 12, **AGENT))
    take(followed, *hub_ticks(0, 20, 3620), *frames(15, 20))

    assert reported(followed) == [("yard", "offline", "opened"), ("yard", "offline", "closed")]


@pytest.mark.parametrize("back_s", [DAY, 2 * 3600.0])
def test_what_was_told_by_the_old_clock_silences_nothing(followed: Followed, back_s: float) -> None:
    dark, light = frames(DAY, DAY + 40, blackscreen=True), frames(DAY + 40, DAY + 60)
    take(followed, *hub_ticks(DAY, DAY + 60, 3600), *dark, *light)
    again = DAY - back_s
    take(followed, *hub_ticks(again, again + 40, 3660), *frames(again, again + 40, blackscreen=True))

    assert [turn for _, _, turn in raised(followed)] == ["raised", "cleared", "raised"]


def test_an_alert_that_a_cool_down_deferred_is_raised_by_the_new_clock(followed: Followed) -> None:
    dark, light = frames(DAY, DAY + 40, blackscreen=True), frames(DAY + 40, DAY + 60)
    take(followed, *hub_ticks(DAY, DAY + 60, 3600), *dark, *light)
    take(followed, *hub_ticks(DAY + 65, DAY + 100, 3665), *frames(DAY + 61, DAY + 100, blackscreen=True))
    before = [turn for _, _, turn in raised(followed)]
    take(followed, *hub_ticks(0, 10, 3700), *frames(0, 10, blackscreen=True))

    assert before == ["raised", "cleared"]
    assert [turn for _, _, turn in raised(followed)] == ["raised", "cleared", "raised"]
