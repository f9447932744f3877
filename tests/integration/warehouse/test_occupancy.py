"""The dashboard of a day is the same from the view of occupancy and from the rows."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from bus_schemas.event import Event
from consumers.store.clickhouse.engine import Engine
from consumers.views import occupancy
from consumers.views.occupancy import OccupancyProjection
from consumers.views.warehouse import questions
from consumers.views.warehouse.rows import blocks
from consumers.views.warehouse.store import Generations, Store
from tests.builders import detection
from tests.examples import examples
from tests.following import Followed

ZONES = ("UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia", "Australia/Lord_Howe")
CHANGES = (date(2026, 3, 29), date(2026, 10, 25), date(2026, 4, 5), date(2026, 1, 5))
"""Days on which clocks are changed somewhere, and one on which they are not."""
TRIGGERS = ("CROWD_VIOLATION", "A", "B_2", "STRANGER")
sites = count()


@st.composite
def days(draw: st.DrawFn) -> tuple[date, list[dict[str, Any]]]:
    day = draw(st.sampled_from(CHANGES))
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    quarters = st.integers(-140, 140).map(lambda number: timedelta(minutes=15 * number))
    around = st.sampled_from([timedelta(0), timedelta(milliseconds=-1), timedelta(minutes=7)])
    events = st.fixed_dictionaries(
        {
            "time": st.builds(lambda quarter, rest: noon + quarter + rest, quarters, around),
            "device": st.sampled_from(["lobby", "gate", "yard"]),
            "people_count": st.one_of(st.integers(0, 9), st.just(65_535)),
            "event_triggers": st.lists(st.sampled_from(TRIGGERS), max_size=3).map(tuple),
        }
    )
    return day, draw(st.lists(events, max_size=40))


def events_of(site: str, said: Sequence[dict[str, Any]]) -> list[Event]:
    found = [{"site": site, **one} for one in said]
    return [detection(one.pop("time"), **one) for one in found]


@pytest.fixture
def store(engine: Engine) -> Store:
    store = Generations(engine, None).current()
    store.recover()
    return store


@examples(8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(days(), st.sampled_from(ZONES), st.integers(1, 50))
def test_the_dashboard_of_the_view_is_that_of_the_rows(
    engine: Engine, store: Store, tmp_path: Path, reported: tuple[date, list[dict[str, Any]]], zone: str, limit: int
) -> None:
    (day, said), site = reported, f"SITE-{next(sites)}"
    with Followed(OccupancyProjection(), tmp_path / site) as followed:
        followed.journal.append(*events_of(site, said), *events_of("OTHER", said[:3]))
        followed.catch_up(limit)
        store.append(blocks(followed.journal.read(0).records), followed.journal.head())
        counted = occupancy.dashboard(followed.view, site, day, ZoneInfo(zone), ("CROWD_VIOLATION", "NEVER"))

    assert counted == questions.dashboard(engine, site, day, zone, ("CROWD_VIOLATION", "NEVER"))
