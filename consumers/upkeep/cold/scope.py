"""What goes to cold storage: the data directory, the journal, the bucket, and the kinds of media that are copied."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from consumers.hub_config import ClickHouseServer, HubConfig
from consumers.store.cold.settings import ColdStorage
from consumers.store.journal.configured import store_in
from consumers.store.journal.store import JournalStore


@dataclass(frozen=True, slots=True)
class ColdStorageScope:
    """The journal is that of `journal_server`, or in files of the data directory without one."""

    data: Path
    storage: ColdStorage
    kinds: tuple[str, ...]
    journal_server: ClickHouseServer | None = None

    @classmethod
    def of(cls, hub: HubConfig) -> Self | None:
        """`None` where the hub has no bucket."""
        if hub.cold is None:
            return None
        return cls(hub.data, hub.cold, hub.cold.kinds(hub.retention.longest()), hub.journal)

    @property
    def archive(self) -> Path:
        return self.data / "archive"

    @property
    def journal(self) -> JournalStore:
        return store_in(self.data / "journal", self.journal_server)
