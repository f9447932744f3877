"""The log of alerts: a line each, and one line for many of one cause."""

import sqlite3

from structlog.testing import capture_logs

from bus_schemas.alert import AlertEvent
from consumers.alerting.notify.log import AlertLog
from consumers.store.journal.record import Recorded
from tests.builders import START, alert


def lines(*events: AlertEvent) -> list[tuple[str, str]]:
    with capture_logs() as logs:
        AlertLog().deliver(sqlite3.connect(":memory:"), [Recorded(1, START, event) for event in events])
    return [(line["log_level"], line["event"]) for line in logs]


def test_a_single_alert_is_a_line_as_loud_as_its_level() -> None:
    assert lines(alert()) == [("error", "[yard] [ERROR] Camera yard is offline")]
    assert lines(alert(state="cleared")) == [("info", "[yard] [ERROR] Camera yard is offline")]
    assert lines(alert(state="acknowledged")) == []


def test_a_line_begins_with_the_name_that_people_know() -> None:
    named = alert(device_name="Loading dock", message="Camera Loading dock is offline")

    assert lines(named) == [("error", "[Loading dock] [ERROR] Camera Loading dock is offline")]


def test_many_of_one_cause_are_one_line() -> None:
    found = lines(*[alert(device=f"d{number}") for number in range(60)], alert(state="cleared"))

    assert len(found) == 2
    assert found[0][0] == "error"
    assert found[0][1].startswith("[ERROR] 60 devices of DEMO are offline: d0, d1, ")
    assert found[0][1].endswith("d49, and 10 more")
