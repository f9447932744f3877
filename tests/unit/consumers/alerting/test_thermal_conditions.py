"""Conditions of thermal sensors and of the trends of their regions."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bus_schemas.alert import AlertEvent, IncidentEvent
from bus_schemas.codec import to_bytes
from bus_schemas.event import Event, iso
from bus_schemas.thermal import SENSOR_FAULTS, ThermalEvent
from consumers.alerting.alerts.questions import alerts
from consumers.alerting.incidents.newest import newest_value
from consumers.alerting.incidents.questions import incidents
from consumers.alerting.projection import AlertingProjection
from consumers.alerting.rules import AlertRules
from consumers.engine.partial import THERMAL
from tests.builders import at, make, rules, sensor, thermal
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


def adjoining(second: float, filtered: dict[str, float], confirmed: dict[str, float], **limits: float) -> ThermalEvent:
    event = phases(second, filtered, **limits)
    regions = [one.model_copy(update={"confirmed_temp": confirmed[one.name]}) for one in event.data.regions]
    return event.model_copy(update={"data": event.data.model_copy(update={"regions": tuple(regions)})})


FILTERED, CONFIRMED = {"L1": 41.7, "L2": 56.0, "L3": 41.7}, {"L1": 40.0, "L2": 56.0, "L3": 40.0}
"""Of three phases that touch: the filter of the frame lends the outer ones heat of the one in the middle."""


@pytest.mark.parametrize(
    ("kind", "limits", "value"),
    [
        ("temperature_difference", {"above_group_c": 15.0}, 16.0),
        ("above_ambient", {"above_ambient_c": 35.0}, 36.0),
        ("temperature_rise", {"rise_c_per_minute": 15.0}, 16.0),
    ],
)
def test_trends_are_those_of_what_is_confirmed_and_not_of_what_a_filter_has_mixed(
    followed: Followed, kind: str, limits: dict[str, float], value: float
) -> None:
    even = dict.fromkeys(FILTERED, 40.0)
    lent = {**FILTERED, "L2": 50.0}  # a joint of few pixels is lowered
    followed.take(adjoining(0, even, even, **limits), adjoining(60, lent, CONFIRMED, **limits))

    [found] = incidents(followed.view)
    assert (found["type"], found["details"]["regions"], found["details"]["value"]) == (kind, ["L2"], value)


LESS_THAN_THE_HYSTERESIS = [
    ("temperature_difference", {"above_group_c": 0.8}, [50.0, 51.0, 50.0]),
    ("above_ambient", {"above_ambient_c": 0.8}, [20.0, 21.0, 20.0]),
    ("temperature_rise", {"rise_c_per_minute": 0.8}, [50.0, 51.0, 51.0]),
]


@pytest.mark.parametrize(("kind", "limits", "temps"), LESS_THAN_THE_HYSTERESIS)
def test_a_condition_with_a_limit_that_is_less_than_the_hysteresis_is_over_when_all_is_as_it_was(
    followed: Followed, kind: str, limits: dict[str, float], temps: list[float]
) -> None:
    before, warm, after = temps
    followed.take(*(phases(n, {"L1": before, "L2": before}, **limits) for n in range(60)))
    followed.take(*(phases(n, {"L1": before, "L2": warm}, **limits) for n in range(60, 70)))
    followed.take(*(phases(n, {"L1": before, "L2": after}, **limits) for n in range(70, 200)))

    assert changes(followed) == [(kind, "opened"), (kind, "closed")]


def test_a_region_that_was_edited_did_not_rise_by_what_that_differs(followed: Followed) -> None:
    def measured(second: float, temp: float, revision: str) -> ThermalEvent:
        event = phases(second, {"tank": temp}, rise_c_per_minute=5.0)
        regions = tuple(one.model_copy(update={"revision": revision}) for one in event.data.regions)
        return event.model_copy(update={"data": event.data.model_copy(update={"regions": regions})})

    followed.take(*(measured(n, 40.0, "a") for n in range(60)), *(measured(n, 55.0, "b") for n in range(60, 120)))
    edited = changes(followed)
    followed.take(*(measured(n, 55.0 + (n - 120) / 5, "b") for n in range(120, 180)))

    assert (edited, changes(followed)[:1]) == ([], [("temperature_rise", "opened")])


def test_a_difference_is_judged_before_it_is_rounded(followed: Followed) -> None:
    equal, above = {"L1": 50.4, "L2": 65.4}, {"L1": 50.4, "L2": 65.404}  # 65.4 - 50.4 is more than 15 to a computer
    followed.take(phases(0, equal, above_group_c=15.0))
    before = changes(followed)
    followed.take(phases(1, above, above_group_c=15.0))

    assert (before, changes(followed)) == ([], [("temperature_difference", "opened")])
    assert incidents(followed.view)[0]["details"]["value"] == 15.0


def test_a_difference_within_the_margin_keeps_the_incident_open(followed: Followed) -> None:
    followed.take(phases(0, {"L1": 50.0, "L2": 66.0}, above_group_c=15.0))
    followed.take(*(phases(n, {"L1": 50.0, "L2": 64.5}, above_group_c=15.0) for n in range(1, 200)))

    assert changes(followed) == [("temperature_difference", "opened")]


NEVER_BEYOND = [
    ("temperature_difference", {"above_group_c": 15.0}, {"L1": 50.0, "L2": 66.0, "L3": 50.0}, 64.5),
    ("above_ambient", {"above_ambient_c": 35.0}, {"L1": 30.0, "L2": 56.0, "L3": 30.0}, 54.5),
]


@pytest.mark.parametrize(("kind", "limits", "odd", "near"), NEVER_BEYOND)
def test_a_region_that_was_never_beyond_its_limit_keeps_no_incident_open(
    followed: Followed, kind: str, limits: dict[str, float], odd: dict[str, float], near: float
) -> None:
    followed.take(phases(0, odd, **limits))
    others = {**odd, "L2": odd["L1"], "L3": near}
    followed.take(*(phases(n, others, **limits) for n in range(1, 100)))

    assert changes(followed) == [(kind, "opened"), (kind, "closed")]


NOT_COMPARED = [
    ("temperature_difference", {"above_group_c": 15.0}, {"L2": 66.0}, {"above_group_c": 15.0}),
    ("temperature_difference", {"above_group_c": 15.0}, {"L1": 50.0, "L2": 66.0}, {}),
    ("above_ambient", {"above_ambient_c": 35.0}, {"L1": 50.0}, {"above_ambient_c": 35.0}),
]


@pytest.mark.parametrize(("kind", "limits", "left", "later"), NOT_COMPARED)
def test_a_region_that_nobody_compares_any_more_has_not_recovered(
    followed: Followed, kind: str, limits: dict[str, float], left: dict[str, float], later: dict[str, float]
) -> None:
    followed.take(*(phases(n, {"L1": 50.0, "L2": 66.0}, **limits) for n in range(5)))
    followed.take(*(phases(n, left, **later) for n in range(5, 60)))

    assert changes(followed) == [(kind, "opened"), (kind, "closed")]
    assert incidents(followed.view)[0]["details"]["became"] == "not_measured"
    assert "does not measure that any more" in messages(followed)[-1]


def test_each_region_has_to_be_beyond_its_limit_for_the_whole_duration(followed: Followed) -> None:
    followed.take(rules(at(0), in_force={"trend_after_s": 10.0}))
    in_turn = [{"L1": 50.0, "L2": 50.0, "L3": 50.0, f"L{1 + n % 2}": 66.0} for n in range(1, 60)]
    followed.take(*(phases(n, temps, above_group_c=15.0) for n, temps in enumerate(in_turn, start=1)))
    in_turns = changes(followed)
    lasting = {"L1": 50.0, "L2": 66.0, "L3": 50.0, "L4": 50.0, "L5": 50.0}
    followed.take(*(phases(n, lasting, above_group_c=15.0) for n in range(60, 100)))
    alone = changes(followed)
    followed.take(phases(100, {**lasting, "L4": 67.0}, above_group_c=15.0))
    at_once = changes(followed)
    followed.take(*(phases(n, {**lasting, "L4": 67.0}, above_group_c=15.0) for n in range(101, 115)))

    assert in_turns == []
    assert alone == at_once == [("temperature_difference", "opened")]
    assert len(changes(followed)) == 2
    [renewed] = [one for one in followed.emitted() if isinstance(one, IncidentEvent)][1:]
    assert (renewed.data.details["regions"], renewed.time) == (["L2", "L4"], at(110))


def test_regions_of_which_none_has_a_limit_are_not_compared(followed: Followed) -> None:
    followed.take(*(phases(n, {"L1": 20.0, "L2": 20.0 + n}) for n in range(50)))

    assert changes(followed) == []


@pytest.mark.parametrize(("rise", "expected"), [(4.0, []), (6.0, [("temperature_rise", "opened")])])
def test_a_region_that_rises_faster_than_its_limit_is_an_alert(
    followed: Followed, rise: float, expected: list[tuple[str, str]]
) -> None:
    followed.take(*(phases(n, {"tank": 30.0 + rise * n / 60}, rise_c_per_minute=5.0) for n in range(120)))

    assert changes(followed) == expected


@pytest.mark.parametrize("apart", [61, 100, 200])
@pytest.mark.parametrize(("rise", "expected"), [(4.0, []), (6.0, [("temperature_rise", "opened")])])
def test_a_rise_is_measured_also_of_a_sensor_that_reads_seldom(
    followed: Followed, apart: int, rise: float, expected: list[tuple[str, str]]
) -> None:
    seconds = range(0, 401, apart)
    followed.take(*(phases(n, {"tank": 30.0 + rise * n / 60}, rise_c_per_minute=5.0) for n in seconds))

    assert changes(followed) == expected


def test_a_rise_is_not_measured_over_a_pause(followed: Followed) -> None:
    followed.take(phases(0, {"tank": 30.0}, rise_c_per_minute=5.0), phases(3600, {"tank": 60.0}, rise_c_per_minute=5.0))
    followed.take(phases(3601, {"tank": 60.0}, rise_c_per_minute=5.0))

    assert changes(followed) == []


SET_BACK_S = 7200


def test_a_rise_is_measured_also_after_the_clock_of_the_sensor_was_set_back(followed: Followed) -> None:
    followed.take(*(phases(n + SET_BACK_S, {"tank": 30.0}, rise_c_per_minute=5.0) for n in range(60)))
    followed.take(*(phases(n, {"tank": 30.0 + n / 5}, rise_c_per_minute=5.0) for n in range(60)))

    assert changes(followed) == [("temperature_rise", "opened")]


def test_a_reading_that_comes_late_is_no_rise(followed: Followed) -> None:
    followed.take(*(phases(n, {"tank": 30.0}, rise_c_per_minute=5.0) for n in range(60)))
    followed.take(
        phases(20.5, {"tank": 60.0}, rise_c_per_minute=5.0), phases(61, {"tank": 30.0}, rise_c_per_minute=5.0)
    )

    assert changes(followed) == []


def test_how_bad_it_has_become_is_said_also_after_the_clock_was_set_back(followed: Followed) -> None:
    followed.take(phases(SET_BACK_S, {"L1": 50.0, "L2": 66.0}, above_group_c=15.0))
    followed.take(phases(0, {"L1": 50.0, "L2": 70.0}, above_group_c=15.0))

    [found] = incidents(followed.view)
    assert (found["state"], found["details"]["worst"]) == ("open", 20.0)


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


def test_the_worst_of_a_hot_spot_stands_beside_what_it_was_when_the_alert_was_raised(followed: Followed) -> None:
    climb = [thermal(at(second), hottest=85.0 + second / 2) for second in range(12)]
    followed.take(*climb, *(thermal(at(second), hottest=88.0) for second in range(12, 30)))
    [incident] = incidents(followed.view)
    [alert] = alerts(followed.view)

    for details in (incident["details"], alert["details"]):
        assert (details["max_temp"], details["worst"], details["worst_at"]) == (85.0, 90.5, iso(at(11)))
    assert len(changes(followed)) == 3  # every ten seconds, as far as it became worse


def test_what_was_reached_between_two_events_is_said_at_the_end(followed: Followed) -> None:
    hot, hotter = {"L1": 50.0, "L2": 66.0}, {"L1": 50.0, "L2": 71.0}
    followed.take(phases(0, hot, above_group_c=15.0), phases(1, hotter, above_group_c=15.0))
    followed.take(*(phases(n, {"L1": 50.0, "L2": 51.0}, above_group_c=15.0) for n in range(2, 60)))
    [incident] = incidents(followed.view)
    [alert] = alerts(followed.view)

    assert changes(followed) == [("temperature_difference", "opened"), ("temperature_difference", "closed")]
    for details in (incident["details"], alert["details"]):
        assert (details["value"], details["worst"], details["worst_at"]) == (16.0, 21.0, iso(at(1)))


def test_the_worst_of_a_rise_is_that_of_the_incident_and_not_of_one_before(followed: Followed) -> None:
    def climb(start: int, rise: float) -> list[ThermalEvent]:
        return [phases(start + n, {"tank": 30.0 + rise * n / 60}, rise_c_per_minute=5.0) for n in range(100)]

    followed.take(*climb(0, 12.0), *(phases(n, {"tank": 50.0}, rise_c_per_minute=5.0) for n in range(100, 400)))
    followed.take(*climb(400, 6.0))
    newest, before = incidents(followed.view)

    assert (before["details"]["worst"], before["state"]) == (12.0, "closed")
    assert "worst" not in newest["details"]


NOW = [
    ("hot_spot", {"L1": 50.0, "L2": 61.5}, {}, 61.5),
    ("temperature_difference", {"L1": 50.0, "L2": 61.5}, {"above_group_c": 15.0}, 11.5),
    ("above_ambient", {"L1": 50.0, "L2": 61.5}, {"above_ambient_c": 15.0}, 41.5),
    ("temperature_rise", {"L1": 50.0, "L2": 62.0}, {"rise_c_per_minute": 5.0}, 12.0),
    ("temperature_difference", {"L1": 50.0, "L2": 61.5}, {}, None),
]


@pytest.mark.parametrize(("kind", "temps", "limits", "expected"), NOW)
def test_what_is_measured_now_is_what_the_rule_looks_at(
    kind: str, temps: dict[str, float], limits: dict[str, float], expected: float | None
) -> None:
    before = dict.fromkeys(temps, 50.0)
    frames = [phases(0, before, **limits), phases(60, temps, **limits)]
    parts = [(one.time.timestamp(), THERMAL.decode(to_bytes(one)).data) for one in frames]

    assert newest_value(kind, parts, {"regions": ["L2"]}, AlertRules()) == expected


SENTENCES = [
    (
        "temperature_difference",
        {},
        "more than its limit. Over after 30 s below the limit by 1 °C, or by half of the limit",
    ),
    ("temperature_difference", {"trend_after_s": 20}, "more than its limit, for 20 s. Over after 30 s"),
    (
        "temperature_rise",
        {},
        "where they are farther apart. Over after 30 s below the limit by 1 °C per minute, or by half of the limit",
    ),
    ("sensor_frozen", {"sensor_fault_after_s": 0}, "were identical. Over when"),
    ("hot_spot", {"hot_spot_clear_s": 0}, "Over at once below the threshold by 2 °C."),
    ("memory", {"machine_after_s": 0}, "or more. Over when it was less."),
]


@pytest.mark.parametrize(("kind", "values", "says"), SENTENCES)
def test_a_rule_says_no_wait_that_there_is_not_and_its_own_unit(kind: str, values: dict[str, float], says: str) -> None:
    assert says in AlertRules().changed(values).sentence(kind)
