"""The zones of sites that the event loop answers by itself: only what is still registered."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from consumers.engine import view_files
from consumers.views.registry import RegistryProjection
from gateway.reading.registry import SiteCache
from tests.builders import at, registry
from tests.following import Followed

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[Followed]:
    event = registry(device=None, name="Demo", time_zone="Europe/Berlin")
    with Followed(RegistryProjection(), tmp_path, [event]) as made:
        yield made


@pytest.fixture
def zones(tmp_path: Path) -> Iterator[SiteCache[ZoneInfo]]:
    with closing(SiteCache[ZoneInfo](tmp_path)) as made:
        yield made


def test_a_zone_is_known_until_the_registry_changes(followed: Followed, zones: SiteCache[ZoneInfo]) -> None:
    now = zones.stamp()
    assert zones.get("DEMO", now) is None
    zones.put("DEMO", BERLIN, now)
    assert zones.get("DEMO", zones.stamp()) == BERLIN
    followed.take(registry(at(1), device=None, time_zone="Asia/Tokyo"))

    assert zones.get("DEMO", zones.stamp()) is None


def test_what_was_read_beside_a_change_is_not_kept(followed: Followed, zones: SiteCache[ZoneInfo]) -> None:
    now = zones.stamp()
    assert zones.get("DEMO", now) is None
    followed.take(registry(at(1), device=None, time_zone="Asia/Tokyo"))
    zones.put("DEMO", BERLIN, now)

    assert zones.get("DEMO", zones.stamp()) is None


def test_another_view_of_the_registry_is_another_state(
    followed: Followed, zones: SiteCache[ZoneInfo], tmp_path: Path
) -> None:
    now = zones.stamp()
    zones.get("DEMO", now)
    zones.put("DEMO", BERLIN, now)
    file = view_files.next_file(tmp_path, RegistryProjection.name)
    with closing(sqlite3.connect(file)) as copy:
        followed.view.backup(copy)
    view_files.place(tmp_path, RegistryProjection.name, file)

    assert zones.get("DEMO", zones.stamp()) is None


def test_without_a_view_nothing_is_known(zones: SiteCache[ZoneInfo]) -> None:
    assert zones.stamp() is None
    zones.put("DEMO", BERLIN, None)

    assert zones.get("DEMO", None) is None
