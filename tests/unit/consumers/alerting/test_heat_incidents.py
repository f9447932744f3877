"""Incidents of heat: what raises them, what spikes do not, and when they are over."""

from bus_schemas.alert import IncidentEvent
from bus_schemas.event import Event
from bus_schemas.thermal import RegionThresholds, ThermalEvent
from consumers.alerting.alerts.questions import alerts
from consumers.alerting.incidents.questions import incidents, open_incidents
from tests.builders import at, settings, thermal
from tests.following import Followed
from tests.incident_reports import reported


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


def measured(second: float, hottest: float, confirmed: float) -> ThermalEvent:
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


def beside(second: float, tank: float, bushing: float) -> ThermalEvent:
    """A frame of two regions."""
    event, other = thermal(at(second), hottest=tank), thermal(at(second), hottest=bushing)
    limits = RegionThresholds(warning=75.0, critical=85.0, emergency=95.0)
    regions = tuple(
        one.data.regions[0].model_copy(update={"name": name, "thresholds": limits})
        for one, name in ((event, "tank"), (other, "bushing"))
    )
    hottest = max(event, other, key=lambda one: one.data.frame_stats.max_temp)
    return hottest.model_copy(update={"data": hottest.data.model_copy(update={"regions": regions})})


def test_a_region_that_was_never_hot_keeps_no_incident_open(followed: Followed) -> None:
    followed.take(beside(0, 74.5, 90.0), *(beside(second, 74.5, 40.0) for second in range(1, 60)))

    assert reported(followed) == [("yard", "hot_spot", "opened"), ("yard", "hot_spot", "closed")]


def test_a_hot_region_that_somebody_took_away_has_not_cooled_down(followed: Followed) -> None:
    hot = beside(0, 40.0, 78.0)
    region = hot.data.regions[0].model_copy(update={"name": "lid"})
    left = hot.model_copy(update={"data": hot.data.model_copy(update={"regions": (region,)})})
    followed.take(hot, *(left.model_copy(update={"id": f"t-{n}", "time": at(n)}) for n in range(1, 60)))
    [found] = incidents(followed.view)

    assert (found["state"], found["details"]["became"]) == ("closed", "not_measured")


def test_the_margin_is_that_of_all_that_was_hot(followed: Followed) -> None:
    followed.take(beside(0, 76.0, 90.0), *(beside(second, 74.5, 40.0) for second in range(1, 60)))
    before = reported(followed)
    followed.take(*(beside(second, 70.0, 40.0) for second in range(60, 120)))

    assert before == [("yard", "hot_spot", "opened")]
    assert reported(followed) == [("yard", "hot_spot", "opened"), ("yard", "hot_spot", "closed")]


def test_the_margin_is_below_the_threshold_that_was_set(followed: Followed) -> None:
    roi = {"name": "full_frame", "coordinates": [[0, 0], [32, 24]], "thresholds": {"warning": 70.0}}
    followed.take(settings(settings={"rois": [roi]}))
    followed.take(thermal(at(0), hottest=76.0), *(thermal(at(second), hottest=69.0) for second in range(1, 60)))

    assert reported(followed) == [("yard", "hot_spot", "opened")]


def by_emissivity(second: float, frame: float, region: float, confirmed: float | None = None) -> Event:
    """A frame of a shiny region, which is hotter than any pixel reads: `confirmed` of it is no spike."""
    event, sure = measured(second, frame, frame), region if confirmed is None else confirmed
    levels = {
        "alert_level": thermal(hottest=region).data.regions[0].alert_level,
        "confirmed_level": thermal(hottest=sure).data.regions[0].alert_level,
    }
    own = {"peak_temp": region, "confirmed_temp": sure, "max_temp": min(frame, sure), **levels}
    shiny = event.data.regions[0].model_copy(update=own)
    return event.model_copy(update={"data": event.data.model_copy(update={"regions": (shiny,)})})


def test_a_region_that_decides_is_told_with_what_it_measures_itself(followed: Followed) -> None:
    followed.take(by_emissivity(0, 40.0, 50.0), by_emissivity(1, 58.0, 76.5), by_emissivity(2, 60.0, 120.0, 79.0))
    (opened,) = open_incidents(followed.view)
    assert (opened["details"]["level"], opened["details"]["max_temp"]) == ("warning", 76.5)
    assert "measures 76.5 °C" in alerts(followed.view)[0]["message"]

    followed.take(by_emissivity(13, 61.0, 79.5), *(by_emissivity(20 + n, 30.0, 41.0) for n in range(40)))
    details = incidents(followed.view)[0]["details"]
    assert (details["worst"], details["closed_by"] != []) == (79.5, True)
    assert "cooled down to 41.0 °C" in str(alerts(followed.view)[0]["cleared_message"])


def test_a_hot_spot_beside_a_warm_region_counts_where_it_is_hotter(followed: Followed) -> None:
    followed.take(by_emissivity(0, 92.0, 76.0))
    (opened,) = open_incidents(followed.view)

    assert (opened["details"]["level"], opened["details"]["max_temp"]) == ("warning", 92.0)


def test_a_hot_spot_of_a_sensor_without_regions_is_told_with_what_the_frame_measures(followed: Followed) -> None:
    event = measured(0, 92.0, 92.0)
    followed.take(event.model_copy(update={"data": event.data.model_copy(update={"regions": ()})}))

    assert open_incidents(followed.view)[0]["details"]["max_temp"] == 92.0
