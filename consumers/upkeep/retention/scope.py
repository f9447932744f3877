"""What retention deletes from: the data directory, the journal, and what else there is beside them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from consumers.engine.store_owner import StoreOwner
from consumers.hub_config import PAST_DAYS, HubConfig, RetentionPolicy
from consumers.store.cold.settings import ColdStorage
from consumers.store.journal.configured import journal_of
from consumers.store.journal.store import JournalStore

ConsumerNames = Callable[[], Iterable[str]]
"""The consumers that there are."""
StoreOwners = Callable[[], Iterable[StoreOwner]]
"""Those with a store of their own."""


@dataclass(frozen=True, slots=True)
class RetentionScope:
    """A day of the journal waits for the consumers of `names`, and for each of `owners` that has its store."""

    data: Path
    policy: RetentionPolicy
    journal: JournalStore
    names: ConsumerNames = tuple
    owners: StoreOwners = tuple
    cold: ColdStorage | None = None
    past_tile_days: int = PAST_DAYS

    @classmethod
    def of(cls, hub: HubConfig, names: ConsumerNames = tuple, owners: StoreOwners = tuple) -> Self:
        return cls(
            data=hub.data,
            policy=hub.retention,
            journal=journal_of(hub),
            names=names,
            owners=owners,
            cold=hub.cold,
            past_tile_days=hub.mosaic.past_days,
        )

    @property
    def archive(self) -> Path:
        return self.data / "archive"
