"""Conditions of thermal sensors and of the trends of their regions."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bus_schemas.alert import AlertEvent, IncidentEvent
from bus_schemas.event import Event, iso
from bus_schemas.thermal import SENSOR_FAULTS, ThermalEvent
from consumers.alerting.incidents.questions import incidents
from consumers.alerting.projection import AlertingProjection
from tests.builders import at, make, sensor, thermal
from tests.following import Followed, hub_in

THRESHOLDS = {"warning": 75.0, "critical": 85.0, "emergency": 95.0}


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[Followed]:
    with Followed(AlertingProjection(), hub_in(tmp_path).data) as it:
        yield it


def changes(followed: Followed) -> list[tuple[str, str]]:
    data = [event.data for event in followed.emitted() if isinstance(event, IncidentEvent)]
    return [(each.type, each.state) for each in data]


def messages(followed: Followed) -> list[str]:
    return [event.data.message for event in followed.emitted() if isinstance(event, AlertEvent)]


def trouble(fault: str, since: float, value: float = 3.0) -> dict[str, Any]:
    return {"fault": fault, "since": iso(at(since)), "value": value, "limit": 2.0}


def phases(second: float, temps: dict[str, float], ambient: float | None = None, **limits: float) -> ThermalEvent:
    """A frame with one region for each phase, all of one group."""
    regions = [
        {
            "name": name, "min_temp": 20.0, "max_temp": temp, "avg_temp": temp, "median_temp": temp, "std_dev": 0.1,
            "pixel_count": 40, "thresholds": {**THRESHOLDS, **limits}, "group": "phases", "peak_temp": temp,
        }
        for name, temp in temps.items()
    ]  # fmt: skip
    top = max(temps.values())
    stats = {"min_temp": 20.0, "max_temp": top, "avg_temp": 25.0, "median_temp": 24.0, "std_dev": 3.0}
    data = {"frame_stats": stats, "regions": regions, "ambient_temp": ambient, "sensor_temp": 20.0}
    return make(ThermalEvent, at(second), data, {})


@pytest.mark.parametrize("fault", SENSOR_FAULTS)
def test_a_sensor_that_does_not_see_is_an_incident_until_it_sees(followed: Followed, fault: str) -> None:
    followed.take(*(sensor(at(second), faults=(trouble(fault, 0),)) for second in (1, 9, 19)), sensor(at(40)))

    [found] = incidents(followed.view)
    assert changes(followed) == [(fault, "opened"), (fault, "closed")]
    assert (found["opened"], found["duration_s"]) == (iso(at(0)), 40.0)
    assert found["details"]["value"] == 3.0
    assert all("{" not in message for message in messages(followed))


def test_a_fault_of_a_sensor_that_is_over_at_once_is_none(followed: Followed) -> None:
    followed.take(sensor(at(1), faults=(trouble("sensor_frozen", 0),)), sensor(at(6)), sensor(at(60)))

    assert changes(followed) == []


def test_a_phase_that_is_warmer_than_the_others_is_an_alert_although_it_is_below_every_level(
    followed: Followed,
) -> None:
    even, odd = {"L1": 50.0, "L2": 51.0, "L3": 49.0}, {"L1": 50.0, "L2": 66.0, "L3": 49.0}
    followed.take(*(phases(n, even, above_group_c=15.0) for n in range(5)), phases(5, odd, above_group_c=15.0))
    raised = changes(followed)
    followed.take(*(phases(n, even, above_group_c=15.0) for n in range(6, 60)))

    assert raised == [("temperature_difference", "opened")]
    assert changes(followed) == [("temperature_difference", "opened"), ("temperature_difference", "closed")]
    assert messages(followed)[0] == "yard: L2 is 16.5 °C warmer than the others of its group"
    [found] = incidents(followed.view)
    assert (found["opened"], found["duration_s"]) == (iso(at(5)), 1.0)


def test_a_difference_within_the_margin_keeps_the_incident_open(followed: Followed) -> None:
    followed.take(phases(0, {"L1": 50.0, "L2": 66.0}, above_group_c=15.0))
    followed.take(*(phases(n, {"L1": 50.0, "L2": 64.5}, above_group_c=15.0) for n in range(1, 200)))

    assert changes(followed) == [("temperature_difference", "opened")]


def test_regions_of_which_none_has_a_limit_are_not_compared(followed: Followed) -> None:
    followed.take(*(phases(n, {"L1": 20.0, "L2": 20.0 + n}) for n in range(50)))

    assert changes(followed) == []


@pytest.mark.parametrize(("rise", "expected"), [(4.0, []), (6.0, [("temperature_rise", "opened")])])
def test_a_region_that_rises_faster_than_its_limit_is_an_alert(
    followed: Followed, rise: float, expected: list[tuple[str, str]]
) -> None:
    followed.take(*(phases(n, {"tank": 30.0 + rise * n / 60}, rise_c_per_minute=5.0) for n in range(120)))

    assert changes(followed) == expected


def test_a_rise_is_not_measured_over_a_pause(followed: Followed) -> None:
    followed.take(phases(0, {"tank": 30.0}, rise_c_per_minute=5.0), phases(3600, {"tank": 60.0}, rise_c_per_minute=5.0))
    followed.take(phases(3601, {"tank": 60.0}, rise_c_per_minute=5.0))

    assert changes(followed) == []


@pytest.mark.parametrize(("ambient", "count"), [(None, 1), (10.0, 1), (25.0, 0)])
def test_a_region_is_compared_with_the_ambient_temperature_or_else_the_coolest_tenth(
    followed: Followed, ambient: float | None, count: int
) -> None:
    followed.take(phases(0, {"tank": 52.0}, ambient, above_ambient_c=30.0))

    assert len(changes(followed)) == count


def test_a_hot_pixel_that_is_masked_does_not_end_its_alert(followed: Followed) -> None:
    stuck = {"pixel": (12, 7), "fault": "stuck", "temp": 110.0, "alert_level": "emergency"}
    cool: list[Event] = [thermal(at(second)) for second in range(9, 200)]
    followed.take(thermal(at(0), hottest=110.0), sensor(at(8), masked=(stuck,), masked_count=1), *cool)
    held = changes(followed)
    [open_one] = incidents(followed.view)
    followed.take(sensor(at(200), masked=({"pixel": (12, 7), "fault": "declared"},), masked_count=1))
    followed.take(*(thermal(at(second)) for second in range(201, 260)))

    assert [state for _, state in held] == ["opened", "opened"]
    assert open_one["details"]["masked_pixels"] == [[12, 7]]
    assert changes(followed)[-1] == ("hot_spot", "closed")


def test_a_cold_pixel_that_is_masked_holds_nothing(followed: Followed) -> None:
    stuck = {"pixel": (1, 1), "fault": "stuck", "temp": 21.0}
    followed.take(thermal(at(0), hottest=110.0), sensor(at(8), masked=(stuck,), masked_count=1))
    followed.take(*(thermal(at(second)) for second in range(9, 60)))

    assert changes(followed)[-1] == ("hot_spot", "closed")
