"""What the journal on ClickHouse does besides what every journal does."""

from contextlib import closing
from datetime import date, timedelta

import pytest

from consumers.store.journal.clickhouse import writer
from consumers.store.journal.clickhouse.reader import ClickHouseJournalReader
from consumers.store.journal.clickhouse.store import ClickHouseStore
from consumers.upkeep.verify.streams import check_streams
from producer.times import micros
from tests import builders
from tests.contract.journal.conftest import DATABASE
from tests.contract.journal.entries import OWNER, RECEIVED, SOURCE, Clock, accepted, asking, numbered, reading

DAY = timedelta(days=1)
DOOR = "/sites/DEMO/devices/door"


pytestmark = pytest.mark.parametrize("store", ["chdb", "chdb through doors", "server"], indirect=True)


def test_a_start_counts_from_the_last_summary(store: ClickHouseStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "SAVE_EVERY", 10)
    clock = Clock()
    journal = store.writer(clock, OWNER)
    journal.append(numbered(1, 12, device="door"))
    journal.append(numbered(1, 5))
    journal.append(accepted(builders.detection(id="foreign"), received=RECEIVED + 5))

    with store.writer(clock, OWNER) as again:
        assert {key: (state.watermark, state.received) for key, state in again.streams.items()} == {
            (DOOR, "one"): (12, RECEIVED),
            (SOURCE, "one"): (5, RECEIVED),
            (SOURCE, ""): (0, RECEIVED + 5),
        }
        assert again.append(numbered(13, 13, device="door")) == 19
    journal.close()
    with asking(store) as questions:
        assert [(row.source, row.epoch, row.sequence) for row in questions.streams()] == [
            (DOOR, "one", 13),
            (SOURCE, "one", 5),
            (SOURCE, None, 0),
        ]


def test_a_reader_is_told_how_far_in_time_reached_what_was_dropped(store: ClickHouseStore) -> None:
    clock = Clock()
    with store.writer(clock, OWNER) as journal, reading(store) as reader:
        assert isinstance(reader, ClickHouseJournalReader)
        assert reader.latest_dropped() == {}
        journal.append(accepted(builders.detection(builders.at(9)), builders.detection(builders.at(3))))
        clock.now += DAY
        journal.append(accepted(builders.detection(builders.at(100), device="door")))
        store.drop(date(2026, 1, 5))

        assert reader.latest_dropped() == {SOURCE: micros(builders.at(9))}
        assert reader.floor() == 3


def test_a_reader_finds_the_positions_of_a_stretch_of_time(store: ClickHouseStore) -> None:
    with store.writer(Clock(), OWNER) as journal, reading(store) as reader:
        assert isinstance(reader, ClickHouseJournalReader)
        assert reader.span(builders.at(0), builders.at(9)) is None
        journal.append(accepted(*[builders.detection(builders.at(second)) for second in (0, 5, 2, 9, 3)]))

        assert reader.span(builders.at(2), builders.at(9)) == (2, 5)
        assert reader.span(builders.at(10), builders.at(20)) is None


def test_rows_that_are_there_twice_are_found(store: ClickHouseStore) -> None:
    """Nothing but us writes them; a table of ClickHouse itself would not mind."""
    with store.writer(Clock(), OWNER) as journal:
        journal.append([*numbered(1, 3), *accepted(builders.detection(id="foreign"))])
    with closing(store.open_engine()) as engine:
        engine.execute(f"insert into {DATABASE}.events select * from {DATABASE}.events where position = 4")
        engine.execute(f"insert into {DATABASE}.events select * from {DATABASE}.events where position = 2")

    assert check_streams(store).faults == [
        "position 2 is there twice in 2026-01-05",
        "position 4 is there twice in 2026-01-05",
        f"{SOURCE} (one): 2 is there twice, again at position 2",
    ]
