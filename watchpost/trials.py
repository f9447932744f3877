"""Runs trials in a process of their own, as the gateway's child or for somebody at a terminal."""

import os
import threading
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

from consumers.archive.reader import ArchiveReader
from consumers.hub import Hub
from consumers.journal.sqlite import SqliteJournalReader
from consumers.trials import files
from consumers.trials.run import Bench, Interrupted, run

NICER = 10
"""The live path goes first."""


def run_asked(data: Path, trial_id: str, until: int) -> None:
    """Until it is done or cancelled, or the file that is open as `until` ends: then it is interrupted.

    Raises `NoTrial`.
    """
    os.nice(NICER)
    stopping = threading.Event()
    threading.Thread(target=_stop_at_the_end, args=(until, stopping), name="end of the gateway", daemon=True).start()
    hub = Hub(data=data, archive=lambda: ArchiveReader(data / "archive"))
    with closing(SqliteJournalReader(data / "journal")) as journal, suppress(Interrupted):
        run(files.find(data, trial_id), Bench(hub, journal, _now, stopping))


def _stop_at_the_end(until: int, stopping: threading.Event) -> None:
    # Not through a buffer: its lock would be held when the process ends.
    while os.read(until, 1):
        pass
    stopping.set()


def _now() -> datetime:
    return datetime.now(UTC)
