"""The table of rejected messages: each is there at least once, and at least the newest ten thousand are kept."""

from collections.abc import Mapping, Sequence

from consumers.store.clickhouse.engine import Engine
from consumers.store.clickhouse.table import Table
from consumers.store.journal.clickhouse.tables import REJECTED, REJECTED_PER_PARTITION
from consumers.store.journal.writer import MAX_REASON, MAX_REJECTED_BYTES, MAX_TOPIC
from consumers.store.journal.writing import Rejected


class Rejections:
    """Numbers count on for ever, so that the last one says how many there were."""

    def __init__(self, engine: Engine, database: str) -> None:
        self._engine = engine
        self._table = f"{database}.{REJECTED.name}"
        self._count = 0
        self._written: set[tuple[str, bytes]] = set()

    def load(self) -> None:
        [[count]] = self._engine.query(f"select max(number) from {self._table}")
        self._count = int(count)

    def insert(self, rejected: Sequence[Rejected], targets: Mapping[Table, Table]) -> None:
        """Those of a group that failed afterwards are not inserted again when it comes again."""
        unwritten = [one for one in rejected if (one.topic, one.body) not in self._written]
        if not unwritten:
            return
        first = self._count + 1
        columns = [
            range(first, first + len(unwritten)),
            [one.received for one in unwritten],
            [one.topic[:MAX_TOPIC] for one in unwritten],
            [one.reason[:MAX_REASON] for one in unwritten],
            [len(one.body) for one in unwritten],
            [one.body[:MAX_REJECTED_BYTES] for one in unwritten],
        ]
        self._engine.insert(targets[REJECTED], columns)
        self._written.update((one.topic, one.body) for one in unwritten)
        self._drop_old(first, self._count + len(unwritten))
        self._count += len(unwritten)

    def settle(self) -> None:
        """The group they came with is committed."""
        self._written.clear()

    def _drop_old(self, first: int, last: int) -> None:
        """A partition goes when two younger ones have begun."""
        for partition in range(first // REJECTED_PER_PARTITION, last // REJECTED_PER_PARTITION):
            if partition >= 1:
                self._engine.execute(f"alter table {self._table} drop partition {partition - 1:d}")
