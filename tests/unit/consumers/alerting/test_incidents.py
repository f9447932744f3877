"""Incidents: each rule with the pitfalls that it fixes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bus_schemas.alert import IncidentEvent
from bus_schemas.event import Event, iso
from consumers.alerting.incidents.questions import incident, incidents, open_incidents
from consumers.alerting.projection import AlertingProjection
from consumers.engine.intervals import IntervalQuery
from consumers.hub_config import HubConfig
from consumers.ingest.registry import Configured, ConfiguredDevice, ConfiguredSite
from tests.builders import at, fault, frame, health, heartbeat, media, settings, state, thermal, tick
from tests.following import Followed, hub_in
from tests.live_journal import judged


@pytest.fixture
def hub(tmp_path: Path) -> HubConfig:
    return hub_in(tmp_path)


@pytest.fixture
def followed(hub: HubConfig) -> Iterator[Followed]:
    with Followed(AlertingProjection(), hub.data) as it:
        yield it


def reported(followed: Followed) -> list[tuple[str, str, str]]:
    """Device, type and state of each event that was emitted."""
    data = [event.data for event in followed.emitted() if isinstance(event, IncidentEvent)]
    return [(each.device, each.type, each.state) for each in data]


def frozen(start: int, end: int, *, but: tuple[int, ...] = ()) -> list[Event]:
    """A frozen frame each second, except at the seconds in `but`."""
    return [frame(at(second), freeze=second not in but) for second in range(start, end)]


def test_a_freeze_with_single_good_frames_is_reported(followed: Followed) -> None:
    followed.take(*frozen(0, 61, but=(28, 56)))

    assert reported(followed) == [("yard", "freeze", "opened")]


def test_five_frozen_seconds_are_no_incident(followed: Followed) -> None:
    followed.take(*(frame(at(second)) for second in range(40)), *frozen(40, 45))
    followed.take(*(frame(at(second)) for second in range(45, 80)))

    assert reported(followed) == []


def test_one_good_frame_does_not_end_an_incident(followed: Followed) -> None:
    followed.take(*frozen(0, 40), frame(at(40)), *frozen(41, 45))

    assert reported(followed) == [("yard", "freeze", "opened")]


def test_an_incident_lasted_until_the_first_good_frame_and_is_told_of_when_it_stays_good(followed: Followed) -> None:
    followed.take(*frozen(0, 40), *(frame(at(second)) for second in range(40, 60)))

    assert reported(followed) == [("yard", "freeze", "opened"), ("yard", "freeze", "closed")]
    found = incidents(followed.view)[0]
    assert (found["opened"], found["closed"]) == ("2026-01-05T10:00:00.000Z", "2026-01-05T10:00:40.000Z")
    assert found["details"]["window_s"] == 30.0


def test_an_incident_names_the_events_that_decided(followed: Followed) -> None:
    frames = frozen(0, 31)
    followed.take(*frames)

    assert incidents(followed.view)[0]["causes"] == [frames[0].id, frames[30].id]


def test_frames_before_an_outage_do_not_count_after_it(followed: Followed) -> None:
    followed.take(*frozen(0, 29), *frozen(3600, 3610))

    assert reported(followed) == []


def test_a_clock_that_jumps_back_begins_a_new_window(followed: Followed) -> None:
    followed.take(*frozen(7200, 7210), *frozen(0, 29))

    assert reported(followed) == []
    assert reported(followed.take(*frozen(29, 32))) == [("yard", "freeze", "opened")]


def test_unknown_audio_is_not_a_loss(followed: Followed) -> None:
    followed.take(*(frame(at(second), audio=None) for second in range(60)))

    assert reported(followed) == []


def test_lost_audio_is_an_incident(followed: Followed) -> None:
    followed.take(*(frame(at(second), audio=False) for second in range(31)))

    assert reported(followed) == [("yard", "audio_loss", "opened")]


def test_a_freeze_does_not_hide_a_black_screen_which_is_told_of_alone(followed: Followed) -> None:
    followed.take(*(frame(at(second), freeze=True, blackscreen=True) for second in range(31)))

    assert reported(followed) == [("yard", "blackscreen", "opened")]


def test_a_black_screen_does_not_hide_that_the_picture_was_frozen_before(followed: Followed) -> None:
    followed.take(*(frame(at(second), freeze=True, blackscreen=second > 30) for second in range(62)))

    assert reported(followed) == [
        ("yard", "freeze", "opened"), ("yard", "blackscreen", "opened"), ("yard", "freeze", "closed"),
    ]  # fmt: skip


def test_the_first_hot_frame_raises(followed: Followed) -> None:
    followed.take(thermal(at(0)), thermal(at(1), hottest=100.0))

    assert reported(followed) == [("yard", "hot_spot", "opened")]
    assert incidents(followed.view)[0]["details"]["level"] == "emergency"


def test_a_higher_level_is_told_with_the_same_incident(followed: Followed) -> None:
    followed.take(thermal(at(0), hottest=76.0), thermal(at(1), hottest=86.0), thermal(at(2), hottest=84.0))

    events = [event.data for event in followed.emitted() if isinstance(event, IncidentEvent)]
    assert [event.details["level"] for event in events] == ["warning", "critical"]
    assert len({event.incident_id for event in events}) == 1
    assert len({event.id for event in followed.emitted()}) == 4  # Each with its alert.


def measured(second: float, hottest: float, confirmed: float) -> Event:
    """A frame of an agent that tells what is confirmed."""
    event = thermal(at(second), hottest=hottest)
    level = thermal(at(second), hottest=confirmed).data.regions[0].alert_level
    region = event.data.regions[0].model_copy(update={"confirmed_level": level})
    data = event.data.model_copy(update={"regions": (region,), "confirmed_max_temp": confirmed})
    return event.model_copy(update={"data": data})


def test_spikes_of_one_pixel_in_one_frame_of_seven_are_no_incident(followed: Followed) -> None:
    followed.take(*(measured(n / 8, 110.0 if n % 7 == 3 else 30.0, 30.0) for n in range(400)))

    assert reported(followed) == []


def test_one_hot_pixel_is_an_incident_from_the_frame_that_confirms_it(followed: Followed) -> None:
    followed.take(measured(0, 30.0, 30.0), measured(1, 110.0, 30.0), measured(1.125, 110.0, 110.0))
    (opened,) = open_incidents(followed.view)

    assert reported(followed) == [("yard", "hot_spot", "opened")]
    assert opened["details"]["level"] == "emergency"


def test_a_hot_spot_outside_of_all_regions_is_a_warning_once_it_is_confirmed(followed: Followed) -> None:
    followed.take(measured(0, 82.0, 40.0).model_copy())

    assert reported(followed) == []
    followed.take(measured(1, 82.0, 82.0))
    assert reported(followed) == [("yard", "hot_spot", "opened")]


def test_spikes_do_not_keep_an_incident_open(followed: Followed) -> None:
    followed.take(measured(0, 100.0, 100.0))
    followed.take(*(measured(1 + n / 8, 30.0 if n % 7 else 70.0, 30.0) for n in range(300)))

    assert reported(followed) == [("yard", "hot_spot", "opened"), ("yard", "hot_spot", "closed")]


def test_a_hot_spot_is_over_when_it_was_cool_by_the_margin_for_a_while(followed: Followed) -> None:
    followed.take(thermal(at(0), hottest=75.5), *(thermal(at(second), hottest=74.0) for second in range(1, 100)))
    before = reported(followed)
    followed.take(*(thermal(at(second), hottest=70.0) for second in range(100, 131)))

    assert before == [("yard", "hot_spot", "opened")]
    assert reported(followed) == [("yard", "hot_spot", "opened"), ("yard", "hot_spot", "closed")]


def test_the_margin_is_below_the_threshold_that_was_set(followed: Followed) -> None:
    roi = {"name": "full_frame", "coordinates": [[0, 0], [32, 24]], "thresholds": {"warning": 70.0}}
    followed.take(settings(settings={"rois": [roi]}))
    followed.take(thermal(at(0), hottest=76.0), *(thermal(at(second), hottest=69.0) for second in range(1, 60)))

    assert reported(followed) == [("yard", "hot_spot", "opened")]


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


def test_a_full_disk_is_an_incident_until_there_is_room_again(followed: Followed) -> None:
    levels = [86.0, 84.0, 96.0, 90.0, 83.1, 83.0]
    followed.take(*(tick(at(5 * n), system={"disk_percent": level}) for n, level in enumerate(levels)))

    assert reported(followed) == [
        ("_hub", "storage", "opened"),
        ("_hub", "storage", "opened"),
        ("_hub", "storage", "closed"),
    ]


def test_incidents_are_found_by_span_state_and_place(followed: Followed) -> None:
    followed.take(frame(), frame(device="gate"), state(at(10), online=False), state(at(20)))
    followed.take(state(at(60), online=False, device="gate"))

    def ids(**wanted: object) -> list[str]:
        return [each["device"] for each in incidents(followed.view, IntervalQuery(**wanted))]  # type: ignore[arg-type]  # as each test names them

    assert ids() == ["gate", "yard"]
    assert ids(start=at(30)) == ["gate"]
    assert ids(end=at(15)) == ["yard"]
    assert ids(start=at(12), end=at(15)) == ["yard"]
    assert ids(state="closed") == ["yard"]
    assert ids(site="ELSEWHERE") == []
    assert [each["device"] for each in open_incidents(followed.view, "DEMO")] == ["gate"]
    assert incident(followed.view, "no such id") is None


def open_of_hub(followed: Followed) -> list[tuple[str, str]]:
    """Type and part of each incident of the hub that is open."""
    found = open_incidents(followed.view, "_hub")
    return sorted((each["type"], str(each["details"].get("part"))) for each in found)


def test_faults_of_the_hub_are_incidents_of_their_own_for_each_part(followed: Followed) -> None:
    followed.take(fault(at(0)), fault(at(5), part="mosaics"), fault(at(6), part="journal", kind="database_error"))
    assert open_of_hub(followed) == [
        ("database_error", "journal"),
        ("system_error", "incidents"),
        ("system_error", "mosaics"),
    ]

    followed.take(fault(at(9), "cleared", since=at(0)), fault(at(10), "cleared", part="mosaics", since=at(5)))
    assert open_of_hub(followed) == [("database_error", "journal")]
    [over] = incidents(followed.view, IntervalQuery(state="closed", start=at(1), end=at(4)))
    assert (over["opened"], over["closed"]) == ("2026-01-05T10:00:00.000Z", "2026-01-05T10:00:09.000Z")
    assert over["details"] == {"part": "incidents", "reason": "It stopped.", "closed_by": [followed_id(followed, 4)]}


def followed_id(followed: Followed, position: int) -> str:
    return followed.journal.read(position - 1, None, 1).records[0].id


def test_a_fault_that_is_raised_or_cleared_again_changes_nothing(followed: Followed) -> None:
    followed.take(fault(at(0), "cleared"), fault(at(1)), fault(at(1)), fault(at(2), "cleared", since=at(1)))
    followed.take(fault(at(3), "cleared", since=at(1)))

    assert [each["state"] for each in incidents(followed.view)] == ["closed"]
    assert reported(followed) == []


def test_a_device_that_tells_of_faults_of_the_hub_is_not_believed(followed: Followed) -> None:
    followed.take(fault(at(0), source="/sites/DEMO/devices/yard"), fault(at(1), source="/sites/_hub/devices/_hub"))

    assert incidents(followed.view) == []


def full(second: float, device: str, percent: float, disk_id: str | None = None, **given: object) -> Event:
    return heartbeat(at(second), device=device, system={"disk_percent": percent}, disk_id=disk_id, **given)


def test_a_full_disk_is_one_incident_of_the_hub_whoever_else_is_on_it(followed: Followed) -> None:
    followed.take(tick(at(0), system={"disk_percent": 97.0}, disk_id="one"))
    followed.take(*(full(second, f"cam-{second}", 97.0, "one") for second in range(1, 6)))

    assert reported(followed) == [("_hub", "storage", "opened")]


def test_a_full_disk_of_a_node_is_one_incident_for_all_its_devices(followed: Followed) -> None:
    followed.take(tick(at(0), system={"disk_percent": 40.0}, disk_id="hub"))
    followed.take(*(full(second, f"cam-{second}", 97.0, "node") for second in range(1, 4)))
    followed.take(*(full(second, f"old-{second}", 97.0, epoch="e", sequence=1) for second in range(4, 7)))
    followed.take(full(10, "elsewhere", 97.0, "another"))
    assert reported(followed) == [(device, "storage", "opened") for device in ("cam-1", "old-4", "elsewhere")]

    followed.take(*(full(20 + second, f"cam-{second}", 50.0, "node") for second in range(1, 4)))
    assert reported(followed)[3:] == [("cam-1", "storage", "closed")]


def test_a_disk_that_cannot_be_written_is_the_same_incident_as_one_that_is_full(followed: Followed) -> None:
    unwritable: dict[str, Any] = {"part": "disk", "kind": "storage_unwritable", "since": at(10)}
    followed.take(tick(at(0), system={"disk_percent": 90.0}), fault(at(10), **unwritable))
    followed.take(tick(at(15), system={"disk_percent": 99.0}))
    followed.take(fault(at(40), "cleared", **unwritable))
    assert reported(followed) == [("_hub", "storage", "opened"), ("_hub", "storage", "opened")]
    assert open_incidents(followed.view, "_hub")[0]["details"]["level"] == "unwritable"

    followed.take(tick(at(45), system={"disk_percent": 50.0}))
    assert reported(followed)[2:] == [("_hub", "storage", "closed")]


def test_a_disk_that_cannot_be_written_though_it_has_room_is_over_when_it_can_be(followed: Followed) -> None:
    unwritable: dict[str, Any] = {"part": "disk", "kind": "storage_unwritable", "since": at(10)}
    followed.take(tick(at(0), system={"disk_percent": 40.0}), fault(at(10), **unwritable))
    followed.take(tick(at(15), system={"disk_percent": 40.0}), fault(at(40), "cleared", **unwritable))

    assert reported(followed) == [("_hub", "storage", "opened"), ("_hub", "storage", "closed")]


def of_machine(second: float, device: str, **figures: float) -> Event:
    link = {"round_trip_ms": figures.pop("round_trip_ms")} if "round_trip_ms" in figures else None
    return heartbeat(
        at(second), device=device, epoch="pi", sequence=int(second) + 1, system=figures, link=link, node="pi"
    )


@pytest.mark.parametrize(
    ("kind", "bad", "good"),
    [
        ("memory", {"memory_percent": 96.0}, {"memory_percent": 60.0}),
        ("cpu_hot", {"temperature": 84.5}, {"temperature": 61.0}),
        ("link_slow", {"round_trip_ms": 8000.0}, {"round_trip_ms": 60.0}),
    ],
)
def test_what_is_wrong_with_a_machine_for_a_minute_is_one_incident_of_its_first_device(
    followed: Followed, kind: str, bad: dict[str, float], good: dict[str, float]
) -> None:
    beats = [
        of_machine(second + number, device, **(bad if second < 100 else good))
        for second in range(0, 200, 10)
        for number, device in enumerate(("cam-1", "cam-2"))
    ]
    followed.take(*beats)

    assert reported(followed) == [("cam-1", kind, "opened"), ("cam-1", kind, "closed")]
    [found] = incidents(followed.view, IntervalQuery())
    assert (found["opened"], found["closed"]) == (iso(at(0)), iso(at(100)))


def test_a_machine_that_is_hot_for_some_seconds_or_says_nothing_is_no_incident(followed: Followed) -> None:
    followed.take(*(of_machine(second, "cam", temperature=90.0) for second in range(0, 60, 10)))
    followed.take(of_machine(60, "cam", temperature=60.0))
    followed.take(*(of_machine(second, "cam", temperature=90.0) for second in range(70, 120, 10)))
    followed.take(*(of_machine(second, "cam", disk_percent=5.0) for second in range(120, 400, 10)))

    assert reported(followed) == []
