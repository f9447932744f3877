"""What retention deletes from: the data directory, the journal, and what else there is beside them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from consumers.hub_config import PAST_DAYS, HubConfig, RetentionPolicy
from consumers.store.cold.settings import ColdStorage
from consumers.store.journal.configured import journal_of
from consumers.store.journal.store import JournalStore
from consumers.views.warehouse import WAREHOUSE

ConsumerNames = Callable[[], Iterable[str]]
"""The consumers that there are."""


@dataclass(frozen=True, slots=True)
class RetentionScope:
    """A day of the journal waits for the consumers of `names`, and for a warehouse where there is one."""

    data: Path
    policy: RetentionPolicy
    journal: JournalStore
    names: ConsumerNames = tuple
    cold: ColdStorage | None = None
    has_warehouse_server: bool = False
    past_tile_days: int = PAST_DAYS

    @classmethod
    def of(cls, hub: HubConfig, names: ConsumerNames = tuple) -> Self:
        return cls(
            data=hub.data,
            policy=hub.retention,
            journal=journal_of(hub),
            names=names,
            cold=hub.cold,
            has_warehouse_server=hub.warehouse is not None,
            past_tile_days=hub.mosaic.past_days,
        )

    @property
    def archive(self) -> Path:
        return self.data / "archive"

    @property
    def has_warehouse(self) -> bool:
        """Without a server of its own it is in the data directory once it was begun."""
        return self.has_warehouse_server or (self.data / WAREHOUSE).exists()
