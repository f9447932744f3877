"""What the configuration changes is published once, and each day of the journal begins with what stands."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bus_schemas.codec import to_bytes
from bus_schemas.event import Event
from bus_schemas.registry import RegistryEvent, RulesEvent
from consumers.ingest.registry import Configured, ConfiguredDevice, ConfiguredSite, RegistryKeeper
from consumers.site_registry import MODELS
from consumers.store.journal.files import SqliteStore
from consumers.store.journal.writing import Accepted
from producer.times import micros
from tests import builders
from tests.builders import START

SITE = ConfiguredSite(
    "PLANT",
    "Plant",
    "Europe/Berlin",
    (ConfiguredDevice("gate", "Gate"), ConfiguredDevice("oven", "Oven", ("thermal",))),
)
CONFIGURED = Configured((SITE,), {"hot_spot_c": 80.0})


class Hub:
    """A journal that is written by one process after another."""

    def __init__(self, directory: Path) -> None:
        self.now = START
        self._file = directory / "registry.json"
        self._store = SqliteStore(directory)

    def start(self, configured: Configured | None, *events: Event) -> list[Event]:
        """Start a process with this configuration, which then takes in these; what the configuration has published."""
        keeper = RegistryKeeper(lambda: self.now, self._file, configured)
        with self._store.writer(lambda: self.now, "test") as journal:
            keeper.load(self._store)
            journal.day_opening = keeper.day_opening
            published = []
            while pending := keeper.pending():
                for one in pending:
                    keeper.take([one], journal.append([one]))
                    published.append(one.event)
            for event in events:
                accepted = Accepted(event, to_bytes(event), micros(self.now))
                keeper.take([accepted], journal.append([accepted]))
            keeper.tend(0, is_last=True)
        return published  # type: ignore[return-value] # ours are whole events

    def forget(self) -> None:
        self._file.unlink()

    def drop_all_days_but_the_last(self) -> None:
        days = sorted(self._file.parent.glob("????-??-??.sqlite"))
        for day in days[:-1]:
            self._store.drop(builders.START.date().fromisoformat(day.stem))

    def journal(self) -> list[Event]:
        with closing(self._store.reader()) as reader:
            return [record.event for record in reader.read(0, MODELS).records]


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    return Hub(tmp_path)


def said(events: list[Event]) -> list[tuple[str, Mapping[str, Any]]]:
    """The subject of each event, and what it sets."""
    found: list[tuple[str, Mapping[str, Any]]] = []
    for event in events:
        assert isinstance(event, RegistryEvent | RulesEvent)
        data = event.data.model_dump(exclude_none=True, exclude={"origin", "by", "site", "device", "repeats"})
        where = "rules" if isinstance(event, RulesEvent) else event.data.device or event.data.site
        found.append((where, data))
    return found


def with_site(**changes: Any) -> Configured:
    return replace(CONFIGURED, sites=(replace(SITE, **changes),))


GATE, OVEN = SITE.devices


def test_the_first_start_publishes_the_whole_registry_and_the_next_one_nothing(hub: Hub) -> None:
    published = hub.start(CONFIGURED)

    assert said(published) == [
        ("PLANT", {"name": "Plant", "time_zone": "Europe/Berlin", "retired": False}),
        ("gate", {"name": "Gate", "kinds": ("visual",), "expects": "frames", "retired": False}),
        ("oven", {"name": "Oven", "kinds": ("thermal",), "expects": "readings", "retired": False}),
        ("rules", {"rules": ({"name": "hot_spot_c", "value": 80.0},)}),
    ]
    assert hub.start(CONFIGURED) == []


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (with_site(name="Works"), [("PLANT", {"name": "Works"})]),
        (with_site(time_zone="Asia/Tokyo"), [("PLANT", {"time_zone": "Asia/Tokyo"})]),
        (with_site(devices=(replace(GATE, name="Door"), OVEN)), [("gate", {"name": "Door"})]),
        (with_site(devices=(GATE,)), [("oven", {"retired": True})]),
        (
            replace(CONFIGURED, sites=()),
            [("PLANT", {"retired": True}), ("gate", {"retired": True}), ("oven", {"retired": True})],
        ),
        (
            replace(CONFIGURED, rules={"hot_spot_c": 75}),
            [("rules", {"rules": ({"name": "hot_spot_c", "value": 75.0},)})],
        ),
        (
            with_site(devices=(replace(GATE, kinds=("visual", "thermal")), OVEN)),
            [("gate", {"kinds": ("visual", "thermal")})],
        ),
    ],
)
def test_what_changed_in_the_configuration_is_published_once(
    hub: Hub, changed: Configured, expected: list[tuple[str, Any]]
) -> None:
    hub.start(CONFIGURED)

    assert said(hub.start(changed)) == expected
    assert hub.start(changed) == []


def test_a_device_that_is_configured_again_comes_back(hub: Hub) -> None:
    hub.start(CONFIGURED)
    hub.start(with_site(devices=(GATE,)))

    assert said(hub.start(CONFIGURED)) == [("oven", {"retired": False})]


def by_page(**given: Any) -> Event:
    return builders.registry(site="PLANT", origin="page", **{"device": "gate", **given})


def test_what_people_change_stands_until_the_configuration_itself_changes(hub: Hub) -> None:
    hub.start(CONFIGURED, by_page(name="North gate", retired=True), by_page(device="door", name="Door"))

    assert hub.start(CONFIGURED) == []
    assert said(hub.start(with_site(devices=(replace(GATE, name="East gate"), OVEN)))) == [
        ("gate", {"name": "East gate"})
    ]


@pytest.mark.parametrize("is_forgotten", [False, True])
def test_each_day_begins_with_what_stands_and_needs_no_day_before_it(hub: Hub, is_forgotten: bool) -> None:
    hub.start(CONFIGURED, by_page(name="North gate"))
    hub.now += timedelta(days=1)
    hub.start(CONFIGURED, builders.frame(), builders.frame())
    hub.now += timedelta(days=1)
    hub.start(CONFIGURED, builders.frame())
    hub.drop_all_days_but_the_last()
    if is_forgotten:
        hub.forget()

    again = hub.journal()
    assert [(where, dict(data)) for where, data in said(again)][:2] == [
        ("gate", {"name": "North gate"}),
        ("rules", {"rules": ({"name": "hot_spot_c", "value": 80.0},)}),
    ]
    assert all(event.data.repeats is not None for event in again)  # type: ignore[attr-defined] # of the registry
    assert hub.start(CONFIGURED) == []


def test_a_file_of_another_journal_or_of_nonsense_is_not_believed(hub: Hub, tmp_path: Path) -> None:
    hub.start(CONFIGURED)
    (tmp_path / "registry.json").write_text('{"journal": 7, "upto": 3, "rows": [["x"]]}')
    assert hub.start(CONFIGURED) == []

    (tmp_path / "registry.json").write_text("[]")
    assert hub.start(CONFIGURED) == []
