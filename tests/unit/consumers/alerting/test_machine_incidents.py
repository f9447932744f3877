"""Incidents of the hub, of disks and of machines."""

from typing import Any

import pytest

from bus_schemas.event import Event, iso
from consumers.alerting.incidents.questions import incident, incidents, open_incidents
from consumers.engine.intervals import IntervalQuery
from tests.builders import at, fault, frame, heartbeat, state, tick
from tests.following import Followed
from tests.incident_reports import reported


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
