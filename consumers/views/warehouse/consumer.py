"""The warehouse as a consumer of one hub: where it runs, what waits for it, and how it is checked."""

from threading import Event as Flag
from typing import ClassVar

from consumers.credential import Credential
from consumers.engine.findings import Findings
from consumers.engine.rebuild.whole import Progress
from consumers.engine.store_owner import NotServed, OpenJournal, SetAsideEvents, StoreOwner
from consumers.views.warehouse import WAREHOUSE
from consumers.views.warehouse.check import check_rows
from consumers.views.warehouse.progress import rows_position, rows_set_aside
from consumers.views.warehouse.reader import WarehouseReader
from consumers.views.warehouse.tables import VERSION
from consumers.views.warehouse.warehouse import embedded
from producer.broker import BrokerAddress


class WarehouseConsumer(StoreOwner):
    name: ClassVar[str] = WAREHOUSE
    version: ClassVar[int] = VERSION
    credentials: ClassVar[frozenset[Credential]] = frozenset({Credential.WAREHOUSE})

    def is_there(self) -> bool:
        """Without a server of its own it is in the data directory once it was begun."""
        return self.hub.warehouse is not None or (self.hub.data / WAREHOUSE).exists()

    def position(self, journal_id: int) -> int | None:
        return rows_position(self.hub.data, journal_id)

    def set_aside(self) -> SetAsideEvents:
        return rows_set_aside(self.hub.data)

    def check(self, progress: Progress) -> Findings:
        return check_rows(self.hub, progress)

    def open(self, journal: OpenJournal) -> WarehouseReader:
        """Kept in this process, or on a server where the hub has one."""
        if self.hub.warehouse is None:
            return embedded(self.hub, journal)
        from consumers.views.warehouse.server_process import ServedRows  # only who names a server needs its driver

        return ServedRows(self.hub.warehouse, self.hub.triggers)

    def serve(self, broker: BrokerAddress | None, stopping: Flag) -> None:
        if self.hub.warehouse is None:
            raise NotServed("hub.warehouse names no server: the gateway keeps the rows itself, with chDB")
        from consumers.views.warehouse.server_process import run

        run(self.hub, self.hub.warehouse, broker, stopping)
