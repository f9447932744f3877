"""What people have set of devices, and when."""

from pathlib import Path

from bus_schemas.event import iso
from consumers.views.settings import SettingsProjection, change_of, changed_between, changes, zone_names
from consumers.views.settings import settings as current
from tests.builders import at, settings
from tests.following import Followed


def test_a_section_that_is_set_replaces_the_one_before(tmp_path: Path) -> None:
    with Followed(SettingsProjection(), tmp_path) as followed:
        followed.take(settings(settings={"motion": {"sensitivity": 25, "min_area": 500}, "zones": []}))
        followed.take(settings(at(9), settings={"motion": {"sensitivity": 50}}, changed_by="bob", request_id="r-9"))
        now = current(followed.view, "DEMO", "yard")
        history = changes(followed.view, "DEMO", "yard")
        confirmed = change_of(followed.view, "r-9")
        unknown = change_of(followed.view, "r-0")

    assert now == {"motion": {"sensitivity": 50}, "zones": []}
    assert [each.by for each in history] == ["bob", "ada"]
    assert confirmed == history[0]
    assert unknown is None


def test_zones_are_named_by_device_and_what_a_device_reports_wrongly_costs_itself(tmp_path: Path) -> None:
    ramp = {"name": "ramp", "points": [[0, 0], [1, 0], [1, 1]]}
    with Followed(SettingsProjection(), tmp_path) as followed:
        followed.take(settings(settings={"zones": [ramp, {**ramp, "name": "gate"}]}))
        followed.take(
            settings(device="attic", settings={"zones": []}), settings(device="oven", settings={"zones": "all"})
        )
        before = followed.journal.head()
        followed.take(settings(at(9), settings={"zones": [ramp]}))
        now = zone_names(followed.view, "DEMO")
        then = zone_names(followed.view, "DEMO", "yard", before)
        other = zone_names(followed.view, "DEMO", "attic"), zone_names(followed.view, "ANNEX")

    assert now == {"yard": ["ramp"]}
    assert then == {"yard": ["ramp", "gate"]}
    assert other == ({}, {})


def test_changes_of_a_time_are_those_within_it_and_the_last_before_also_where_they_came_late(tmp_path: Path) -> None:
    with Followed(SettingsProjection(), tmp_path) as followed:
        followed.take(*(settings(at(second)) for second in (0, 10, 30, 90, 20)))
        followed.take(settings(at(15), device="oven"))
        found = changed_between(followed.view, "DEMO", "yard", iso(at(15)), iso(at(60)), 9)
        newest = changed_between(followed.view, "DEMO", "yard", iso(at(15)), iso(at(60)), 2)
        before_all = changed_between(followed.view, "DEMO", "yard", iso(at(-60)), iso(at(5)), 9)

    assert [time for time, _ in found] == [iso(at(10)), iso(at(20)), iso(at(30))]
    assert newest == found[1:]
    assert [time for time, _ in before_all] == [iso(at(0))]
