"""Alerts: raised and cleared in pairs, deferred by the cool-down and never forgotten in it."""

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import pytest

from bus_schemas.alert import AlertEvent, IncidentEvent
from bus_schemas.event import Event
from bus_schemas.node import HeartbeatEvent
from consumers.alerting.alerts.book import AlertBook
from consumers.alerting.alerts.facts import of_incident
from consumers.alerting.alerts.questions import alert, alerts, count_open, count_unacknowledged, why
from consumers.alerting.alerts.wording import DeviceNames
from consumers.alerting.incidents.questions import incidents
from consumers.alerting.projection import AlertingProjection
from consumers.alerting.rules import RULE_VERSION
from consumers.engine.intervals import IntervalQuery
from consumers.engine.projection import Emit, Projection
from consumers.store.journal.record import Recorded
from tests.builders import alert as alert_event
from tests.builders import at, fault, frame, incident, thermal, tick
from tests.following import Followed, hub_in


class OfIncidents(Projection):
    """Alerts of incidents that a test names."""

    name: ClassVar[str] = "alerting"
    models: ClassVar[tuple[type[Event], ...]] = (IncidentEvent, AlertEvent, HeartbeatEvent)
    emits: ClassVar[tuple[type[Event], ...]] = (AlertEvent,)
    schema: ClassVar[str] = AlertingProjection.schema

    def fold(self, view: sqlite3.Connection, batch: Sequence[Recorded], emit: Emit) -> None:
        book = AlertBook(view, emit, 300.0, DeviceNames({("DEMO", "yard"): "Camera"}))
        for record in batch:
            book.position = record.position
            match record.event:
                case IncidentEvent() as event:
                    book.take(of_incident(event.data), event.time, record.received.timestamp())
                case AlertEvent() as event:
                    book.acknowledge(event)
                case HeartbeatEvent() as event:
                    book.pass_time(event)


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[Followed]:
    with Followed(OfIncidents(), tmp_path) as it:
        yield it


@pytest.fixture
def alerting(tmp_path: Path) -> Iterator[Followed]:
    hub = hub_in(tmp_path)
    with Followed(AlertingProjection(), hub.data) as it:
        yield it


def reported(followed: Followed) -> list[tuple[str, str]]:
    """Type and state of each event that was emitted."""
    return [(event.data.type, event.data.state) for event in followed.emitted() if isinstance(event, AlertEvent)]


RAISED, CLEARED = ("device_offline", "raised"), ("device_offline", "cleared")
RECOVERED = ("device_recovered", "raised")


def test_an_incident_raises_an_alert_and_its_end_clears_it(followed: Followed) -> None:
    followed.take(incident(at(0)), incident(at(60), state="closed"))

    assert reported(followed) == [RAISED, CLEARED, RECOVERED]
    recovered, offline = alerts(followed.view)
    assert (offline["state"], offline["raised"], offline["cleared"]) == (
        "closed",
        "2026-01-05T10:00:00.000Z",
        "2026-01-05T10:01:00.000Z",
    )
    assert (offline["level"], offline["message"]) == ("error", "Camera yard is offline")
    assert (recovered["level"], recovered["message"], recovered["state"]) == (
        "info",
        "Camera yard has recovered",
        "closed",
    )
    assert recovered["details"]["previous_status"] == "offline"


def test_what_the_cool_down_put_off_is_told_after_it_if_it_is_still_the_case(followed: Followed) -> None:
    followed.take(incident(at(0), incident_id="a"), incident(at(120), incident_id="a", state="closed"))
    followed.take(incident(at(240), incident_id="b"), tick(at(299)))
    before = reported(followed)
    followed.take(tick(at(300)))

    assert before == [RAISED, CLEARED, RECOVERED]
    assert reported(followed) == [*before, RAISED]
    assert alerts(followed.view)[0]["state"] == "open"


def test_what_is_over_when_the_cool_down_ends_is_not_told(followed: Followed) -> None:
    followed.take(incident(at(0), incident_id="a"), incident(at(10), incident_id="a", state="closed"))
    followed.take(incident(at(20), incident_id="b"), incident(at(30), incident_id="b", state="closed"), tick(at(400)))

    assert reported(followed) == [RAISED, CLEARED, RECOVERED]


def test_the_first_observation_of_a_camera_may_raise(followed: Followed) -> None:
    followed.take(tick(at(0)), incident(at(40), details={"reason": "never heard of since the hub started"}))

    assert reported(followed) == [RAISED]


def test_degraded_and_stale_do_not_share_a_cool_down(followed: Followed) -> None:
    followed.take(incident(at(0), "degraded"), incident(at(1), "stale"), incident(at(1), "degraded", "closed"))

    assert [type_ for type_, state in reported(followed) if state == "raised"] == ["device_degraded", "device_degraded"]
    messages = {each["message"] for each in alerts(followed.view)}
    assert messages == {"Camera yard is experiencing connection issues", "Camera yard has not received frames recently"}


def test_a_camera_has_not_recovered_while_it_is_in_other_trouble(followed: Followed) -> None:
    followed.take(incident(at(0)), incident(at(5), "degraded"), incident(at(5), state="closed"))
    before = reported(followed)
    followed.take(incident(at(9), "degraded", "closed"))

    assert RECOVERED not in before
    assert reported(followed)[-1] == RECOVERED


def test_a_restart_within_the_cool_down_tells_nothing_twice(followed: Followed, tmp_path: Path) -> None:
    followed.take(incident(at(0), incident_id="a"), incident(at(10), incident_id="a", state="closed"))
    followed.take(incident(at(20), incident_id="b"))
    followed.follower.close()
    followed.catch_up()
    followed.take(tick(at(100)))

    assert reported(followed) == [RAISED, CLEARED, RECOVERED]
    assert reported(followed.take(tick(at(310)))) == [RAISED, CLEARED, RECOVERED, RAISED]


def test_a_storage_alert_is_raised_once_and_again_only_when_it_is_worse(followed: Followed) -> None:
    low = {"level": "warning", "percent": 86.0, "free_bytes": 14_000_000_000}
    critical = {"level": "critical", "percent": 96.0, "free_bytes": 4_000_000_000}
    followed.take(*(incident(at(n), "storage", details=low, id=f"low-{n}") for n in range(0, 3000, 300)))
    followed.take(incident(at(3000), "storage", details=critical))

    assert reported(followed) == [("storage_low", "raised"), ("storage_critical", "raised")]
    found = alerts(followed.view)
    assert [each["message"] for each in found] == ["Storage critically low: 96.0% used, 4.0 GB free"]
    assert found[0]["level"] == "critical"


def test_an_acknowledgement_that_is_withdrawn_leaves_the_alert_to_the_next(followed: Followed) -> None:
    followed.take(incident(at(0)))
    [found] = alerts(followed.view)
    by_ada = {"alert_id": found["id"], "by": "ada", "comment": "on my way"}
    followed.take(alert_event(at(9), "acknowledged", **by_ada))
    [noted] = alerts(followed.view)
    followed.take(alert_event(at(10), "acknowledged", **{**by_ada, "withdrawn": True, "by": "bob"}))
    [withdrawn] = alerts(followed.view)
    unseen = count_unacknowledged(followed.view)
    followed.take(alert_event(at(11), "acknowledged", alert_id=found["id"], by="eve"))
    [again] = alerts(followed.view)

    assert noted["acknowledged"] == {"by": "ada", "time": "2026-01-05T10:00:09.000Z", "comment": "on my way"}
    assert withdrawn["acknowledged"] is None
    assert unseen == 1
    assert again["acknowledged"] == {"by": "eve", "time": "2026-01-05T10:00:11.000Z"}
    assert count_unacknowledged(followed.view) == 0


def test_the_first_to_acknowledge_is_remembered(followed: Followed) -> None:
    followed.take(incident(at(0)))
    alert_id = alerts(followed.view)[0]["id"]
    followed.take(alert_event(at(9), "acknowledged", alert_id=alert_id, by="ada"))
    followed.take(alert_event(at(10), "acknowledged", alert_id=alert_id, by="bob"))

    found = alert(followed.view, alert_id)
    assert found is not None
    assert found["acknowledged"] == {"by": "ada", "time": "2026-01-05T10:00:09.000Z"}
    assert found["state"] == "open"


def test_why_an_alert_was_raised_names_events_media_and_the_rule_with_the_values_in_force(alerting: Followed) -> None:
    key = "DEMO/yard/capture/1"
    frames = [frame(at(second), freeze=True, media=(key,)) for second in range(31)]
    alerting.take(*frames)

    answer = why(alerting.view, alerts(alerting.view)[0]["id"])
    assert answer is not None
    assert answer["causes"] == [frames[0].id, frames[30].id]
    assert answer["media"] == [key]
    assert answer["rule"] == {
        "name": "freeze",
        "version": RULE_VERSION,
        "text": "At least 80 % of the frames of 30 s were frozen. Over after 5 s without a frozen frame.",
    }
    assert why(alerting.view, "no such id") is None


def test_the_list_is_filtered_and_paged(followed: Followed) -> None:
    followed.take(*(incident(at(n), incident_id=f"i-{n}", device=f"d-{n}") for n in range(5)))
    followed.take(incident(at(9), incident_id="i-0", device="d-0", state="closed"))

    newest = alerts(followed.view, IntervalQuery(limit=2))
    rest = alerts(followed.view, IntervalQuery(after=newest[-1]["id"], state="open"))
    assert [each["device"] for each in newest] == ["d-0", "d-4"]
    assert [each["device"] for each in rest] == ["d-3", "d-2", "d-1"]
    assert count_open(followed.view, "DEMO") == 4


def test_one_incident_that_is_told_twice_is_one_alert(followed: Followed) -> None:
    once = incident(at(0))
    followed.take(once, once, incident(at(5), state="closed"), incident(at(5), state="closed"))

    assert reported(followed) == [RAISED, CLEARED, RECOVERED]


def test_a_fault_of_the_hub_is_an_alert_with_its_sentence_until_it_is_cleared(alerting: Followed) -> None:
    alerting.take(fault(at(0)), fault(at(5), part="journal", kind="database_error", reason="It is away."))
    found = {each["type"]: each for each in alerts(alerting.view, IntervalQuery(state="open"))}

    assert {kind: (each["level"], each["message"], each["device"]) for kind, each in found.items()} == {
        "system_error": ("error", "Hub: It stopped.", "_hub"),
        "database_error": ("critical", "Hub: It is away.", "_hub"),
    }
    explained = why(alerting.view, found["system_error"]["id"])
    assert explained is not None
    assert "does not work as it should" in explained["rule"]["text"]

    alerting.take(fault(at(9), "cleared", since=at(0)))
    assert reported(alerting) == [("system_error", "raised"), ("database_error", "raised"), ("system_error", "cleared")]


def test_two_parts_of_the_hub_are_told_and_cleared_each_by_itself(alerting: Followed) -> None:
    alerting.take(fault(at(0)), fault(at(1), part="mosaics"), fault(at(60), "cleared", since=at(0)))

    assert reported(alerting) == [("system_error", "raised")] * 2 + [("system_error", "cleared")]
    assert count_open(alerting.view) == 1


def test_a_disk_that_is_full_and_then_cannot_be_written_is_one_alert(followed: Followed) -> None:
    hub = {"site": "_hub", "device": "_hub"}
    low, critical, unwritable = (
        {"level": level, "percent": 99.0, "reason": "No space left on device"}
        for level in ("warning", "critical", "unwritable")
    )
    followed.take(incident(at(0), "storage", details=low, id="1", **hub))
    followed.take(incident(at(9), "storage", details=unwritable, id="2", **hub))
    followed.take(incident(at(20), "storage", details=critical, id="3", **hub))

    assert reported(followed) == [("storage_low", "raised"), ("storage_unwritable", "raised")]
    [one] = alerts(followed.view)
    assert (one["level"], one["message"]) == ("critical", "The disk cannot be written: No space left on device")


def hot(second: float, level: str, incident_id: str = "a", state: str = "opened") -> IncidentEvent:
    return incident(at(second), "hot_spot", state, incident_id=incident_id, details={"level": level, "max_temp": 90.0})


def test_what_is_worse_than_what_people_know_does_not_wait_for_the_cool_down(followed: Followed) -> None:
    followed.take(hot(0, "warning"), hot(10, "warning", state="closed"))
    followed.take(hot(60, "warning", "b"))
    assert reported(followed) == [("hot_spot", "raised"), ("hot_spot", "cleared")]

    followed.take(hot(100, "emergency", "b"))
    assert alerts(followed.view)[0]["level"] == "critical"
    assert alerts(followed.view)[0]["raised"] == "2026-01-05T10:01:40.000Z"

    followed.take(hot(110, "emergency", "b", state="closed"), hot(120, "critical", "c"), tick(at(130)))
    assert [one["level"] for one in alerts(followed.view)] == ["critical", "warning"]


def test_an_alert_that_gets_worse_is_acknowledged_no_more(followed: Followed) -> None:
    followed.take(hot(0, "warning"))
    [known] = alerts(followed.view)
    said = {"alert_id": known["id"], "by": "ada", "of": "hot_spot"}
    followed.take(alert_event(at(5), "acknowledged", **said))
    assert count_unacknowledged(followed.view) == 0

    followed.take(hot(10, "emergency"))
    assert count_unacknowledged(followed.view) == 1
    followed.take(alert_event(at(15), "acknowledged", **said), hot(20, "emergency"))
    assert count_unacknowledged(followed.view) == 0


def test_an_alert_lasts_since_its_incident_began_also_where_that_got_worse(alerting: Followed) -> None:
    degrees = [(0, 78.0), (600, 99.0), *((second, 30.0) for second in range(700, 760, 10))]
    alerting.take(*[thermal(at(second), hottest=hottest) for second, hottest in degrees])

    [known], [found] = alerts(alerting.view), incidents(alerting.view)
    assert (known["details"]["since"], found["duration_s"]) == (found["opened"], 700.0)
    assert known["cleared_message"] == "yard has cooled down to 30.0 °C after 12 minutes"


def test_an_alert_lasts_as_long_as_its_incident_however_late_people_were_notified(alerting: Followed) -> None:
    alerting.take(*[frame(at(second), freeze=second <= 100) for second in range(101)])
    [lasting], [still] = alerts(alerting.view), incidents(alerting.view)
    alerting.take(*[frame(at(second)) for second in range(101, 130)])
    [over], [found] = alerts(alerting.view), incidents(alerting.view)

    assert (lasting["since"], lasting["until"], lasting["duration_s"]) == (still["opened"], None, None)
    assert (over["since"], over["until"], over["duration_s"]) == tuple(
        found[name] for name in ("opened", "closed", "duration_s")
    )
    assert over["raised"] > over["since"]
