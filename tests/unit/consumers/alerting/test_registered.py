"""What the registry says of devices and rules, and what that does to their incidents; the journal alone decides."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bus_schemas.alert import AlertEvent, IncidentEvent
from bus_schemas.registry import RegistryEvent
from consumers.alerting.alerts.questions import alerts, why
from consumers.alerting.conditions import DeviceCondition, conditions
from consumers.alerting.projection import AlertingProjection
from consumers.engine.rebuild.compare import compare, verify
from tests.builders import at, detection, frame, health, registry, rules, thermal, tick
from tests.following import Followed


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[Followed]:
    with Followed(AlertingProjection(), tmp_path) as it:
        yield it


UNKNOWN = DeviceCondition("unknown", (), 0.0, None, None, None)


def set_of(device: str | None, second: float = 0, **given: Any) -> RegistryEvent:
    return registry(at(second), device=device, **given)


def incidents(followed: Followed) -> list[tuple[str, str, str]]:
    found = [event.data for event in followed.emitted() if isinstance(event, IncidentEvent)]
    return [(one.device, one.type, one.state) for one in found]


def ticks(first: int, last: int) -> list[Any]:
    return [tick(at(second), uptime_s=float(second)) for second in range(first, last, 5)]


def test_a_door_that_reports_twice_a_day_is_not_offline(followed: Followed) -> None:
    followed.take(*ticks(0, 60), detection(at(60), device="door"), *ticks(65, 400))

    assert incidents(followed) == []
    assert [event for event in followed.emitted() if isinstance(event, AlertEvent)] == []


def test_the_silence_of_a_foreign_device_is_an_incident_where_somebody_wants_it(followed: Followed) -> None:
    door = set_of("door", expects="nothing", silent_after_s=120)
    followed.take(*ticks(0, 60), door, detection(at(60), device="door"), *ticks(65, 240))

    assert incidents(followed) == [("door", "offline", "opened")]


def test_a_device_that_is_expected_to_send_and_never_does_is_missed(followed: Followed) -> None:
    followed.take(set_of("attic", expects="frames"), set_of("cellar", expects="nothing"), *ticks(0, 120))

    assert incidents(followed) == [("attic", "offline", "opened")]


ADDED = 600
"""Seconds after the hub has begun to listen."""
LATE = {
    "never": ([], ADDED),
    "before that, when nothing was expected of it": ([(10.0, detection(at(10), device="attic"))], ADDED),
    "after that": ([(ADDED + 10.0, detection(at(ADDED + 10), device="attic"))], ADDED + 10),
}


@pytest.mark.parametrize("name", sorted(LATE))
def test_a_device_that_is_added_late_is_missed_since_then_and_was_unknown_before(followed: Followed, name: str) -> None:
    seen, since = LATE[name]
    followed.take(*ticks(0, ADDED), *[event for second, event in seen if second < ADDED])
    assert conditions(followed.view).get(("DEMO", "attic"), UNKNOWN).condition in ("unknown", "ok")

    followed.take(set_of("attic", ADDED, expects="frames"), *[event for second, event in seen if second > ADDED])
    followed.take(*ticks(ADDED, ADDED + 30))
    assert incidents(followed) == []

    followed.take(*ticks(ADDED + 30, ADDED + 120))
    assert incidents(followed) == [("attic", "offline", "opened")]
    assert conditions(followed.view)["DEMO", "attic"].since == at(since).timestamp()
    assert verify(AlertingProjection(), followed.source) == []


def test_a_device_that_is_watched_again_is_missed_since_then(followed: Followed) -> None:
    followed.take(set_of("attic", expects="frames"), set_of("attic", 1, retired=True), *ticks(5, ADDED))
    followed.take(set_of("attic", ADDED, retired=False), *ticks(ADDED, ADDED + 60))

    found = conditions(followed.view)["DEMO", "attic"]
    assert (found.condition, found.since) == ("offline", at(ADDED).timestamp())


def test_a_hub_that_starts_again_misses_a_device_since_its_own_start(followed: Followed) -> None:
    followed.take(set_of("attic", expects="frames"), *(tick(at(900 + beat), uptime_s=beat) for beat in range(5, 60, 5)))

    assert conditions(followed.view)["DEMO", "attic"].since == at(900).timestamp()


@pytest.mark.parametrize(
    ("kinds", "sentence"),
    [
        (("visual", "thermal"), "Camera attic is offline"),
        (("thermal",), "Sensor attic is offline"),
        ((), "Device attic is offline"),
    ],
)
def test_an_alert_calls_a_device_what_it_is(followed: Followed, kinds: tuple[str, ...], sentence: str) -> None:
    followed.take(set_of("attic", expects="readings", kinds=kinds or None), *ticks(0, 120))

    assert [event.data.message for event in followed.emitted() if isinstance(event, AlertEvent)] == [sentence]


def test_sentences_of_alerts_call_a_device_by_the_name_that_it_had_then(followed: Followed) -> None:
    followed.take(set_of("attic", expects="readings", kinds=("visual",), name="Under the roof"), *ticks(0, 120))
    followed.take(set_of("attic", 121, name="Loft", origin="page"), frame(at(122), device="attic"), *ticks(122, 130))

    said = [event.data for event in followed.emitted() if isinstance(event, AlertEvent)]
    assert [(one.message, one.device_name) for one in said] == [
        ("Camera Under the roof is offline", "Under the roof"),
        ("Camera Loft is back after 2 minutes", "Loft"),
    ]


def test_rules_hold_from_where_they_were_set(followed: Followed) -> None:
    followed.take(thermal(at(0), hottest=78.0, regions=()))
    assert incidents(followed) == []

    followed.take(rules(at(1), in_force={"hot_spot_c": 75.0, "of_tomorrow": 1.0}), thermal(at(2), hottest=90.0))
    assert incidents(followed) == [("yard", "hot_spot", "opened")]


def test_what_is_open_of_a_retired_device_is_closed_and_it_is_missed_no_more(followed: Followed) -> None:
    followed.take(set_of("yard", expects="frames"), frame(at(1)), *ticks(5, 120))
    assert incidents(followed) == [("yard", "offline", "opened")]

    followed.take(set_of("yard", 121, retired=True, origin="page"), *ticks(125, 300), frame(at(300)))

    assert incidents(followed) == [("yard", "offline", "opened"), ("yard", "offline", "closed")]
    [closed] = [e.data for e in followed.emitted() if isinstance(e, IncidentEvent) and e.data.state == "closed"]
    assert closed.details["reason"] == "retired"
    reported = [(event.data.type, event.data.state) for event in followed.emitted() if isinstance(event, AlertEvent)]
    assert reported == [("device_offline", "raised"), ("device_offline", "cleared")]
    assert conditions(followed.view)["DEMO", "yard"].condition == "unknown"


def test_a_device_that_is_brought_back_is_missed_again(followed: Followed) -> None:
    followed.take(set_of("yard", expects="frames", retired=True), frame(at(1)), *ticks(5, 120))
    assert incidents(followed) == []

    followed.take(set_of("yard", 121, retired=False), frame(at(122)), *ticks(125, 240))
    assert incidents(followed) == [("yard", "offline", "opened")]


def test_with_a_site_all_its_devices_are_retired(followed: Followed) -> None:
    followed.take(set_of("yard", expects="frames"), set_of("attic", expects="frames"), *ticks(0, 120))
    followed.take(set_of(None, 121, retired=True), *ticks(125, 200))

    assert sorted(incidents(followed)) == [
        (device, "offline", state) for device in ("attic", "yard") for state in ("closed", "opened")
    ]


def test_the_view_depends_on_the_journal_alone_and_on_no_batches(tmp_path: Path) -> None:
    events = [
        set_of("yard", expects="frames"), health(at(0)), frame(at(1), blackscreen=True), *ticks(5, 60),
        rules(at(61), in_force={"offline_after_s": 60.0}), *ticks(65, 90), set_of("yard", 91, name="Back yard"),
        set_of("yard", 92, retired=True), *ticks(95, 120), set_of("yard", 121, retired=False), frame(at(122)),
    ]  # fmt: skip
    with (
        Followed(AlertingProjection(), tmp_path / "one", events) as one,
        Followed(AlertingProjection(), tmp_path / "many") as many,
    ):
        for event in events:
            many.take(event)

        assert compare(one.view, many.view, AlertingProjection()) == []
        assert verify(AlertingProjection(), one.source) == []


def test_why_says_the_silence_that_this_device_is_allowed(followed: Followed) -> None:
    followed.take(set_of("door", expects="heartbeat", silent_after_s=20), detection(at(1), device="door"))
    followed.take(set_of("attic", expects="frames"), *ticks(0, 60))

    texts = {one["device"]: why(followed.view, one["id"]) for one in alerts(followed.view)}
    assert {name: found["rule"]["text"].count("20 s") for name, found in texts.items() if found} == {
        "door": 1,
        "attic": 0,
    }
    assert texts["attic"] is not None
    assert "for 30 s while the hub was listening" in texts["attic"]["rule"]["text"]
