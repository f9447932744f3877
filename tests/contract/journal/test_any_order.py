"""Whatever becomes of inserts and writers: each event is there once and in order, and none is lacking."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from bus_schemas.codec import to_bytes
from consumers.ingest.items import Taken
from consumers.ingest.plan import foreign_ids, make_plan
from consumers.store.clickhouse.engine import Columns, EngineError
from consumers.store.clickhouse.table import Table
from consumers.store.journal.clickhouse.store import ClickHouseStore
from consumers.store.journal.clickhouse.writer import ClickHouseJournal
from consumers.store.journal.store import Unwritable
from consumers.store.journal.writing import Accepted
from consumers.upkeep.verify.streams import check_streams
from tests import builders
from tests.clickhouse_kinds import ThroughDoors
from tests.contract.journal.conftest import DATABASE
from tests.contract.journal.entries import OWNER, RECEIVED, Clock, reading
from tests.examples import examples

Fate = Literal["answer", "request"]
DEVICES = ("yard", "door")


class Flaky(ThroughDoors):
    """Some inserts of events are not heard of again, whether they were done or not."""

    def __init__(self, directory: Path, fates: list[Fate]) -> None:
        super().__init__(directory)
        self._fates = fates

    def insert(self, table: Table, columns: Columns) -> None:
        fate = self._fates.pop() if self._fates and "events" in table.name else None
        if fate != "request":
            super().insert(table, columns)
        if fate is not None:
            raise EngineError("the connection was cut")


@dataclass(frozen=True, slots=True)
class Message:
    """What a device sends: these sequences, or one event without."""

    device: str
    first: int
    count: int

    def items(self) -> list[Accepted]:
        if not self.first:
            event = builders.detection(id=f"foreign-{self.count}", device=self.device)
            return [Accepted(event, to_bytes(event), RECEIVED)]
        events = [
            builders.detection(id=f"{self.device}-{number}", device=self.device, epoch="one", sequence=number)
            for number in range(self.first, self.first + self.count)
        ]
        return [Accepted(event, to_bytes(event), RECEIVED) for event in events]


@dataclass(frozen=True, slots=True)
class Step:
    """A group of messages, what becomes of the inserts of it, and what comes before it."""

    messages: tuple[Message, ...]
    fates: tuple[Fate, ...]
    before: Literal["nothing", "midnight", "a new writer"]


messages = st.builds(Message, st.sampled_from(DEVICES), st.integers(0, 12), st.integers(1, 6))
steps = st.builds(
    Step,
    st.lists(messages, min_size=1, max_size=4).map(tuple),
    st.lists(st.sampled_from(("answer", "request")), max_size=3).map(tuple),
    st.sampled_from(("nothing", "nothing", "midnight", "a new writer")),
)


@dataclass(slots=True)
class Perfect:
    """What is there where nothing ever fails; a group that is taken again may fill holes of its own besides."""

    marks: dict[tuple[str, str], int] = field(default_factory=dict)
    foreign: set[tuple[str, str]] = field(default_factory=set)

    def take(self, items: Sequence[Taken]) -> None:
        plan = make_plan(items, lambda source, epoch: self.marks.get((source, epoch), 0), self.foreign, {})
        for event, _, _ in plan.accepted:
            if event.sequence is None:
                self.foreign.add((event.source, event.id))
            else:
                self.marks[event.source, event.epoch or ""] = event.sequence


def take(journal: ClickHouseJournal, items: Sequence[Taken]) -> bool:
    """As ingest does it; whether the group is settled."""
    try:
        plan = make_plan(items, journal.watermark, journal.known_ids(foreign_ids(items)), {})
        if plan.accepted:
            journal.append(plan.accepted)
    except Unwritable:
        return False
    return True


@examples(10)
@given(script=st.lists(steps, min_size=1, max_size=8))
def test_the_journal_is_what_it_would_be_if_nothing_had_failed(kept_open: Path, script: list[Step]) -> None:
    fates: list[Fate] = []
    store = ClickHouseStore(lambda: Flaky(kept_open, fates), DATABASE, "here")
    clock, perfect, writers = Clock(), Perfect(), []
    tomorrow = clock.now + timedelta(days=1)
    journal = store.writer(clock, OWNER)
    try:
        for step in script:
            if step.before == "midnight":
                clock.now = tomorrow
            elif step.before == "a new writer":
                writers.append(journal)
                journal = store.writer(clock, OWNER)
            items = [item for message in step.messages for item in message.items()]
            fates[:] = step.fates
            perfect.take(items)
            assert any(take(journal, items) for _ in range(len(step.fates) + 1))

        with reading(store) as reader:
            records = reader.read(0, limit=10_000).records
        found: dict[tuple[str, str], list[int]] = defaultdict(list)
        for record in records:
            found[record.event.source, record.event.epoch or ""].append(record.event.sequence or 0)
        for key, last in perfect.marks.items():
            assert found[key] == list(range(1, max(last, len(found[key])) + 1))
        foreign = [(record.event.source, record.event.id) for record in records if record.event.sequence is None]
        assert sorted(foreign) == sorted(perfect.foreign)
        assert [record.position for record in records] == list(range(1, len(records) + 1))
        assert {key: state.watermark for key, state in journal.streams.items() if key[1]} == {
            key: len(numbers) for key, numbers in found.items() if key[1]
        }
        assert check_streams(store).faults == []
    finally:
        for opened in (*writers, journal):
            opened.close()
        store.erase()
