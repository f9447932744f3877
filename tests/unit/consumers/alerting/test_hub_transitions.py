"""What becomes of many devices at once: a node that is gone, a hub that was deaf, a disk that is full."""

from typing import Any

import pytest

from consumers.alerting.alerts.questions import alerts, why
from consumers.alerting.conditions import conditions
from consumers.alerting.incidents.questions import incidents
from consumers.engine.intervals import IntervalQuery
from tests.alerting_steps import AGENT, CAMERAS, beats, condition, emitted, loss, raised, take, ticks
from tests.builders import at, fault, frame, health, heartbeat, state, tick
from tests.following import Followed


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


def test_a_receiver_that_alerts_do_not_reach_is_no_archive_that_cannot_be_written(followed: Followed) -> None:
    pager = {"part": "receiver-pager", "kind": "write_failed", "reason": "Alerts do not reach pager: it is away"}
    take(followed, fault(at(6), **pager), fault(at(30), "cleared", since=at(6), **pager))

    [alert] = alerts(followed.view)
    assert alert["message"] == "Hub: Alerts do not reach pager: it is away"
    assert alert["cleared_message"] == "Hub: receiver-pager works again after 24 seconds"
    reason = why(followed.view, alert["id"])
    assert reason is not None
    assert reason["rule"]["text"] == (
        "What the hub writes to the archive or to a bucket, or sends to a receiver of alerts, does not arrive there,"
        " or holds keep more recordings than their bound of bytes. Over when it does, or they do not."
    )
