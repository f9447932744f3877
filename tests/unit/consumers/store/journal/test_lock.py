"""The journal has one writer, whatever is removed beside it."""

import threading
from pathlib import Path

import pytest

from consumers.store.journal.lock import journal_lock
from consumers.store.journal.store import JournalInUse
from tests.eventually import WITHIN_S, eventually


def test_a_second_writer_is_refused_also_after_somebody_removed_the_lock(tmp_path: Path) -> None:
    with journal_lock(tmp_path):
        (tmp_path / ".lock").unlink()
        assert eventually((tmp_path / ".lock").exists)

        with pytest.raises(JournalInUse), journal_lock(tmp_path):
            pass


def test_a_writer_whose_lock_was_removed_ends_where_another_was_quicker(tmp_path: Path) -> None:
    stopping = threading.Event()

    def write() -> None:
        with journal_lock(tmp_path, stopping):
            (tmp_path / ".lock").unlink()
            with journal_lock(tmp_path):
                assert stopping.wait(WITHIN_S)

    with pytest.raises(JournalInUse, match="another ingest writes the journal"):
        write()
