"""Opens archive and journal, however long it takes until their disk or server lets them be opened."""

import sqlite3
import threading
from collections.abc import Callable
from typing import Final, TypeVar

import structlog

from consumers.ingest.intake import is_away
from consumers.store.archive.disk import Archive
from consumers.store.journal.store import JournalAway, OpenJournal

FIRST_PAUSE_S: Final = 0.25
LONGEST_PAUSE_S: Final = 4.0

log = structlog.get_logger(__name__)

Store = TypeVar("Store", Archive, OpenJournal)


def open_patiently(open_it: Callable[[], Store], stopping: threading.Event) -> Store | None:
    """Where it is away or the disk is full, try again until told to stop; producers keep what they have."""
    pause = FIRST_PAUSE_S
    while not stopping.is_set():
        try:
            return open_it()
        except JournalAway as away:
            log.warning("journal away", reason=str(away), again_in_s=pause)
        except (OSError, sqlite3.OperationalError) as error:
            if not is_away(error):
                raise
            log.error("cannot write", reason=str(error), again_in_s=pause)
        stopping.wait(pause)
        pause = min(pause * 2, LONGEST_PAUSE_S)
    return None
