"""The state machine of alerting, a test for each row of the tables in `docs/alerting.md`."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from bus_schemas.alert import AlertEvent, IncidentEvent
from bus_schemas.event import Event, iso
from consumers.alerting.alerts.questions import alerts
from consumers.alerting.conditions import conditions
from consumers.alerting.incidents.questions import incidents
from consumers.alerting.projection import AlertingProjection
from consumers.alerting.rules import AlertRules
from consumers.engine.intervals import IntervalQuery
from consumers.ingest.registry import Configured, ConfiguredDevice, ConfiguredSite
from tests.builders import (
    at,
    detection,
    fault,
    frame,
    health,
    heartbeat,
    media,
    registry,
    settings,
    state,
    thermal,
    tick,
)  # fmt: skip
from tests.examples import examples
from tests.following import Followed, hub_in
from tests.live_journal import judged

YARD = ("DEMO", "yard")
Spans = Sequence[tuple[int, int]]
AGENT: dict[str, Any] = {"epoch": "e1"}


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[Followed]:
    hub = hub_in(tmp_path)
    with Followed(AlertingProjection(), hub.data) as it:
        yield it


def emitted(followed: Followed) -> list[tuple[str, str, str]]:
    """Device, type and state of each incident event."""
    data = [event.data for event in followed.emitted() if isinstance(event, IncidentEvent)]
    return [(each.device, each.type, each.state) for each in data]


def raised(followed: Followed) -> list[tuple[str, str, str]]:
    """Device, type and state of each alert event."""
    data = [event.data for event in followed.emitted() if isinstance(event, AlertEvent)]
    return [(each.device, each.type, each.state) for each in data]


def ticks(first: float, last: float) -> list[Event]:
    """The hub's heartbeats, of one process that runs since long before."""
    count = int((last - first) // 5)
    return [tick(at(first + 5 * n), uptime_s=3600 + first + 5 * n) for n in range(count + 1)]


def take(followed: Followed, *events: Event) -> None:
    """In the order of their times, each received at once."""
    for event in sorted(events, key=lambda one: one.time):
        followed.journal.append(event, received=event.time)
    followed.catch_up()


def frames(first: float, last: float, fps: float = 1.0, **about: Any) -> list[Event]:
    count = round((last - first) * fps)
    return [frame(at(first + n / fps), **{**AGENT, **about}) for n in range(count)]


def condition(followed: Followed, device: str = "yard") -> tuple[str, tuple[str, ...]]:
    found = conditions(followed.view).get(("DEMO", device))
    return ("unknown", ()) if found is None else (found.condition, found.types)


# What frames show

BAD = {
    "blackscreen": {"blackscreen": True},
    "freeze": {"freeze": True},
    "corrupt_rows": {"corrupt_rows": True},
    "macroblocks": {"macroblocks": True},
    "audio_loss": {"audio": False},
}
GOOD = {"corrupt_rows": False, "macroblocks": False}


@pytest.mark.parametrize("fps", [1, 2, 5, 15])
@pytest.mark.parametrize("kind", sorted(BAD))
def test_a_minute_of_trouble_is_one_incident_of_a_minute_at_every_rate(
    followed: Followed, kind: str, fps: float
) -> None:
    bad = {**GOOD, **BAD[kind]}
    take(followed, *frames(0, 40, fps, **GOOD), *frames(40, 100, fps, **bad), *frames(100, 200, fps, **GOOD))

    [found] = incidents(followed.view)
    assert (found["type"], found["opened"], found["duration_s"]) == (kind, "2026-01-05T10:00:40.000Z", 60.0)
    assert [state for _, _, state in raised(followed)] == ["raised", "cleared"]


@pytest.mark.thorough
@examples(12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(sorted(BAD)),
    fps=st.sampled_from([1, 2, 5]),
    lasts_s=st.integers(31, 120),
    good=st.sets(st.integers(0, 119), max_size=4),
)
def test_single_good_frames_within_and_good_frames_behind_a_fault_open_no_second_one(
    kind: str, fps: int, lasts_s: int, good: set[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    hub = hub_in(tmp_path_factory.mktemp("run"))
    with Followed(AlertingProjection(), hub.data) as followed:
        bad = frames(0, lasts_s, fps, **BAD[kind])
        bad = [one for number, one in enumerate(bad) if number // fps not in good or number % fps]
        take(followed, *bad, *frames(lasts_s, lasts_s + 90, fps))

        assert [one["type"] for one in incidents(followed.view)] == [kind]


def test_a_good_frame_opens_nothing_whatever_the_window_holds(followed: Followed) -> None:
    take(followed, *frames(0, 27, blackscreen=True), *frames(27, 60))

    assert emitted(followed) == []


def test_a_single_bad_frame_after_a_fault_that_is_over_opens_nothing(followed: Followed) -> None:
    take(
        followed, *frames(0, 60, blackscreen=True), *frames(60, 66), *frames(66, 67, blackscreen=True), *frames(67, 90)
    )

    assert emitted(followed) == [("yard", "blackscreen", "opened"), ("yard", "blackscreen", "closed")]


def test_frames_that_nobody_could_judge_neither_end_nor_raise_anything(followed: Followed) -> None:
    blank: dict[str, Any] = {"blackscreen": None, "freeze": None, "audio": None}
    take(followed, *frames(0, 40, freeze=True), *frames(40, 80, **blank))

    assert emitted(followed) == [("yard", "freeze", "opened")]


def test_a_restart_of_the_agent_neither_ends_nor_raises_a_freeze_that_goes_on(followed: Followed) -> None:
    blank: dict[str, Any] = {"blackscreen": None, "freeze": None, "audio": None}
    take(followed, *frames(0, 40, freeze=True), *frames(80, 84, **blank), *frames(84, 140, freeze=True))
    assert emitted(followed) == [("yard", "freeze", "opened")]

    take(followed, *frames(140, 160))
    [found] = incidents(followed.view)
    assert (found["state"], found["duration_s"]) == ("closed", 140.0)


def test_the_next_freeze_after_a_black_screen_needs_its_whole_window(followed: Followed) -> None:
    take(followed, *frames(0, 20), *frames(20, 40, blackscreen=True), *frames(40, 65, freeze=True))
    assert emitted(followed) == []

    take(followed, *frames(65, 75, freeze=True))
    assert emitted(followed) == [("yard", "freeze", "opened")]


def test_a_fault_that_counts_before_another_ends_it_when_it_opens(followed: Followed) -> None:
    take(followed, *frames(0, 60, freeze=True), *frames(60, 120, freeze=True, blackscreen=True), *frames(120, 140))

    assert emitted(followed) == [
        ("yard", "freeze", "opened"), ("yard", "blackscreen", "opened"), ("yard", "freeze", "closed"),
        ("yard", "blackscreen", "closed"),
    ]  # fmt: skip
    black, frozen = incidents(followed.view)
    assert (black["opened"], black["duration_s"]) == (frozen["closed"], 60.0)
    assert frozen["duration_s"] == 60.0
    [over] = [one["cleared_message"] for one in alerts(followed.view) if one["type"] == "freeze"]
    assert over == "Camera yard shows a black screen now, after 60 seconds of another fault"


def test_a_fault_that_counts_before_another_leaves_it_alone_until_it_opens(followed: Followed) -> None:
    take(followed, *frames(0, 60, freeze=True), *frames(60, 70, freeze=True, blackscreen=True))
    take(followed, *frames(70, 80, freeze=True))

    assert emitted(followed) == [("yard", "freeze", "opened")]


def failing(picture: Spans, sound: Spans, of: str = "blackscreen") -> list[Event]:
    """300 s of frames, of which the picture fails in some seconds and the sound in others."""

    def holds(second: int, spans: Spans) -> bool:
        return any(first <= second < last for first, last in spans)

    return [
        frame(at(second), **AGENT, **{of: holds(second, picture)}, audio=not holds(second, sound))
        for second in range(300)
    ]


CAUSES: dict[str, tuple[Spans, Spans, list[tuple[str, int]]]] = {
    "picture and sound fail and return together": ([(60, 160)], [(60, 160)], [("picture", 60)]),
    "the sound fails a little before the picture": ([(68, 160)], [(60, 160)], [("picture", 68)]),
    "the sound fails a little after the picture": ([(60, 160)], [(68, 160)], [("picture", 60)]),
    "the sound returns before the picture": ([(60, 160)], [(60, 120)], [("picture", 60)]),
    "the sound is still missing when the picture is back": ([(60, 160)], [(60, 220)], [("picture", 60), ("sound", 60)]),
    "the sound failed long before the picture": ([(120, 220)], [(60, 220)], [("sound", 60), ("picture", 120)]),
    "the sound fails long after the picture": ([(60, 220)], [(120, 220)], [("picture", 60), ("sound", 120)]),
    "the sound fails once more while the picture does": (
        [(60, 260)], [(60, 110), (150, 260)], [("picture", 60), ("sound", 150)],
    ),
    "the picture fails for too short a time to be an incident": ([(60, 75)], [(60, 160)], [("sound", 60)]),
    "only the sound fails": ([], [(60, 160)], [("sound", 60)]),
    "only the picture fails": ([(60, 160)], [], [("picture", 60)]),
}  # fmt: skip


@pytest.mark.parametrize("kind", ["blackscreen", "freeze"])
@pytest.mark.parametrize("name", sorted(CAUSES))
def test_picture_and_sound_that_fail_together_have_one_cause_and_one_alert(
    followed: Followed, name: str, kind: str
) -> None:
    picture, sound, expected = CAUSES[name]
    take(followed, *ticks(0, 300), *failing(picture, sound, kind))

    names = {"picture": kind, "sound": "audio_loss"}
    found = [(one["type"], one["opened"], one["state"]) for one in reversed(incidents(followed.view))]
    assert sorted(found) == sorted((names[what], iso(at(since)), "closed") for what, since in expected)
    assert sorted(raised(followed)) == sorted(
        ("yard", names[what], state) for what, _ in expected for state in ("raised", "cleared")
    )


def test_the_alert_of_the_picture_says_that_the_sound_is_missing_too(followed: Followed) -> None:
    take(followed, *failing([(60, 160)], [(62, 160)]))

    [said] = [
        event.data for event in followed.emitted() if isinstance(event, AlertEvent) and event.data.state == "raised"
    ]
    assert said.message == "Camera yard shows a black screen, and its sound is missing"
    assert said.details["without_sound"] is True


def test_an_outage_of_the_agent_makes_no_second_alert_of_one_cause(followed: Followed) -> None:
    lost: dict[str, Any] = {"blackscreen": True, "audio": False}
    take(followed, *frames(0, 60, **lost), *frames(150, 240, **lost))

    assert emitted(followed) == [("yard", "blackscreen", "opened")]


def test_a_hot_spot_lasts_until_the_first_cool_frame(followed: Followed) -> None:
    hot = [thermal(at(second), hottest=97.0 if second < 20 else 30.0) for second in range(60)]
    take(followed, *hot)

    [found] = incidents(followed.view)
    assert (found["type"], found["duration_s"]) == ("hot_spot", 20.0)


# Whether a device is there


class Row(NamedTuple):
    """What happened, in seconds after the start; what came of it: incidents, alerts, and the condition at the end."""

    events: Sequence[Event]
    incidents: list[tuple[str, str]]
    alerts: list[tuple[str, str]]
    condition: str


def loss(second: float, reason: str = "connection lost", **about: Any) -> Event:
    """A state of offline. That of a last will says the time of its connection."""
    return state(at(second), online=False, reason=reason, **about)


OPENED, CLOSED = ("offline", "opened"), ("offline", "closed")
TOLD, OVER, RECOVERED = ("device_offline", "raised"), ("device_offline", "cleared"), ("device_recovered", "raised")

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


# The agent, and what hangs under it

CAMERAS = ("gate", "roof", "yard")


def beats(second: float, node: str | None = "north") -> list[Event]:
    return [heartbeat(at(second), device=device, node=node, **AGENT) for device in CAMERAS]


def test_a_dead_agent_is_one_incident_of_the_node_with_its_devices_under_it_and_one_alert(followed: Followed) -> None:
    pictures = [frame(at(1), device=device, **AGENT) for device in CAMERAS]
    wills = [loss(20 + n / 10, device=device) for n, device in enumerate(CAMERAS)]
    take(followed, *beats(0), *pictures, *wills)

    assert raised(followed) == [("north", "node_offline", "raised")]
    [alert] = alerts(followed.view)
    assert alert["message"] == "Agent north is offline, and with it 3 devices: gate, roof, yard"
    assert {
        one["device"]: one["under"] for one in incidents(followed.view, IntervalQuery(type="offline"))
    } == dict.fromkeys(CAMERAS, "north")
    found = conditions(followed.view)
    assert {device: found["DEMO", device].condition for device in CAMERAS} == dict.fromkeys(CAMERAS, "offline")
    assert found["DEMO", "gate"].under == "north"
    assert ("DEMO", "north") not in found


def test_a_node_is_back_when_it_reports_and_its_devices_with_their_pictures(followed: Followed) -> None:
    pictures = [frame(at(1), device=device, **AGENT) for device in CAMERAS]
    online = [state(at(60), device=device, **AGENT) for device in CAMERAS]
    back = [frame(at(second), device=device, **AGENT) for second in range(62, 95) for device in ("gate", "roof")]
    take(followed, *beats(0), *pictures, loss(20, device="gate"), *online, *back, *ticks(0, 95))

    assert raised(followed) == [("north", "node_offline", "raised"), ("north", "node_offline", "cleared"),
                                ("yard", "device_offline", "raised")]  # fmt: skip
    assert {device: condition(followed, device)[0] for device in CAMERAS} == {
        "gate": "ok", "roof": "ok", "yard": "offline",
    }  # fmt: skip


def test_all_devices_of_an_agent_that_are_silent_are_its_silence(followed: Followed) -> None:
    pictures = [frame(at(n), device=device, **AGENT) for n, device in enumerate(CAMERAS)]
    take(followed, *beats(0), *pictures, *ticks(0, 60))

    assert raised(followed) == [("north", "node_offline", "raised")]
    assert len(incidents(followed.view, IntervalQuery(type="offline"))) == 3


# The hub itself


def test_a_hub_that_was_deaf_finds_nobody_silent_and_believes_no_last_will_of_that_time(followed: Followed) -> None:
    alive = [frame(at(second), device=device, **AGENT) for second in range(0, 60, 2) for device in CAMERAS]
    take(followed, *ticks(0, 60), *alive)
    # For two minutes nothing is written; then what was sent meanwhile comes at once.
    wake = at(180)
    for device in CAMERAS:
        followed.journal.append(loss(0, device=device), received=wake)
        followed.journal.append(state(at(170), device=device, **AGENT), received=wake)
    followed.catch_up()
    late = [frame(at(second), device=device, **AGENT) for second in range(171, 260, 2) for device in CAMERAS]
    take(followed, *ticks(181, 260), *late)

    assert [one for one in emitted(followed) if one[0] != "_hub"] == []
    [deaf] = incidents(followed.view)
    assert (deaf["type"], deaf["opened"], deaf["duration_s"]) == ("hub_deaf", "2026-01-05T10:01:00.000Z", 121.0)


def test_who_was_cut_off_with_the_hub_and_does_not_come_back_is_lost(followed: Followed) -> None:
    take(followed, *ticks(0, 60), *(frame(at(second), **AGENT) for second in range(60)))
    followed.journal.append(loss(0), received=at(180))
    take(followed, *ticks(181, 230))

    assert [one for one in emitted(followed) if one[0] != "_hub"] == [("yard", "offline", "opened")]


def test_who_is_back_after_the_hub_was_deaf_is_not_lost_though_its_camera_is(followed: Followed) -> None:
    take(followed, *ticks(0, 60), *(frame(at(second), **AGENT) for second in range(60)))
    followed.journal.append(loss(0), received=at(180))
    degraded = [health(at(second), "degraded", reason="refused", **AGENT) for second in range(190, 205, 5)]
    take(followed, state(at(185), **AGENT), *ticks(181, 205), *degraded)

    assert [one for one in emitted(followed) if one[0] != "_hub"] == [("yard", "degraded", "opened")]


@pytest.mark.parametrize(
    ("uptime_s", "last", "alerts_of_it"),
    [(3780.0, "online", 0), (1.0, "online", 1), (1.0, "stopping", 0)],
    ids=["it stood still, which ingest itself tells", "it was not running", "it was stopped by somebody"],
)
def test_a_pause_of_the_hub_is_an_incident_of_the_hub(
    followed: Followed, uptime_s: float, last: Any, alerts_of_it: int
) -> None:
    take(followed, *ticks(0, 50), tick(at(55), uptime_s=3655, status=last), tick(at(180), uptime_s=uptime_s))

    [found] = incidents(followed.view)
    assert (found["type"], found["device"], found["duration_s"]) == ("hub_deaf", "_hub", 125.0)
    assert len(raised(followed)) == alerts_of_it


def test_a_clock_of_the_hub_that_was_put_forward_makes_nobody_silent_and_was_no_pause(followed: Followed) -> None:
    take(followed, *ticks(0, 20), frame(at(19), **AGENT))
    take(followed, tick(at(3600), uptime_s=3625), frame(at(3601), **AGENT), tick(at(3605), uptime_s=3630))

    assert emitted(followed) == []


def test_a_disk_that_is_full_is_one_alert_of_the_hub_whoever_writes_to_it(followed: Followed) -> None:
    full: dict[str, Any] = {"system": {"disk_percent": 97.0}, "disk_id": "one"}
    take(followed, tick(at(0), **full), *(heartbeat(at(5), device=device, **full, **AGENT) for device in CAMERAS))
    take(followed, fault(at(6), part="disk", kind="storage_unwritable"), fault(at(7)))

    assert [one[:2] for one in raised(followed)] == [
        ("_hub", "storage_critical"), ("_hub", "system_error"),
    ]  # fmt: skip


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
