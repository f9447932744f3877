"""A device may name other regions in each of its thermal events, and there is no end of names."""

from pathlib import Path

from bus_schemas.limits import MAX_ITEMS
from bus_schemas.thermal import RegionThresholds, ThermalEvent
from consumers.alerting.incidents.device_state import Watched, read_watched
from consumers.alerting.projection import AlertingProjection
from tests.builders import at, thermal
from tests.following import Followed

LIMITS = RegionThresholds(warning=70, critical=90, emergency=100, rise_c_per_minute=5)


def warm(second: float, *names: str) -> ThermalEvent:
    event = thermal(at(second), hottest=80.0)
    (region,) = event.data.regions
    regions = tuple(region.model_copy(update={"name": name, "thresholds": LIMITS}) for name in names)
    return event.model_copy(update={"data": event.data.model_copy(update={"regions": regions})})


def state(followed: Followed) -> Watched:
    (text,) = followed.view.execute("select state from watched").fetchone()
    return read_watched(text)


def test_what_is_known_by_names_of_regions_does_not_grow_for_ever(tmp_path: Path) -> None:
    with Followed(AlertingProjection(), tmp_path) as followed:
        followed.take(*(warm(event, *(f"{event}-{number}" for number in range(400))) for event in range(6)))
        known = state(followed)

    assert (len(known.warnings), len(known.trends.samples)) == (MAX_ITEMS, MAX_ITEMS)
    assert {"5-0", "5-399"} <= known.warnings.keys() & known.trends.samples.keys()


def test_the_regions_of_one_event_are_all_known(tmp_path: Path) -> None:
    names = [f"region {number}" for number in range(MAX_ITEMS)]
    with Followed(AlertingProjection(), tmp_path) as followed:
        followed.take(warm(0, *names), warm(1, *names))

        assert state(followed).trends.samples.keys() == set(names)
