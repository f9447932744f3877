import pytest

from consumers.store.clickhouse.dialect import BEFORE_2020, CURRENT, of_version
from consumers.store.clickhouse.table import Table
from consumers.views.warehouse.tables import CAMERA_EVENTS, TABLES, definition


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_row_says_which_event_it_is_of_and_where_that_is(table: Table) -> None:
    assert {"position", "event_id", "ts"} <= set(table.column_names)
    assert set(table.order) <= set(table.column_names)


def test_moments_have_milliseconds_and_rows_expire() -> None:
    text = definition(CAMERA_EVENTS, CURRENT, keep_days=400)

    assert "ts DateTime64(3, 'UTC')" in text
    assert "partition by toYYYYMM(ts) order by (site_name, cam_name, ts, position)" in text
    assert "ttl ts + interval 400 day" in text
    assert "fsync_after_insert = 1" in text


def test_an_old_server_is_asked_for_nothing_that_it_does_not_know() -> None:
    text = definition(CAMERA_EVENTS, BEFORE_2020, keep_days=400)

    assert "ts DateTime('UTC')" in text
    assert not any(word in text for word in ("ttl", "projection", "LowCardinality", "settings"))


@pytest.mark.parametrize(("year", "expected"), [(18, BEFORE_2020), (26, CURRENT)])
def test_the_dialect_follows_from_the_version(year: int, expected: object) -> None:
    assert of_version(year) is expected
