"""Opens archive and journal, and tries again for as long as their disk or server refuses."""

import sqlite3
import threading
from collections.abc import Callable
from typing import Final, TypeVar

import structlog

from consumers.ingest.intake import is_away
from consumers.store.archive.disk import Archive
from consumers.store.journal.store import JournalAway, OpenJournal
from producer.backoff import Backoff, Retry
from producer.os_errors import describe_storage_error

REOPEN: Final = Backoff(0.25, 4.0)

log = structlog.get_logger(__name__)

Store = TypeVar("Store", Archive, OpenJournal)


def open_with_retries(open_it: Callable[[], Store], stopping: threading.Event) -> Store | None:
    """Where it is away or the disk is full, try again until stopped; producers keep what they have."""
    retry = Retry(REOPEN)
    while not stopping.is_set():
        try:
            return open_it()
        except JournalAway as away:
            pause = retry.next_s()
            log.warning("journal away", reason=str(away), again_in_s=round(pause, 1))
        except (OSError, sqlite3.OperationalError) as error:
            if not is_away(error):
                raise
            pause = retry.next_s()
            log.error("cannot write", reason=describe_storage_error(error), again_in_s=round(pause, 1))
        stopping.wait(pause)
    return None
