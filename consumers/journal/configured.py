"""Opens the journal that the configuration means."""

from consumers.hub import Hub
from consumers.journal.files import SqliteStore
from consumers.journal.store import JournalStore


def journal_of(hub: Hub) -> JournalStore:
    """In the data directory, or on a server."""
    server = hub.journal
    if server is None:
        return SqliteStore(hub.data / "journal")
    from consumers.clickhouse.server import ServerEngine  # only who names a server needs its driver
    from consumers.journal.clickhouse.store import ClickHouseStore

    return ClickHouseStore(lambda: ServerEngine(server), server.database, f"{server.host}:{server.port}")
