"""Incidents of devices that are not there."""

import pytest

from consumers.alerting.incidents.questions import incidents, open_incidents
from consumers.hub_config import HubConfig
from consumers.ingest.registry import Configured, ConfiguredDevice, ConfiguredSite
from tests.alerting_steps import AGENT, frames, loss, take, ticks
from tests.builders import at, fault, frame, health, heartbeat, media, settings, state, tick
from tests.following import Followed
from tests.incident_reports import reported
from tests.live_journal import judged


def test_the_last_will_is_an_incident_at_once_for_all_devices_of_the_connection(followed: Followed) -> None:
    followed.take(frame(epoch="e1"), frame(device="gate", epoch="e1"), frame(device="roof", epoch="e2"))
    followed.take(heartbeat(epoch="e1"), state(at(1), online=False, device="node-1", reason="connection lost"))

    assert reported(followed) == [
        ("agent-e1", "node_offline", "opened"),
        ("gate", "offline", "opened"),
        ("node-1", "offline", "opened"),
        ("yard", "offline", "opened"),
    ]


def test_a_device_is_back_with_the_first_event_that_is_received_of_it(followed: Followed) -> None:
    followed.take(frame(), state(at(1), online=False), state(at(5)))

    assert reported(followed) == [("yard", "offline", "opened"), ("yard", "offline", "closed")]


def test_a_silent_device_is_offline_after_thirty_seconds_of_ticks(followed: Followed) -> None:
    followed.take(frame(epoch="e1"), tick(at(30)))
    before = reported(followed)
    followed.take(tick(at(30.001)))

    assert before == []
    assert reported(followed) == [("yard", "offline", "opened")]


@pytest.mark.parametrize("count", [2, 40])
def test_however_many_devices_of_an_agent_are_silent_one_question_tells_whether_it_is_there(
    followed: Followed, count: int
) -> None:
    silent = [frame(device=f"silent-{number:02}", epoch="e1") for number in range(count)]
    followed.take(frame(epoch="e1"), *silent, tick(at(20)), frame(at(25), epoch="e1"))
    statements: list[str] = []
    view = followed.follower._view
    assert view is not None
    view.set_trace_callback(statements.append)
    followed.take(tick(at(31)))

    assert reported(followed) == [(event.source.rsplit("/", 1)[-1], "offline", "opened") for event in silent]
    assert sum("from watched where outbox" in statement for statement in statements) == 1


def test_a_silent_device_whose_agent_is_gone_is_told_with_it_and_one_whose_agent_is_there_by_itself(
    followed: Followed,
) -> None:
    gone = [frame(device=device, epoch="e1") for device in ("a", "c")]
    there = [frame(device=device, epoch="e2") for device in ("b", "d")]
    followed.take(*gone, *there, frame(epoch="e2"), tick(at(20)), frame(at(25), epoch="e2"), tick(at(31)))

    assert reported(followed) == [
        ("agent-e1", "node_offline", "opened"),
        ("a", "offline", "opened"),
        ("c", "offline", "opened"),
        ("b", "offline", "opened"),
        ("d", "offline", "opened"),
    ]


def test_the_incident_of_an_agent_is_not_one_of_a_device_that_has_its_name(followed: Followed) -> None:
    followed.take(*(heartbeat(device=device, node="gate", epoch="epoch-01") for device in ("gate", "yard")))
    followed.take(*(frame(device=device, epoch="epoch-01") for device in ("gate", "yard")))
    followed.take(state(at(1), online=False, device="yard", reason="connection lost"))

    assert reported(followed) == [
        ("gate-epoch-01", "node_offline", "opened"),
        ("gate", "offline", "opened"),
        ("yard", "offline", "opened"),
    ]


def test_no_device_is_silent_before_the_hub_has_listened_for_thirty_seconds(followed: Followed) -> None:
    followed.take(frame(epoch="e1"), tick(at(3600), uptime_s=5))
    before = reported(followed)
    followed.take(*(tick(at(3600 + more), uptime_s=5 + more) for more in range(5, 31, 5)))

    assert before == []
    assert reported(followed) == [("yard", "offline", "opened")]
    assert incidents(followed.view)[0]["opened"] == "2026-01-05T10:59:55.000Z"


def test_while_the_hub_itself_stood_still_no_device_was_silent(followed: Followed) -> None:
    followed.take(*(tick(at(second), uptime_s=3600 + second) for second in range(0, 20, 5)), frame(at(18), epoch="e1"))
    followed.take(tick(at(90), uptime_s=3690), frame(at(95), epoch="e1"), tick(at(95), uptime_s=3695))
    assert reported(followed) == [("_hub", "hub_deaf", "opened"), ("_hub", "hub_deaf", "closed")]

    followed.take(*(tick(at(second), uptime_s=3600 + second) for second in range(100, 135, 5)))
    assert reported(followed)[2:] == [("yard", "offline", "opened")]
    assert open_incidents(followed.view)[0]["opened"] == "2026-01-05T10:01:35.000Z"


def test_while_the_broker_is_away_no_device_is_silent(followed: Followed) -> None:
    ticks = [tick(at(second), uptime_s=3600 + second) for second in range(0, 200, 5)]
    followed.take(frame(at(1), epoch="e1"), *ticks[:4], fault(at(18), part="broker"), *ticks[4:20])
    followed.take(fault(at(98), "cleared", part="broker", since=at(18)), *ticks[20:26])
    assert reported(followed) == []

    followed.take(*ticks[26:])
    assert reported(followed) == [("yard", "offline", "opened")]


def test_a_late_event_of_an_outage_is_a_sign_of_life(followed: Followed) -> None:
    followed.take(frame(at(0)), received=at(3600))
    followed.take(tick(at(3610)))

    assert reported(followed) == []


def test_a_device_that_never_came_up_is_missed(hub: HubConfig) -> None:
    site = ConfiguredSite(
        "DEMO", "Demo yard", devices=(ConfiguredDevice("yard", "Yard"), ConfiguredDevice("gate", "Gate"))
    )
    with judged(hub.data, Configured((site,)), frame(), tick(at(20), uptime_s=31)) as followed:
        assert reported(followed) == [("gate", "offline", "opened")]


def test_a_device_that_comes_up_late_closes_its_incident(hub: HubConfig) -> None:
    site = ConfiguredSite("DEMO", "Demo yard", devices=(ConfiguredDevice("yard", "Yard"),))
    events = [tick(at(40), uptime_s=40), health(at(60))]
    with judged(hub.data, Configured((site,)), *events) as followed:
        assert reported(followed) == [("yard", "offline", "opened"), ("yard", "offline", "closed")]


@pytest.mark.parametrize("limit", [1, 1000])
def test_a_device_of_which_only_settings_are_known_is_missed(hub: HubConfig, limit: int) -> None:
    site = ConfiguredSite("DEMO", "Demo yard", devices=(ConfiguredDevice("yard", "Yard"),))
    with judged(hub.data, Configured((site,))) as followed:
        followed.journal.append(settings(settings={"rois": []}), tick(at(40), uptime_s=40), tick(at(50), uptime_s=50))
        assert reported(followed.catch_up(limit)) == [("yard", "offline", "opened")]


@pytest.mark.parametrize("limit", [1, 1000])
def test_what_is_remembered_of_a_device_outlasts_batches_without_it(followed: Followed, limit: int) -> None:
    followed.take(frame(device="gate", epoch="e1"), frame(epoch="e1"))
    followed.journal.append(frame(at(1), epoch="e1"), state(at(2), online=False, epoch="e1"), tick(at(40)))

    followed.catch_up(limit)
    assert reported(followed) == [
        ("agent-e1", "node_offline", "opened"),
        ("gate", "offline", "opened"),
        ("yard", "offline", "opened"),
    ]


@pytest.mark.parametrize("status", ["stopped", "not_started"])
def test_a_device_that_reports_to_be_down_is_offline(followed: Followed, status: str) -> None:
    followed.take(health(), health(at(10), status), media(at(11)), health(at(20)))

    assert reported(followed) == [("yard", "offline", "opened"), ("yard", "offline", "closed")]
    assert incidents(followed.view)[0]["details"]["previous_status"] == "healthy"


def test_from_degraded_to_stale_the_new_trouble_is_told_before_the_old_is_over(followed: Followed) -> None:
    followed.take(health(), health(at(10), "degraded"), health(at(20), "stale"))

    assert reported(followed) == [
        ("yard", "degraded", "opened"),
        ("yard", "stale", "opened"),
        ("yard", "degraded", "closed"),
    ]


def test_a_device_goes_offline_for_what_keeps_its_source_away_by_then(followed: Followed) -> None:
    ended, refused = "it has ended the stream", "the camera refuses the user or the password"
    take(
        followed,
        *frames(0, 5),
        *ticks(0, 60),
        health(at(6), "degraded", reason=ended, **AGENT),
        *(health(at(second), "degraded", reason=refused, **AGENT) for second in range(16, 60, 10)),
    )

    found = {one["type"]: one["details"]["reason"] for one in incidents(followed.view)}
    assert found == {"degraded": ended, "offline": refused}


def test_a_device_that_is_missing_when_its_agent_is_back_is_offline_for_what_its_agent_says(followed: Followed) -> None:
    take(
        followed,
        *frames(0, 5),
        *ticks(0, 110),
        loss(5, "stopped"),
        state(at(50), **AGENT),
        *(health(at(second), "degraded", reason="nothing listens there", **AGENT) for second in range(51, 110, 10)),
    )

    [lost] = open_incidents(followed.view, "DEMO")
    assert (lost["type"], lost["details"]["reason"]) == ("offline", "nothing listens there")
