"""The process that fills a warehouse on a ClickHouse server, which any number of other processes query."""

from contextlib import closing, suppress
from functools import partial
from threading import Event as Flag

from consumers.engine.head_listener import HeadListener
from consumers.engine.store_owner import FoldedElsewhere, OpenJournal, StoreStatus
from consumers.hub_config import ClickHouseServer, HubConfig
from consumers.store.claims.claims import NotClaimed, claimed
from consumers.store.clickhouse.engine import Engine
from consumers.store.clickhouse.server import ServerEngine
from consumers.store.journal.configured import journal_of
from consumers.views.warehouse import WAREHOUSE, questions
from consumers.views.warehouse.progress import write_progress, write_set_aside
from consumers.views.warehouse.reader import WarehouseReader
from consumers.views.warehouse.store import checkpoint, newest_generation
from consumers.views.warehouse.tables import VERSION
from consumers.views.warehouse.warehouse import Warehouse, WarehouseSettings
from producer.broker import BrokerAddress

_POLL_S = 1.0
_RETRY_S = 5.0
# Those who ask see no more of the fold than its checkpoint: it must not seem to lag by what has no rows.
_SAVE_EVERY = 250


class ServedRows(WarehouseReader):
    """Rows that another process keeps up; never writes."""

    def __init__(
        self, server: ClickHouseServer, triggers: tuple[str, ...], *, poll_s: float = _POLL_S, retry_s: float = _RETRY_S
    ) -> None:
        super().__init__(lambda: ServerEngine(server), triggers, retry_s)
        self._database = server.database
        self._poll_s = poll_s

    def rebuild(self) -> None:
        raise FoldedElsewhere(
            "the rows are on a server, where another process writes them: stop it, drop the databases, and start it"
        )

    def _follow(self, reader: Engine, stopping: Flag, wake: Flag) -> None:
        """One generation, until there is another. `wake` says that the journal has grown, which is no news here yet."""
        newest = newest_generation(reader, self._database)
        if newest is None or newest[1] != VERSION:
            self._status = StoreStatus("starting")
            stopping.wait(self._poll_s)
            return
        self._answer_from(reader, newest[0])
        seen: int | None = None
        while not stopping.is_set() and newest_generation(reader, self._database) == newest:
            position = checkpoint(reader)
            if seen is None or not reader.dialect.projections:
                # An old server has no index of positions.
                if position != seen:
                    self._forget()
            elif position != seen:
                self._forget_days(questions.changed_quarters(reader, seen, position))
            seen = position
            self._status = StoreStatus("running", position)
            stopping.wait(self._poll_s)


def folding(hub: HubConfig, server: ClickHouseServer, open_journal: OpenJournal | None = None) -> Warehouse:
    """The one writer. It asks nothing."""
    settings = WarehouseSettings(
        retry_s=_RETRY_S,
        save_every=_SAVE_EVERY,
        database=server.database,
        on_progress=lambda rows: write_progress(hub.data, rows),
        on_set_aside=partial(write_set_aside, hub.data),
        on_all_set_aside=partial(write_set_aside, hub.data, anew=True),
    )
    return Warehouse(lambda: ServerEngine(server), open_journal or journal_of(hub).reader, settings)


def run(hub: HubConfig, server: ClickHouseServer, broker: BrokerAddress | None, stopping: Flag) -> None:
    """The process of the one writer, until `stopping`. Raises `ClaimTaken`, also where another hub has the database."""
    with (
        suppress(NotClaimed),
        claimed(hub, [WAREHOUSE], stopping, hub.journal, server) as claim,
        closing(HeadListener(broker)) as wakeup,
    ):
        folding(hub, server, claim.reading(journal_of(hub).reader)).run(stopping, wakeup.reader())
