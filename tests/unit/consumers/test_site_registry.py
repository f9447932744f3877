import sqlite3
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus_schemas.event import Event
from bus_schemas.registry import RegistryEvent
from consumers import registry_opening, site_registry
from consumers.site_registry import DeviceEntry, RegistryMemory, SiteEntry, SiteRegistry
from consumers.store.journal.record import Recorded
from tests import builders
from tests.builders import START, at


def folded(events: Iterable[Event], first: int = 1) -> SiteRegistry:
    view = sqlite3.connect(":memory:", isolation_level=None)
    view.executescript(site_registry.SCHEMA)
    registry = SiteRegistry(view)
    for position, event in enumerate(events, first):
        registry.take(Recorded(position, START, event))
    return registry


def rows(registry: SiteRegistry) -> list[Any]:
    return registry._view.execute("select * from registry").fetchall()


SITE = builders.registry(device=None, name="Plant", time_zone="Europe/Berlin", retired=False)
GATE = builders.registry(device="gate", name="Gate", kinds=("visual",), expects="frames", retired=False)


def by_page(second: float = 60, **given: Any) -> RegistryEvent:
    return builders.registry(at(second), device="gate", origin="page", **{"by": "ada", **given})


def test_what_is_set_last_stands_and_the_rest_stays() -> None:
    now = folded([SITE, GATE, by_page(name="North gate", silent_after_s=600)]).now

    assert now.sites() == [SiteEntry("DEMO", "Plant", "Europe/Berlin", is_retired=False)]
    assert now.devices("DEMO") == [
        DeviceEntry("DEMO", "gate", "North gate", ("visual",), "frames", 600.0, is_retired=False)
    ]
    assert now.zone("DEMO").key == "Europe/Berlin"


def test_what_nobody_has_registered_has_its_id_for_a_name_and_days_of_utc() -> None:
    now = folded([]).now

    assert (now.sites(), now.devices(), now.rules()) == ([], [], {})
    assert (now.name("DEMO", "door"), now.zone("DEMO").key, now.is_retired("DEMO", "door")) == ("door", "UTC", False)


def test_a_zone_that_this_machine_does_not_know_is_utc() -> None:
    assert folded([builders.registry(device=None, time_zone="Mars/Olympus")]).now.zone("DEMO").key == "UTC"


def test_a_device_of_a_retired_site_is_retired() -> None:
    registry = folded([SITE, GATE, builders.registry(device=None, retired=True)])

    assert registry.now.is_retired("DEMO", "gate")
    assert [one.is_retired for one in registry.now.devices()] == [True]


def test_a_rule_that_is_not_named_stays() -> None:
    registry = folded(
        [builders.rules(in_force={"hot_spot_c": 80, "share": 0.8}), builders.rules(in_force={"share": 1})]
    )

    assert registry.now.rules() == {"hot_spot_c": 80.0, "share": 1.0}


@pytest.mark.parametrize("odd", [{"site": "_hub"}, {"device": "_gateway"}, {"device": "_hub"}])
def test_hub_and_gateway_are_not_registered(odd: dict[str, Any]) -> None:
    assert folded([builders.registry(**{"name": "Hub", **odd})]).now.entries == {}


def test_an_event_tells_what_it_has_changed() -> None:
    registry = folded([SITE, GATE])

    changed = registry.take(Recorded(3, START, by_page(name="Gate", expects="nothing")))

    assert changed == [("DEMO", "gate", "expects", '"nothing"')]


CHANGES = st.builds(
    lambda device, origin, given: builders.registry(
        device=device, origin=origin, by="watchpost.yaml" if origin == "configuration" else "ada", **given
    ),
    st.sampled_from([None, "gate", "door"]),
    st.sampled_from(["configuration", "page"]),
    st.fixed_dictionaries({}, optional={"name": st.sampled_from(["a", "b", "c"]), "retired": st.booleans()}),
) | st.builds(lambda low: builders.rules(by="watchpost.yaml", in_force={"low": low}), st.integers(0, 2))


@given(st.lists(CHANGES, max_size=12), st.lists(CHANGES, max_size=4))
def test_a_fold_that_begins_with_what_is_said_again_equals_the_fold_of_everything(
    before: list[Event], after: list[Event]
) -> None:
    whole = folded(before)
    opening = [_said_again(*one) for one in registry_opening.repeated(whole._view)]
    position = len(before) + 1
    for offset, event in enumerate([*opening, *after]):
        whole.take(Recorded(position + offset, START, event))

    assert rows(folded([*opening, *after], first=position)) == rows(whole)


@given(st.lists(CHANGES, max_size=12))
def test_what_is_said_again_changes_nothing(events: list[Event]) -> None:
    registry = folded(events)
    before = rows(registry)

    changed = [
        registry.take(Recorded(100 + number, at(900), _said_again(*one)))
        for number, one in enumerate(registry_opening.repeated(registry._view))
    ]

    assert rows(registry) == before
    assert not any(changed)


@given(st.lists(st.tuples(CHANGES, st.booleans()), max_size=12))
def test_what_is_remembered_stands_after_every_change_and_every_fold_that_was_undone(
    events: list[tuple[Event, bool]],
) -> None:
    view, memory = folded([])._view, RegistryMemory()
    for position, (event, is_kept) in enumerate(events, 1):
        view.execute("begin")
        SiteRegistry(view, memory).take(Recorded(position, START, event))
        within = memory.read(view)
        assert within == SiteRegistry(view).now
        view.execute("commit" if is_kept else "rollback")
        assert memory.read(view) == SiteRegistry(view).now


def test_the_whole_table_is_read_again_when_it_has_changed_alone() -> None:
    view, memory, asked = folded([SITE, GATE])._view, RegistryMemory(), list[str]()
    memory.read(view)
    view.set_trace_callback(asked.append)

    assert SiteRegistry(view, memory).now.name("DEMO", "gate") == "Gate"
    assert [query for query in asked if "value" in query] == []


def _said_again(key: site_registry.Key, said: dict[str, Any]) -> Event:
    model, data = registry_opening.data_of(key, said)
    return builders.make(model, at(900), data, {})
