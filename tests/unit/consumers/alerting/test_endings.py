"""Incidents that end although nothing has become good: no sentence says so, and nothing stays open for ever."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from bus_schemas.alert import AlertEvent, IncidentEvent, IncidentType, Rule
from bus_schemas.event import Event
from bus_schemas.limits import MAX_TEXT
from bus_schemas.registry import RegistryEvent
from consumers.alerting.alerts.facts import IncidentFacts
from consumers.alerting.alerts.questions import alerts
from consumers.alerting.alerts.wording import DeviceNames, over, wording
from consumers.alerting.conditions import conditions
from consumers.alerting.incidents.questions import incidents as listed
from consumers.alerting.incidents.verdict import ENDINGS, Ending, ending
from consumers.alerting.projection import AlertingProjection
from consumers.engine.intervals import IntervalQuery
from consumers.engine.rebuild.compare import verify
from tests.builders import at, detection, frame, health, heartbeat, mute, registry, rules, thermal, tick
from tests.following import Followed


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[Followed]:
    with Followed(AlertingProjection(), tmp_path) as it:
        yield it


def set_of(device: str | None, second: float = 0, **given: Any) -> RegistryEvent:
    return registry(at(second), device=device, **given)


def ticks(first: int, last: int) -> list[Event]:
    return [tick(at(second), uptime_s=float(second)) for second in range(first, last, 5)]


def agent(first: int, last: int, devices: str = "ab", used: float = 50.0, **given: Any) -> Iterator[Event]:
    """An agent whose devices work, on a machine of which so much is used."""
    said = {"node": "pi-1", "epoch": "epoch-1", "disk_id": "sd", **given}
    for second in range(first, last, 10):
        for device in devices:
            yield heartbeat(at(second), device=device, system={"disk_percent": used, "memory_percent": used}, **said)
            yield frame(at(second), device=device, **{name: said[name] for name in said if name in ("epoch", "site")})
        yield tick(at(second), uptime_s=float(second))


def incidents(followed: Followed) -> list[tuple[str, str, str]]:
    found = [event.data for event in followed.emitted() if isinstance(event, IncidentEvent)]
    return [(one.device, one.type, one.state) for one in found]


def messages(followed: Followed, state: str = "cleared") -> list[str]:
    return [e.data.message for e in followed.emitted() if isinstance(e, AlertEvent) and e.data.state == state]


def facts(of: str, **details: Any) -> IncidentFacts:
    about: dict[str, Any] = {"incident_id": "i", "site": "DEMO", "device": "yard", "type": of, "state": "closed"}
    return IncidentFacts(**about, since=at(0), rule=Rule(name=of), details=details)


@pytest.mark.parametrize("became", ENDINGS)
@pytest.mark.parametrize("of", get_args(IncidentType))
def test_what_ends_with_its_device_is_not_said_to_have_become_good(of: str, became: Ending) -> None:
    called = DeviceNames({("DEMO", "yard"): "Camera"})
    said = over(facts(of, **ending(became)), called, of, 60.0).message
    good = over(facts(of), called, of, 60.0).message

    assert said != good
    assert good.removesuffix(" after 60 seconds") not in said
    assert said.endswith("ended with that after 60 seconds")


@pytest.mark.parametrize(("lasted_s", "words"), [(0.2, "0 seconds"), (1.4, "1 second"), (1.6, "2 seconds")])
def test_a_length_of_time_is_in_the_singular_where_it_is_one(lasted_s: float, words: str) -> None:
    called = DeviceNames({("DEMO", "yard"): "Camera"})
    assert over(facts("offline"), called, "offline", lasted_s).message == f"Camera yard is back after {words}"


@pytest.mark.parametrize("of", get_args(IncidentType))
def test_a_sentence_calls_a_device_by_its_name_and_fits_the_contract(of: str) -> None:
    devices = [f"d{number}" for number in range(60)]
    names = {("DEMO", device): device * 40 for device in devices}
    called = DeviceNames({}, {**names, ("DEMO", "yard"): "Back {yard} " * 10})
    said = wording(facts(of, devices=devices, percent=96.0, value=1.0), called).message

    assert len(said) <= MAX_TEXT
    assert of in ("node_offline", "storage", "hub_deaf") or "Back {yard}" in said


def test_what_is_open_of_a_retired_sensor_did_not_cool_down(followed: Followed) -> None:
    oven = set_of("oven", name="Oven", expects="readings", kinds=("thermal",))
    followed.take(oven, *ticks(0, 10), thermal(at(10), device="oven", hottest=99.0), *ticks(15, 60))
    followed.take(set_of("oven", 60, retired=True))

    assert messages(followed) == [
        "Sensor Oven was retired; “Hot spot” ended with that after 50 seconds",
        "Sensor Oven was retired; “Offline” ended with that after 50 seconds",
    ]


def test_an_agent_is_not_offline_for_ever_whose_last_device_is_retired(followed: Followed) -> None:
    followed.take(*agent(0, 60), *ticks(60, 200), set_of("a", 200, retired=True))
    assert ("pi-1", "node_offline", "closed") not in incidents(followed)

    followed.take(set_of("b", 201, retired=True))
    assert incidents(followed)[-1] == ("pi-1", "node_offline", "closed")
    assert messages(followed) == [
        "The last device of agent pi-1 was retired; “Agent offline” ended with that after 3 minutes"
    ]
    assert verify(AlertingProjection(), followed.source) == []


def of_two_sites(first: int, last: int, **given: Any) -> list[Event]:
    """One agent with two devices in the north and one in the south."""
    found = [*agent(first, last, "ab", site="NORTH", **given), *agent(first, last, "c", site="SOUTH", **given)]
    return sorted(found, key=lambda event: event.time)


def test_each_site_of_an_agent_that_is_gone_is_alerted_and_each_is_told_that_it_is_back(followed: Followed) -> None:
    followed.take(*of_two_sites(0, 60), *ticks(60, 200))
    open_ones = alerts(followed.view, IntervalQuery(state="open"))
    assert sorted((one["site"], one["message"]) for one in open_ones) == [
        ("NORTH", "Agent pi-1 is offline, and with it 2 devices: a, b"),
        ("SOUTH", "Agent pi-1 is offline, and with it 1 device: c"),
    ]
    assert {conditions(followed.view)[at].under for at in (("NORTH", "a"), ("SOUTH", "c"))} == {"pi-1"}

    followed.take(*of_two_sites(200, 240))
    assert alerts(followed.view, IntervalQuery(state="open")) == []
    assert verify(AlertingProjection(), followed.source) == []


def test_an_agent_is_offline_no_more_at_the_site_whose_devices_are_retired(followed: Followed) -> None:
    followed.take(*of_two_sites(0, 60), *ticks(60, 200), set_of(None, 200, site="SOUTH", retired=True))

    assert [one["site"] for one in alerts(followed.view, IntervalQuery(state="open"))] == ["NORTH"]


def test_each_site_of_a_machine_with_a_full_disk_is_alerted_once(followed: Followed) -> None:
    followed.take(*of_two_sites(0, 100, used=97.0))

    full = listed(followed.view, IntervalQuery(type="storage", state="open"))
    assert sorted((one["site"], one["device"]) for one in full) == [("NORTH", "a"), ("SOUTH", "c")]


def test_a_full_disk_is_the_incident_of_another_device_once_its_own_is_retired(followed: Followed) -> None:
    followed.take(*agent(0, 100, used=97.0), set_of("a", 100, retired=True), *agent(100, 200, "b", used=97.0))

    assert [one for one in incidents(followed) if one[1] in ("storage", "memory")] == [
        ("a", "storage", "opened"), ("a", "memory", "opened"), ("a", "storage", "closed"), ("a", "memory", "closed"),
        ("b", "storage", "opened"), ("b", "memory", "opened"),
    ]  # fmt: skip
    assert conditions(followed.view)["DEMO", "b"].types == ("storage", "memory")


def test_room_on_the_disk_of_a_device_that_is_gone_is_told_by_the_others(followed: Followed) -> None:
    followed.take(*agent(0, 100, used=97.0), *agent(100, 200, "b", used=97.0), *agent(200, 300, "b"))

    assert conditions(followed.view)["DEMO", "a"].types == ("offline",)
    assert [one for one in incidents(followed) if one[2] == "closed"] == [
        ("a", "storage", "closed"), ("a", "memory", "closed")
    ]  # fmt: skip


@pytest.mark.parametrize(("muted", "raised"), [(("a", "b"), 0), (("a",), 1)])
def test_an_agent_is_muted_with_all_its_devices(followed: Followed, muted: tuple[str, ...], raised: int) -> None:
    followed.take(*agent(0, 60), mute(at(50), devices=muted), *ticks(60, 200))

    assert ("pi-1", "node_offline", "opened") in incidents(followed)
    assert len(messages(followed, "raised")) == raised


def test_two_agents_of_one_name_are_two(followed: Followed) -> None:
    both = (*agent(0, 60), *agent(0, 60, site="ANNEX", epoch="epoch-2"))
    followed.take(*sorted(both, key=lambda event: event.time), *ticks(60, 200))

    assert sorted(messages(followed, "raised")) == [
        "Agent pi-1-epoch-1 is offline, and with it 2 devices: a, b",
        "Agent pi-1-epoch-2 is offline, and with it 2 devices: a, b",
    ]
    assert verify(AlertingProjection(), followed.source) == []


def test_the_name_of_an_agent_that_says_none_is_a_name(followed: Followed) -> None:
    followed.take(*agent(0, 60, node=None, epoch="what / ever"), *ticks(60, 200))

    assert ("agent-what---e", "node_offline", "opened") in incidents(followed)


@pytest.mark.parametrize(
    "said",
    [
        lambda: set_of("door", 60, expects="nothing", silent_after_s=0),
        lambda: set_of("door", 60, silent_after_s=43_200),
    ],
)
def test_a_device_that_may_be_silent_is_not_lost_for_it(followed: Followed, said: Callable[[], Event]) -> None:
    door = set_of("door", name="Door", expects="heartbeat", silent_after_s=20)
    followed.take(door, detection(at(1), device="door"), *ticks(0, 60))
    assert conditions(followed.view)["DEMO", "door"].condition == "offline"

    followed.take(said(), *ticks(65, 300))
    assert conditions(followed.view)["DEMO", "door"].condition == "ok"
    assert messages(followed) == [
        "Device Door may be silent for so long now; “Offline” ended with that after 59 seconds"
    ]
    assert verify(AlertingProjection(), followed.source) == []


def test_a_shorter_silence_is_missed_from_when_it_was_said(followed: Followed) -> None:
    followed.take(set_of("door", expects="heartbeat", silent_after_s=600), detection(at(1), device="door"))
    followed.take(*ticks(0, 300), set_of("door", 300, silent_after_s=30), *ticks(300, 325))
    assert incidents(followed) == []

    followed.take(*ticks(325, 340))
    assert incidents(followed) == [("door", "offline", "opened")]


def test_rules_that_allow_a_longer_silence_bring_agent_and_devices_back(followed: Followed) -> None:
    followed.take(*agent(0, 30), *ticks(30, 90), rules(at(90), in_force={"offline_after_s": 3600.0}))

    assert incidents(followed)[-3:] == [
        ("a", "offline", "closed"), ("b", "offline", "closed"), ("pi-1", "node_offline", "closed")
    ]  # fmt: skip


def test_what_only_a_removed_source_could_end_ends_with_it(followed: Followed) -> None:
    both = set_of("yard", expects="frames", kinds=("visual", "thermal"))
    followed.take(both, *ticks(0, 10), frame(at(9)), thermal(at(10), hottest=99.0))
    followed.take(set_of("yard", 20, kinds=("visual",)), frame(at(21)))

    assert incidents(followed) == [("yard", "hot_spot", "opened"), ("yard", "hot_spot", "closed")]
    assert conditions(followed.view)["DEMO", "yard"].condition == "ok"
    [found], [known] = listed(followed.view), alerts(followed.view)
    assert (found["details"]["became"], known["details"]["became"]) == ("source_removed", "source_removed")
    assert messages(followed) == [
        "Camera yard has no source of that any more; “Hot spot” ended with that after 10 seconds"
    ]


def test_sound_that_nobody_measures_any_more_is_not_missing_for_ever(followed: Followed) -> None:
    followed.take(set_of("yard", name="Yard", kinds=("visual",)))
    followed.take(*(frame(at(second), audio=False) for second in range(40)))
    followed.take(*(frame(at(second), audio=None) for second in range(40, 630, 5)))
    assert incidents(followed) == [("yard", "audio_loss", "opened")]

    followed.take(*(frame(at(second), audio=None) for second in range(630, 700, 5)))
    assert incidents(followed) == [("yard", "audio_loss", "opened"), ("yard", "audio_loss", "closed")]
    assert conditions(followed.view)["DEMO", "yard"].condition == "ok"
    assert messages(followed) == [
        "Camera Yard does not measure that any more; “No sound” ended with that after 40 seconds"
    ]
    assert verify(AlertingProjection(), followed.source) == []


def test_sound_goes_on_missing_of_a_camera_of_which_nothing_is_judged(followed: Followed) -> None:
    followed.take(*(frame(at(second), audio=False) for second in range(40)))
    blind = {"blackscreen": None, "freeze": None, "corrupt_rows": None, "macroblocks": None, "audio": None}
    followed.take(*(frame(at(second), **blind) for second in range(40, 1000, 5)))

    assert incidents(followed) == [("yard", "audio_loss", "opened")]


def test_sound_that_is_measured_now_and_then_is_missing_until_it_is_back(followed: Followed) -> None:
    followed.take(*(frame(at(second), audio=False) for second in range(40)))
    followed.take(*(frame(at(second), audio=None if second % 500 else False) for second in range(40, 2000, 5)))

    assert incidents(followed) == [("yard", "audio_loss", "opened")]


@pytest.mark.parametrize(
    ("kind", "over"),
    [
        ("cpu_hot", {"system": {"temperature": 90.0}}),
        ("memory", {"system": {"memory_percent": 99.0}}),
        ("link_slow", {"link": {"round_trip_ms": 9000.0}}),
    ],
)
def test_a_machine_that_does_not_measure_any_more_has_no_fault_for_ever(
    followed: Followed, kind: str, over: dict[str, Any]
) -> None:
    followed.take(*(heartbeat(at(second), **over) for second in range(0, 100, 10)))
    followed.take(*(heartbeat(at(second)) for second in range(100, 690, 10)))
    assert [each[1:] for each in incidents(followed)] == [(kind, "opened")]

    followed.take(*(heartbeat(at(second)) for second in range(690, 800, 10)))
    assert [each[1:] for each in incidents(followed)] == [(kind, "opened"), (kind, "closed")]
    [found] = listed(followed.view)
    assert (found["closed"], found["details"]["became"]) == ("2026-01-05T10:01:40.000Z", "not_measured")


def test_a_trouble_that_becomes_another_is_not_said_to_be_over(followed: Followed) -> None:
    followed.take(set_of("yard", name="Yard", kinds=("visual",)), frame(at(5)), health(at(6)))
    followed.take(health(at(10), "degraded"), health(at(20), "stale"), health(at(30), "stopped", reason="it is over"))

    assert messages(followed) == [
        "Camera Yard has not received frames recently now, after 10 seconds of another fault",
        "Camera Yard has gone offline after 10 seconds of connection issues",
    ]
