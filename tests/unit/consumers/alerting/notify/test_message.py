"""What a receiver reads: one alert as it is, many in the same envelope."""

import pytest
from pydantic_core import from_json

from bus_schemas.alert import AlertEvent
from consumers.alerting.notify.delivery import AlertDelivery
from consumers.alerting.notify.message import body_of, message_of
from tests.builders import START, alert, at


def delivery(event: AlertEvent, number: int = 1, *, is_reduced: int = 0) -> AlertDelivery:
    one, body = event.data, body_of(event)
    named = (number, event.id, one.alert_id, one.site, one.device, one.type, one.state, one.level)
    return AlertDelivery(*named, body, 0.0, is_reduced=is_reduced)


def test_the_body_says_what_an_alert_says() -> None:
    body = from_json(body_of(alert(at(1))))

    assert body["type"] == "device_offline"
    assert (body["level"], body["camera_name"], body["timestamp"]) == ("error", "yard", "2026-01-05T10:00:01.000Z")


def test_many_alerts_of_one_cause_have_the_same_envelope_and_a_list() -> None:
    events = [alert(at(number), device=f"d{number}", id=f"e{number}") for number in range(3)]
    body = from_json(message_of([delivery(event) for event in events]).body)
    single = from_json(body_of(events[0]))

    assert set(body) == {*single, "count", "grouped"}
    assert body["id"] == body["event_id"]
    assert (body["type"], body["state"], body["level"], body["site"]) == ("device_offline", "raised", "error", "DEMO")
    assert (body["device"], body["camera_name"], body["details"], body["media"]) == (None, None, {}, [])
    assert body["message"] == "3 devices of DEMO are offline: d0, d1, d2"
    assert (body["count"], body["timestamp"]) == (3, single["timestamp"])
    names = ("id", "event_id", "type", "state", "level", "site", "device", "camera_name", "timestamp")
    assert body["grouped"] == [{name: from_json(body_of(event))[name] for name in names} for event in events]


def test_devices_are_called_by_their_names() -> None:
    events = [alert(at(n), device=f"d{n}", device_name=f"Gate {n}", id=f"e{n}") for n in range(3)]

    assert from_json(body_of(events[0]))["camera_name"] == "Gate 0"
    assert from_json(message_of([delivery(event) for event in events]).body)["message"] == (
        "3 devices of DEMO are offline: Gate 0, Gate 1, Gate 2"
    )


def test_alerts_of_many_causes_are_a_digest_as_loud_as_the_loudest() -> None:
    events = [
        alert(START, device="d0", id="e0"),
        alert(START, "cleared", device="d1", id="e1", of="freeze"),
        alert(START, device="d2", id="e2", site="OTHER"),
    ]
    body = from_json(message_of([delivery(event) for event in events]).body)

    assert (body["type"], body["state"], body["site"], body["level"]) == ("digest", "mixed", None, "error")
    assert body["message"] == "3 alerts of 2 sites: 2 raised, 1 cleared: d0, d1, d2"


def test_what_one_device_has_to_say_is_said_once_each() -> None:
    raised = {"state": "raised", "message": "Camera yard is offline"}
    cleared = {"state": "cleared", "message": "Camera yard is back after 40 seconds"}
    events = [alert(START, id=f"e{number}", **reported) for number, reported in enumerate([raised, cleared, raised])]
    body = from_json(message_of([delivery(event) for event in events]).body)

    assert body["device"] == "yard"
    assert body["message"] == "Camera yard is offline; Camera yard is back after 40 seconds"


def test_a_smaller_message_has_no_details_and_lists_fewer() -> None:
    one = from_json(message_of([delivery(alert(), is_reduced=1)]).body)
    many = message_of([delivery(alert(device=f"d{n}", id=f"e{n}"), is_reduced=1) for n in range(200)])

    assert (one["details"], one["media"]) == ({}, [])
    assert (from_json(many.body)["count"], len(from_json(many.body)["grouped"])) == (200, 50)


def test_the_same_alerts_have_the_same_key_whatever_their_order() -> None:
    first, second = (delivery(alert(device=f"d{n}", id=f"e{n}")) for n in range(2))

    assert message_of([first]).key == "e0"
    assert message_of([first, second]).key == message_of([second, first]).key != message_of([first]).key


def test_many_devices_are_counted_by_site_and_named_as_people_do() -> None:
    events = [alert(site=site, device="gate", device_name=f"Gate of {site}", id=site) for site in ("DEMO", "ANNEX")]
    body = from_json(message_of([delivery(event) for event in events]).body)

    assert body["message"] == "2 devices of 2 sites are offline: Gate of DEMO, Gate of ANNEX"
    assert from_json(body_of(events[0]))["camera_name"] == "Gate of DEMO"


@pytest.mark.parametrize(
    ("became", "sentence"),
    [
        ("retired", "are not watched any more, or may be silent for so long"),
        ("offline", "have gone offline"),
        ("stale", "have another fault now"),
        (None, "have no connection issues any more"),
    ],
)
def test_many_that_are_cleared_are_said_to_be_well_only_where_they_are(became: str | None, sentence: str) -> None:
    details = {} if became is None else {"became": became}
    events = [
        alert(state="cleared", of="device_degraded", device=f"d{number}", id=f"e{number}", details=details)
        for number in range(3)
    ]

    body = from_json(message_of([delivery(event) for event in events]).body)
    assert body["message"] == f"3 devices of DEMO {sentence}: d0, d1, d2"


def test_a_type_without_a_sentence_of_its_own_is_said_in_words() -> None:
    events = [alert(of="sensor_frozen", device=f"d{number}", id=f"e{number}") for number in range(3)]
    body = from_json(message_of([delivery(event) for event in events]).body)

    assert body["message"] == "3 devices of DEMO have an alert (Thermal picture frozen): d0, d1, d2"
