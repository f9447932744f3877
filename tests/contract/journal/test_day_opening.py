"""Every journal begins each of its days with what stands of the registry, so that no day depends on one before it."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from bus_schemas.event import Event
from bus_schemas.registry import RegistryEvent, RulesEvent
from consumers import site_registry
from consumers.ingest.registry import Configured, ConfiguredDevice, ConfiguredSite, RegistryKeeper
from consumers.site_registry import Registered, SiteRegistry
from consumers.store.journal.store import JournalStore
from tests import builders
from tests.contract.journal.entries import OWNER, Clock, accepted, reading

DAY = timedelta(days=1)
DEVICES = (ConfiguredDevice("gate", "Gate"), ConfiguredDevice("oven", "Oven", ("thermal",)))
CONFIGURED = Configured((ConfiguredSite("DEMO", "Demo yard", "Europe/Berlin", DEVICES),), {"hot_spot_c": 80.0})


def frame() -> list[Event]:
    return [builders.frame()]


class Ingest:
    """One process of it after the other, as far as the registry is concerned."""

    def __init__(self, store: JournalStore, directory: Path) -> None:
        self.clock = Clock()
        self._store = store
        self._file = directory / "registry.json"

    def run(self, *groups: Sequence[Event], unsure_of: int | None = None) -> None:
        """A process that takes these groups in. Of the group `unsure_of` it never hears that it was written."""
        keeper = RegistryKeeper(self.clock, self._file, CONFIGURED)
        opened = self._store.writer(self.clock, OWNER)
        opened.day_opening = keeper.day_opening
        with opened as journal:
            keeper.load(self._store)
            for one in keeper.pending():
                keeper.take([one], journal.append([one]))
            for number, events in enumerate(groups):
                group = accepted(*events)
                head = journal.append(group)
                if number != unsure_of:
                    keeper.take(group, head)
            keeper.tend(0, is_last=True)

    def forget(self) -> None:
        self._file.unlink()

    def registered(self) -> Registered:
        """As a view has it that begins where the journal does now."""
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as view, reading(self._store) as reader:
            view.executescript(site_registry.SCHEMA)
            registry = SiteRegistry(view)
            for record in reader.read(0, site_registry.MODELS, 10_000).records:
                registry.take(record)
            return registry.now

    def first_of_day(self) -> list[type[Event]]:
        """What the journal begins with."""
        with reading(self._store) as reader:
            return [record.model for record in reader.read(0, None, 4).records]


@pytest.fixture
def ingest(store: JournalStore, tmp_path: Path) -> Ingest:
    return Ingest(store, tmp_path)


def by_page(**given: Any) -> Event:
    return builders.registry(origin="page", by="ada", **given)


@pytest.mark.parametrize("is_forgotten", [False, True])
def test_at_midnight_what_stands_is_said_again_and_the_day_before_may_go(
    ingest: Ingest, store: JournalStore, is_forgotten: bool
) -> None:
    ingest.run(frame(), [by_page(device="oven", retired=True)], [by_page(device="door", name="Front door")])
    known = ingest.registered()
    ingest.clock.now += DAY
    ingest.run(frame(), frame())
    store.drop(date(2026, 1, 5))
    if is_forgotten:
        ingest.forget()
    ingest.run(frame())

    assert known.device("DEMO", "oven") is not None
    assert known.is_retired("DEMO", "oven")
    assert ingest.registered() == known
    assert not {RegistryEvent, RulesEvent}.isdisjoint(ingest.first_of_day())


def test_midnight_within_one_process_is_one_too(ingest: Ingest, store: JournalStore) -> None:
    keeper = RegistryKeeper(ingest.clock, Path("/nowhere/registry.json"), CONFIGURED)
    opened = store.writer(ingest.clock, OWNER)
    opened.day_opening = keeper.day_opening
    with opened as journal:
        keeper.load(store)
        for one in keeper.pending():
            keeper.take([one], journal.append([one]))
        retired = accepted(by_page(device="gate", retired=True))
        keeper.take(retired, journal.append(retired))
        known = ingest.registered()
        ingest.clock.now += DAY
        for _ in range(2):
            frames = accepted(builders.frame())
            keeper.take(frames, journal.append(frames))
        store.drop(date(2026, 1, 5))

    assert known.is_retired("DEMO", "gate")
    assert ingest.registered() == known


def test_what_was_written_by_a_group_of_which_nobody_knew_is_said_again_as_well(
    ingest: Ingest, store: JournalStore
) -> None:
    """As where the server of the journal was away just when it answered."""
    ingest.run(frame(), [by_page(device="oven", retired=True)], frame(), unsure_of=1)
    known = ingest.registered()
    ingest.clock.now += DAY
    ingest.run(frame())
    store.drop(date(2026, 1, 5))

    assert known.is_retired("DEMO", "oven")
    assert ingest.registered() == known
