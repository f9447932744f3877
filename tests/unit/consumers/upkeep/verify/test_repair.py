"""Media whose bytes are lost are reported as deleted, so that nothing plays or names them any more."""

from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bus_schemas.alert import RetentionEvent
from bus_schemas.codec import read_stored
from consumers.engine import view_files
from consumers.engine.deliverer import Deliverer
from consumers.engine.follower import ConsumerContext
from consumers.engine.view_files import NoView
from consumers.store.archive.disk import Archive
from consumers.store.archive.reader import ArchiveReader
from consumers.store.journal.configured import journal_of
from consumers.upkeep.retention.scope import RetentionScope
from consumers.upkeep.retention.sink import RetentionSink
from consumers.upkeep.verify.media import check_media
from consumers.upkeep.verify.repair import RULE, RepairReport, repair_media
from consumers.views.recordings.questions import segments
from tests.builders import START, at, tick
from tests.cold_hub import RETENTION
from tests.data_directory import fold, hub_of, write
from tests.footage import Film, record
from tests.memory_journal import MemoryJournal

NOW = START + timedelta(minutes=30)
FILM = Film(seconds=20)
LATER = Film(start=START + timedelta(minutes=10), seconds=10)


def test_what_is_lost_is_reported_and_forgotten_and_the_rest_is_left(tmp_path: Path) -> None:
    keys = record(tmp_path, FILM, LATER)
    hub = replace(hub_of(tmp_path), retention=RETENTION)
    ticks = MemoryJournal()
    deliverer = Deliverer(
        RetentionSink(RetentionScope.of(hub), lambda: NOW), ConsumerContext(tmp_path, ticks, lambda: NOW)
    )
    deliverer.advance()
    with ArchiveReader(tmp_path / "archive") as archive:
        stored = archive.find(keys[0])
    assert stored is not None
    stored.pack.unlink()
    with Archive(tmp_path / "archive", lambda: NOW):
        """As ingest does at its start: the pack is forgotten."""
    before = check_media(journal_of(hub), tmp_path / "archive").count

    report = repair_media(hub, NOW)
    ticks.append(tick(NOW))
    deliverer.advance()
    deliverer.close()
    with closing(view_files.open_view(tmp_path, "retention")) as view:
        reported = read_stored(body for (body,) in view.execute("select body from outbox_event"))
    write(tmp_path, [(NOW, event) for event in reported])
    fold(tmp_path, "recordings", of=hub)
    with closing(view_files.open_view(tmp_path, "recordings")) as view:
        left = segments(view, "DEMO", "yard", at(0), at(3600))

    assert before == 2
    assert report == RepairReport(repaired=2, left=0)
    assert [event.data.rule for event in reported if isinstance(event, RetentionEvent)] == [RULE]
    assert check_media(journal_of(hub), tmp_path / "archive").faults == []
    assert [one.key for one in left] == keys[2:]
    assert repair_media(hub, NOW) == RepairReport(0, 0)


def test_a_hub_that_never_ran_repairs_nothing(tmp_path: Path) -> None:
    keys = record(tmp_path, FILM)
    with ArchiveReader(tmp_path / "archive") as archive:
        stored = archive.find(keys[0])
    assert stored is not None
    stored.pack.unlink()
    with Archive(tmp_path / "archive", lambda: NOW):
        """The pack is forgotten."""

    with pytest.raises(NoView, match="has not run yet"):
        repair_media(hub_of(tmp_path), NOW)
