"""Whether a device is there: a test for each row of the table of presence in `docs/alerting.md`."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from bus_schemas.event import Event
from bus_schemas.radiometric import CONTENT_TYPE
from consumers.alerting.alerts.questions import alerts
from consumers.alerting.incidents.questions import incidents
from consumers.alerting.rules import AlertRules
from consumers.ingest.registry import Configured, ConfiguredDevice, ConfiguredSite
from tests.alerting_steps import AGENT, condition, emitted, frames, loss, raised, take, ticks
from tests.builders import at, detection, frame, health, heartbeat, media, registry, state, tick
from tests.examples import examples
from tests.following import Followed
from tests.live_journal import judged

# Whether a device is there


class Row(NamedTuple):
    """What happened, in seconds after the start; what came of it: incidents, alerts, and the condition at the end."""

    events: Sequence[Event]
    incidents: list[tuple[str, str]]
    alerts: list[tuple[str, str]]
    condition: str


OPENED, CLOSED = ("offline", "opened"), ("offline", "closed")


TOLD, OVER, RECOVERED = ("device_offline", "raised"), ("device_offline", "cleared"), ("device_recovered", "raised")


def raw_frame(second: float) -> Event:
    event = media(at(second), kind="thermal", **AGENT)
    return event.model_copy(update={"data": event.data.model_copy(update={"content_type": CONTENT_TYPE})})


ROWS: dict[str, Callable[[], Row]] = {
    "here, and its last will arrives": lambda: Row([*frames(0, 5), loss(5)], [OPENED], [TOLD], "offline"),
    "here, and it says that it was stopped": lambda: Row([*frames(0, 5), loss(5, "stopped")], [OPENED], [], "offline"),
    "here, and its health says that the agent stops": lambda: Row(
        [*frames(0, 5), health(at(5), "stopped", reason="the agent stops", **AGENT)], [OPENED], [], "offline"
    ),
    "here, and its last heartbeat says that the agent stops": lambda: Row(
        [*frames(0, 5), heartbeat(at(5), status="stopping", device="yard", **AGENT)], [OPENED], [], "offline"
    ),
    "here, and its recording is over": lambda: Row(
        [*frames(0, 5), health(at(5), "stopped", reason="the recording is over", **AGENT)], [OPENED], [TOLD], "offline"
    ),
    "here, and nothing comes": lambda: Row([*frames(0, 5), *ticks(0, 40)], [OPENED], [TOLD], "offline"),
    "here, and nothing comes for less than the time": lambda: Row([*frames(0, 5), *ticks(0, 30)], [], [], "ok"),
    "here, and its source cannot be reached": lambda: Row(
        [
            *frames(0, 5),
            *ticks(0, 60),
            *(health(at(s), "degraded", reason="refused", **AGENT) for s in range(6, 60, 5)),
        ],
        [("degraded", "opened"), OPENED, ("degraded", "closed")],
        [("device_degraded", "raised"), TOLD, ("device_degraded", "cleared")],
        "offline",
    ),
    "here, degraded, and its pictures come": lambda: Row(
        [*frames(0, 60), *ticks(0, 60), *(health(at(s), "degraded", **AGENT) for s in range(6, 60, 5))],
        [("degraded", "opened")],
        [("device_degraded", "raised")],
        "warning",
    ),
    "lost, and an event that was on its way arrives": lambda: Row(
        [*frames(0, 5), loss(5), *frames(5.1, 8.1, 2)], [OPENED], [TOLD], "offline"
    ),
    "lost, and it says that it is online": lambda: Row(
        [*frames(0, 5), loss(5), state(at(20), **AGENT)], [OPENED], [TOLD], "offline"
    ),
    "lost, and a picture comes that was taken after it came online": lambda: Row(
        [*frames(0, 5), loss(5), state(at(20), **AGENT), *frames(21, 24)],
        [OPENED, CLOSED],
        [TOLD, OVER, RECOVERED],
        "ok",
    ),
    "lost, and its agent says that it is degraded": lambda: Row(
        [*frames(0, 5), loss(5), state(at(20), **AGENT), health(at(21), "degraded", **AGENT)],
        [OPENED],
        [TOLD],
        "offline",
    ),
    "silent, and a picture comes": lambda: Row(
        [*frames(0, 5), *ticks(0, 40), *frames(41, 44)], [OPENED, CLOSED], [TOLD, OVER, RECOVERED], "ok"
    ),
    "silent, and only a raw thermal frame comes, in which nothing was measured": lambda: Row(
        [*frames(0, 5), *ticks(0, 40), raw_frame(41)], [OPENED], [TOLD], "offline"
    ),
    "silent, and only a heartbeat comes": lambda: Row(
        [*frames(0, 5), *ticks(0, 40), heartbeat(at(41), device="yard", **AGENT)], [OPENED], [TOLD], "offline"
    ),
    "stopped by somebody, and started again": lambda: Row(
        [*frames(0, 5), loss(5, "stopped"), *ticks(0, 60), state(at(50), **AGENT), *frames(51, 55)],
        [OPENED, CLOSED],
        [],
        "ok",
    ),
    "stopped by somebody, started again, and without a picture": lambda: Row(
        [
            *frames(0, 5),
            loss(5, "stopped"),
            *ticks(0, 100),
            state(at(50), **AGENT),
            *(health(at(s), "degraded", reason="refused", **AGENT) for s in range(51, 100, 5)),
        ],
        [OPENED, OPENED],
        [TOLD],
        "offline",
    ),
    "foreign, and silent for hours": lambda: Row(
        [detection(at(0)), *ticks(0, 60), *ticks(7200, 7260)],
        [],
        [],
        "ok",
    ),
    "foreign, with a last will of its own": lambda: Row([detection(at(0)), loss(5)], [OPENED], [TOLD], "offline"),
    "foreign, and online again": lambda: Row(
        [detection(at(0)), loss(5), state(at(20))], [OPENED, CLOSED], [TOLD, OVER, RECOVERED], "ok"
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_each_row_of_the_table_of_presence(followed: Followed, name: str) -> None:
    row = ROWS[name]()
    take(followed, *row.events)

    of_yard = [(kind, state) for device, kind, state in emitted(followed) if device == "yard"]
    assert of_yard == row.incidents
    assert [(kind, state) for device, kind, state in raised(followed) if device == "yard"] == row.alerts
    assert condition(followed)[0] == row.condition


def test_a_camera_that_never_worked_is_missed_and_has_not_recovered_when_it_comes(tmp_path: Path) -> None:
    site = ConfiguredSite("DEMO", "Demo yard", devices=(ConfiguredDevice("yard", "Yard"),))
    with judged(tmp_path, Configured((site,))) as followed:
        take(followed, *(tick(at(second), uptime_s=second) for second in range(0, 41, 5)))
        assert raised(followed) == [("yard", "device_offline", "raised")]

        take(followed, *frames(50, 55))
        assert raised(followed) == [("yard", "device_offline", "raised"), ("yard", "device_offline", "cleared")]
        assert condition(followed) == ("ok", ())


def test_a_camera_that_takes_long_to_open_has_not_recovered_when_it_does(followed: Followed) -> None:
    take(followed, health(at(10), "degraded", **AGENT), *frames(11, 14), health(at(14), **AGENT))

    assert raised(followed) == [("yard", "device_degraded", "raised"), ("yard", "device_degraded", "cleared")]


@pytest.mark.parametrize("expects", ["nothing", "heartbeat"])
def test_what_is_expected_of_a_foreign_device_is_declared(followed: Followed, expects: str) -> None:
    take(followed, registry(at(-1), device="door", expects=expects), detection(at(0), device="door"), *ticks(0, 70))

    assert emitted(followed) == ([] if expects == "nothing" else [("door", "offline", "opened")])


def test_a_last_will_is_dated_at_its_arrival_and_not_at_the_connection_that_left_it(followed: Followed) -> None:
    followed.take(frame(at(600), **AGENT), received=at(600))
    followed.take(loss(0), received=at(864_000))

    [found], [alert] = incidents(followed.view), alerts(followed.view)
    assert found["opened"] == alert["raised"] == "2026-01-15T10:00:00.000Z"
    assert "late_s" not in alert["details"]


def test_an_alert_is_never_raised_before_its_incident_was_opened(followed: Followed) -> None:
    followed.take(frame(at(5), **AGENT), received=at(5))
    followed.take(loss(0, "stopped"), received=at(9))
    followed.take(loss(0, device="gate"), received=at(9))

    opened = {one["device"]: one["opened"] for one in incidents(followed.view)}
    assert all(one["raised"] >= opened[one["device"]] for one in alerts(followed.view))
    assert [one["device"] for one in alerts(followed.view)] == ["gate"]


@examples(20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    after_s=st.sampled_from([1.0, 5.0, 10.0, 24.0, 25.0, 30.0, 60.0]),
    jitter=st.lists(st.floats(-4, 4), min_size=30, max_size=30),
    shift=st.floats(0, 5),
)
def test_no_threshold_makes_an_agent_flap_that_says_every_ten_seconds_that_it_is_there(
    after_s: float, jitter: list[float], shift: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rules = AlertRules(offline_after_s=after_s).values()
    with judged(tmp_path_factory.mktemp("run"), Configured(rules=rules)) as followed:
        beats = [at(10 * number + by + 5) for number, by in enumerate(jitter)]
        alive = [health(moment, **AGENT) for moment in beats]
        take(followed, *alive, *(tick(one.time + (at(shift) - at(0))) for one in ticks(0, 300)))

        assert emitted(followed) == []
