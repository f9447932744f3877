from datetime import UTC, datetime

from bus_schemas.event import Event
from consumers.store.journal.record import Recorded
from consumers.views.warehouse.rows import blocks
from consumers.views.warehouse.tables import CAMERA_EVENTS, HEALTH, MOTION, THERMAL_READINGS
from tests import builders
from tests.builders import START


def recorded(*events: Event) -> list[Recorded]:
    return [Recorded(position, START, event) for position, event in enumerate(events, 1)]


def test_a_detection_is_one_row_of_its_camera() -> None:
    event = builders.detection(
        datetime(2026, 1, 5, 10, 0, 0, 123456, UTC),
        id="e-1",
        site="HEAD_OFFICE",
        device="EMPLOYEE_AREA",
        people_count=8,
        event_triggers=("CROWD_VIOLATION",),
    )

    rows = list(zip(*blocks(recorded(event))[CAMERA_EVENTS], strict=True))

    assert rows == [("HEAD_OFFICE", "EMPLOYEE_AREA", 1767607200123, 8, ("CROWD_VIOLATION",), 1, "e-1")]


def test_a_trigger_named_twice_happened_once() -> None:
    event = builders.detection(event_triggers=("CROWD_VIOLATION", "RESTRICTED_ACCESS", "CROWD_VIOLATION"))

    triggers = blocks(recorded(event))[CAMERA_EVENTS][4]

    assert triggers == (("CROWD_VIOLATION", "RESTRICTED_ACCESS"),)


def test_a_thermal_frame_is_a_row_for_itself_for_its_composite_and_for_each_region() -> None:
    rows = list(zip(*blocks(recorded(builders.thermal(hottest=90.0)))[THERMAL_READINGS], strict=True))

    assert [row[3:9] for row in rows] == [
        ("frame", "full_frame", 20.0, 90.0, 25.0, "normal"),
        ("composite", "composite", 90.0, 90.0, 90.0, "normal"),
        ("roi", "full_frame", 20.0, 90.0, 25.0, "critical"),
    ]


def test_counters_larger_than_their_column_stay_at_its_end() -> None:
    health = builders.health(total_reconnects=2**40)
    motion = builders.motion(frames=2**40)

    found = blocks(recorded(health, motion))

    assert found[HEALTH][7] == (4294967295,)
    assert found[MOTION][5] == (4294967295,)


def test_events_of_other_kinds_have_no_rows() -> None:
    assert blocks(recorded(builders.heartbeat(), builders.gap())) == {}
