"""Where the dashboard of a day comes from, and how long it is kept."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic_core import from_json

from consumers.store.journal.configured import journal_of
from gateway.reading.dashboards import DashboardCache, Encoded, counted
from gateway.reading.stores import open_stores
from tests.builders import at, detection
from tests.integration.gateway.started import Filled

DAY, UTC = date(2026, 1, 5), ZoneInfo("UTC")
KEY = ("DEMO", DAY, "UTC")


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Filled]:
    with Filled(tmp_path) as filled:
        yield filled.append(detection(at(0), people_count=4))


def asked(filled: Filled) -> Encoded | None:
    with open_stores(filled.hub.data, journal_of(filled.hub)) as stores:
        return counted(stores, "DEMO", DAY, UTC, ("NEVER",))


def test_a_day_is_counted_in_the_view(filled: Filled) -> None:
    made = asked(filled.fold())

    assert made is not None
    assert from_json(made.body)["critical_events"] == {"NEVER": 0, "total_events": 1}


def test_without_a_view_the_rows_are_asked(filled: Filled) -> None:
    assert asked(filled.fold(without="occupancy")) is None


def test_while_the_view_is_far_behind_the_rows_are_asked(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.reading.dashboards.LARGEST_LAG", 1)
    filled.fold().append(*(detection(at(second)) for second in (1, 2)))

    assert asked(filled) is None
    assert asked(filled.fold()) is not None


def test_what_was_counted_is_kept_until_the_view_changes(filled: Filled) -> None:
    filled.fold()
    made = Encoded(b"{}", '"tag"')
    with closing(DashboardCache(filled.hub.data)) as cache:
        now = cache.stamp()
        assert cache.get(KEY, now) is None
        cache.put(KEY, made, now)
        assert cache.get(KEY, cache.stamp()) is made

        filled.append(detection(at(1))).fold()
        assert cache.get(KEY, cache.stamp()) is None
        cache.put(KEY, made, now)
        assert cache.get(KEY, cache.stamp()) is None
