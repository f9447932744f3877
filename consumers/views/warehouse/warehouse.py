"""The warehouse as a consumer: one thread folds the journal into rows, others ask questions of them."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from threading import Event as Flag
from time import monotonic

import structlog

from consumers.engine.follower import log_set_aside
from consumers.engine.set_aside import SetAsideEvent
from consumers.engine.store_owner import OpenJournal, StoreState, StoreStatus
from consumers.hub_config import HubConfig
from consumers.store.clickhouse.engine import Engine, OpenEngine
from consumers.store.clickhouse.library_pages import release_pages
from consumers.store.journal.record import JournalReader
from consumers.views.warehouse import KEEP_DAYS, WAREHOUSE
from consumers.views.warehouse.fold import BLOCK, PAGE, Fold, Unfoldable
from consumers.views.warehouse.progress import RowsProgress, write_progress, write_set_aside
from consumers.views.warehouse.reader import WarehouseReader
from consumers.views.warehouse.scheduling import step_back
from consumers.views.warehouse.store import Generations

LIBRARY = "_chdb.abi3.so"
_IDLE_S = 1.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class WarehouseSettings:
    """`keep_days`: how long rows stay, for ever where it is `None`. `triggers`: those a dashboard always names.

    `pace_s`: how long rows are gathered where few arrive, for a block of one row costs as much as one of a thousand.
    `save_every`: how many positions the checkpoint may be behind by events of other kinds.
    """

    keep_days: int | None = KEEP_DAYS
    triggers: tuple[str, ...] = ()
    pace_s: float = 2.0
    retry_s: float = 30.0
    save_every: int = BLOCK
    database: str = WAREHOUSE
    on_progress: Callable[[RowsProgress], None] = lambda rows: None
    """Called with how far the rows are, whenever that changes."""
    on_set_aside: Callable[[Sequence[SetAsideEvent]], None] = lambda events: None
    """Called with events that could not be folded."""
    on_all_set_aside: Callable[[Sequence[SetAsideEvent]], None] = lambda events: None
    """Called with all of them, since the rows were folded anew."""
    settles_after_s: float = 30.0
    on_settled: Callable[[], object] = lambda: None
    """Called when rows have been kept up for so long: whatever is done again and again was done by then."""


class Warehouse(WarehouseReader):
    """Rows of a hub's events, folded and asked in one process."""

    def __init__(
        self, open_engine: OpenEngine, open_journal: OpenJournal, settings: WarehouseSettings | None = None
    ) -> None:
        self._settings = settings or WarehouseSettings()
        super().__init__(open_engine, self._settings.triggers, self._settings.retry_s)
        self._open_journal = open_journal
        self._rebuild = Flag()
        self._rebuilds = 0

    def rebuild(self) -> None:
        """Fold all rows anew beside the current ones, then swap. Until then those answer, as of now."""
        self._rebuild.set()

    def run(self, stopping: Flag, wake: Flag) -> None:
        """Fold and answer, as any store of rows, in a thread of low priority."""
        step_back()
        super().run(stopping, wake)

    def _follow(self, reader: Engine, stopping: Flag, wake: Flag) -> None:
        """Follow the journal until `stopping` or its end, or until the rows are to be folded anew, and then do that."""
        with closing(self._open_journal()) as journal, closing(self._open_engine()) as writer:
            try:
                generations = Generations(writer, self._settings.keep_days, self._settings.database)
                self._keep_up(self._resume(journal, generations, reader), stopping, wake)
                if self._rebuild.is_set() and not stopping.is_set():
                    self._fold_anew(generations, journal, stopping)
            except Unfoldable as error:
                self._stop(error)
                until = monotonic() + self._settings.retry_s
                while not self._rebuild.is_set() and monotonic() < until and not stopping.wait(_IDLE_S):
                    pass

    def _resume(self, journal: JournalReader, generations: Generations, reader: Engine) -> Fold:
        store = generations.of_journal(journal.journal_id(), journal.floor())
        self._answer_from(reader, store.database)
        generations.drop_others(store)
        fold = Fold(journal, store, self._settings.save_every)
        log.info("warehouse follows the journal", position=fold.position, database=store.database)
        return fold

    def _keep_up(self, fold: Fold, stopping: Flag, wake: Flag) -> None:
        settles: float | None = monotonic() + self._settings.settles_after_s
        while not stopping.is_set() and not self._rebuild.is_set():
            if fold.is_of_another_journal():
                return
            taken = self._advance(fold, "running")
            if settles is not None and self._status.lag < PAGE and monotonic() >= settles:
                settles = None
                self._settings.on_settled()
            if taken == 0:
                wake.wait(_IDLE_S)
                wake.clear()
            elif self._status.lag < PAGE:
                stopping.wait(self._settings.pace_s)
        fold.save()

    def _fold_anew(self, generations: Generations, journal: JournalReader, stopping: Flag) -> None:
        self._rebuild.clear()
        live, shadow, floor = generations.current(), generations.next(), journal.floor()
        fold = Fold(journal, shadow)
        log.info("warehouse is folded anew", database=shadow.database)
        refused: list[SetAsideEvent] = []
        while self._advance(fold, "rebuilding"):
            refused += fold.set_aside
            if stopping.is_set():
                return
        fold.save()
        if journal.floor() != floor:
            # Retention waits for a rebuild; one that began in the same moment has passed over what is gone.
            log.warning("warehouse is folded anew again", reason="days were dropped before they were folded")
            self._rebuild.set()
            return
        generations.carry_over(live.database, shadow, floor)
        generations.promote(shadow)
        self._settings.on_all_set_aside(refused)
        self._rebuilds += 1

    def _advance(self, fold: Fold, state: StoreState) -> int:
        # Nobody is answered from the rows of a shadow.
        taken = self._counting(fold.advance, lambda: fold.counted) if state == "running" else fold.advance()
        if fold.set_aside:
            log_set_aside(WAREHOUSE, fold.set_aside)
            if state == "running":
                self._settings.on_set_aside(fold.set_aside)
        if taken or self._status.state != state:
            self._settings.on_progress(RowsProgress(fold.journal_id, fold.position))
        self._status = StoreStatus(state, fold.position, fold.lag, rebuilds=self._rebuilds)
        return taken


def embedded(hub: HubConfig, open_journal: OpenJournal) -> Warehouse:
    """The warehouse of a hub in this process, under its data directory."""
    # The import of chDB changes the working directory for a moment, under the feet of every relative path.
    directory = (hub.data / WAREHOUSE).absolute()

    def open_engine() -> Engine:
        # Takes a second and 200 MB of pages, which the thread may spend, and not whoever imports this module.
        from consumers.store.clickhouse.embedded import EmbeddedEngine

        return EmbeddedEngine(directory)

    return Warehouse(
        open_engine,
        open_journal,
        WarehouseSettings(
            triggers=hub.triggers,
            on_progress=lambda rows: write_progress(hub.data, rows),
            on_set_aside=partial(write_set_aside, hub.data),
            on_all_set_aside=partial(write_set_aside, hub.data, anew=True),
            # Of 200 MB that its start needs, later questions and inserts need a half.
            on_settled=lambda: log.info("memory of chDB is given back", kilobytes=release_pages(LIBRARY)),
        ),
    )
