"""Opens the journal that the configuration means."""

from pathlib import Path

from consumers.hub_config import ClickHouseServer, HubConfig
from consumers.store.journal.files import SqliteStore
from consumers.store.journal.store import JournalStore


def journal_of(hub: HubConfig) -> JournalStore:
    """The journal of a hub."""
    return store_in(hub.data / "journal", hub.journal)


def store_in(directory: Path, server: ClickHouseServer | None) -> JournalStore:
    """On a server where one is named, else in files."""
    if server is None:
        return SqliteStore(directory)
    from consumers.store.clickhouse.server import ServerEngine  # only who names a server needs its driver
    from consumers.store.journal.clickhouse.store import ClickHouseStore

    return ClickHouseStore(lambda: ServerEngine(server), server.database, f"{server.host}:{server.port}")
