from datetime import date

import pytest

from consumers.store.clickhouse.dialect import BEFORE_2020, CURRENT
from consumers.store.clickhouse.table import Table
from consumers.store.journal.clickhouse.tables import EVENTS, REJECTED, STREAMS, TABLES, day_number, day_of, definition


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_newer_server_has_it_on_the_disk_before_it_answers(table: Table) -> None:
    assert "fsync_after_insert = 1, fsync_part_directory = 1" in definition(table, "journal", CURRENT)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_an_old_server_is_asked_for_nothing_that_it_does_not_know(table: Table) -> None:
    text = definition(table, "journal", BEFORE_2020)

    assert not any(word in text for word in ("fsync", "LowCardinality", "bloom_filter", "minmax"))


def test_events_are_in_partitions_of_a_day_and_in_the_order_of_their_positions() -> None:
    text = definition(EVENTS, "journal", CURRENT)

    assert "journal.events (position UInt64, day UInt32, source LowCardinality(String)" in text
    assert "index id_there id type bloom_filter" in text
    assert "engine = MergeTree partition by day order by (position) settings index_granularity = 1024" in text


def test_a_summary_is_in_no_partition_so_that_it_is_there_whole() -> None:
    assert "partition" not in definition(STREAMS, "journal", CURRENT)
    assert "partition by intDiv(number, 10000)" in definition(REJECTED, "journal", CURRENT)


def test_a_day_is_named_as_its_partition_is() -> None:
    assert day_number(date(2026, 1, 5)) == 20260105
    assert day_of(20260105) == date(2026, 1, 5)
