"""What a backup holds, and what becomes of it."""

import sqlite3
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from bus_schemas.codec import read_stored, to_bytes
from bus_schemas.media import MediaEvent
from consumers.engine import view_files
from consumers.store.archive.disk import Archive
from consumers.store.archive.reader import ArchiveReader
from consumers.store.journal.days import list_days
from consumers.store.journal.files import SqliteStore
from consumers.store.journal.retention_floor import drop
from consumers.store.journal.writer import Journal
from consumers.store.journal.writing import Accepted
from consumers.upkeep.backup.lineage import OfAnotherHub
from consumers.upkeep.backup.manifest import Manifest, NoBackup, read_manifest
from consumers.upkeep.backup.restore import DataThere, require_empty, restore
from consumers.upkeep.backup.take import NothingToBackUp, take
from consumers.upkeep.verify.run import check
from producer.times import micros
from tests import builders
from tests.builders import START, at, numbered
from tests.data_directory import fold, hub_of, minutes, write
from watchpost.processes.data_directory_lock import data_directory_lock


def back_up(data: Path, target: Path) -> Manifest:
    return take(hub_of(data), target, "0.0", lambda: START, lambda done, of: None)


def differences(data: Path, *parts: str) -> list[str]:
    hub = hub_of(data)
    return [fault for one in check(parts, hub, lambda part, done, of: None, deep=True) for fault in one.faults]


def bodies(data: Path) -> list[bytes]:
    with closing(SqliteStore(data / "journal").reader()) as reader:
        return [record.body for record in reader.read(0, limit=1_000_000).records]


def identity(data: Path) -> int:
    with closing(SqliteStore(data / "journal").reader()) as reader:
        return reader.journal_id()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    written = minutes()
    write(tmp_path / "data", written.events, written.payloads)
    (tmp_path / "data" / "agent").mkdir()
    (tmp_path / "data" / "agent" / "hub.json").write_text('{"changed": {}}')
    return tmp_path / "data"


def test_what_is_restored_holds_every_event_every_medium_and_every_setting(data: Path, tmp_path: Path) -> None:
    manifest = back_up(data, tmp_path / "backup")

    restore(tmp_path / "backup", tmp_path / "again", lambda done, of: None)

    assert bodies(tmp_path / "again") == bodies(data)
    assert len(bodies(data)) == manifest.head
    assert differences(tmp_path / "again", "journal", "media") == []
    assert (tmp_path / "again" / "agent" / "hub.json").read_text() == '{"changed": {}}'
    with ArchiveReader(tmp_path / "again" / "archive") as archive, ArchiveReader(data / "archive") as before:
        keys = [event.data.key for event in read_stored(bodies(data)) if isinstance(event, MediaEvent)]
        assert [archive.read(key) for key in keys] == [before.read(key) for key in keys]
        assert len(keys) == len(minutes().payloads)


def test_views_of_what_is_restored_are_folded_again(data: Path, tmp_path: Path) -> None:
    fold(data, "health")
    back_up(data, tmp_path / "backup")
    restore(tmp_path / "backup", tmp_path / "again", lambda done, of: None)

    assert not (tmp_path / "again" / "views").exists()
    fold(tmp_path / "again", "health")
    assert differences(tmp_path / "again", "health") == []


def test_a_restored_journal_is_another_one(data: Path, tmp_path: Path) -> None:
    back_up(data, tmp_path / "backup")
    restore(tmp_path / "backup", tmp_path / "again", lambda done, of: None)

    assert identity(tmp_path / "again") not in {0, identity(data)}


def test_a_second_backup_copies_what_is_new(data: Path, tmp_path: Path) -> None:
    target = tmp_path / "backup"
    back_up(data, target)
    packs = {path: path.stat().st_ino for path in target.rglob("*.pack")}
    later = minutes(start=START + timedelta(hours=30))
    events = [(moment, event.model_copy(update={"epoch": "epoch-2"})) for moment, event in later.events]
    write(data, events, later.payloads)

    manifest = back_up(data, target)

    assert manifest.head == len(bodies(data)) == len(bodies(target))
    assert differences(target, "journal", "media") == []
    assert {path: path.stat().st_ino for path in packs} == packs


def test_a_day_that_was_still_open_is_copied_again_when_it_is_closed(data: Path, tmp_path: Path) -> None:
    back_up(data, tmp_path / "backup")
    for hours, epoch in ((1, "epoch-2"), (30, "epoch-3")):
        later = minutes(start=START + timedelta(hours=hours))
        events = [(moment, event.model_copy(update={"epoch": epoch})) for moment, event in later.events]
        write(data, events, later.payloads)

    back_up(data, tmp_path / "backup")

    assert bodies(tmp_path / "backup") == bodies(data)


def test_what_retention_dropped_leaves_the_backup(data: Path, tmp_path: Path) -> None:
    later = minutes(start=START + timedelta(hours=30))
    write(
        data,
        [(moment, event.model_copy(update={"epoch": "epoch-2"})) for moment, event in later.events],
        later.payloads,
    )
    back_up(data, tmp_path / "backup")
    drop(data / "journal", list_days(data / "journal")[:1])
    for pack in list((data / "archive").rglob("*.pack"))[:1]:
        pack.unlink()

    back_up(data, tmp_path / "backup")

    assert [day.date for day in list_days(tmp_path / "backup" / "journal")] == [
        day.date for day in list_days(data / "journal")
    ]
    assert len(list((tmp_path / "backup").rglob("*.pack"))) == len(list((data / "archive").rglob("*.pack")))


def test_what_was_removed_from_the_hub_does_not_come_back_with_its_backup(data: Path, tmp_path: Path) -> None:
    kept, revoked = data / "agent" / "hub.json", data / "agents" / "codes.json"
    revoked.parent.mkdir()
    revoked.write_text("{}")
    back_up(data, tmp_path / "backup")
    (tmp_path / "backup" / "agents" / "mine.json").write_text("{}")
    revoked.unlink()

    back_up(data, tmp_path / "backup")
    restore(tmp_path / "backup", tmp_path / "again", lambda done, of: None)

    assert not (tmp_path / "backup" / "agents" / "codes.json").exists()
    assert (tmp_path / "backup" / "agents" / "mine.json").exists(), "it was never copied there"
    assert not (tmp_path / "again" / "agents" / "mine.json").exists()
    assert (tmp_path / "again" / "agent" / "hub.json").read_text() == kept.read_text()


def test_a_trial_that_runs_while_its_file_is_copied_can_be_read_after_a_restore(data: Path, tmp_path: Path) -> None:
    """Its newest rows are in the log of SQLite, which is of no use beside another state of the file."""
    file = data / "trials" / "one.sqlite"
    file.parent.mkdir()
    with closing(view_files.connect(file)) as trial:
        trial.execute("create table said (word text)")
        trial.execute("insert into said values ('first')")
        back_up(data, tmp_path / "backup")
        trial.execute("insert into said values ('second')")
        trial.execute("create index words on said (word)")
    back_up(data, tmp_path / "backup")

    restore(tmp_path / "backup", tmp_path / "again", lambda done, of: None)

    assert [path.name for path in (tmp_path / "again" / "trials").iterdir()] == ["one.sqlite"]
    with closing(sqlite3.connect(tmp_path / "again" / "trials" / "one.sqlite")) as trial:
        assert trial.execute("select word from said order by rowid").fetchall() == [("first",), ("second",)]


def test_a_damaged_trial_stops_no_backup(data: Path, tmp_path: Path) -> None:
    (data / "trials").mkdir()
    (data / "trials" / "one.sqlite").write_bytes(b"no database" * 100)

    back_up(data, tmp_path / "backup")

    assert (tmp_path / "backup" / "trials" / "one.sqlite").read_bytes() == b"no database" * 100


def test_every_backup_of_a_hub_that_writes_is_whole(tmp_path: Path) -> None:
    """Each medium of an event in the copy is in the copy, and the journal ends between two groups."""
    data, stopping, begun = tmp_path / "data", threading.Event(), threading.Event()

    def ingest() -> None:
        with Archive(data / "archive", lambda: START) as archive, Journal(data / "journal", lambda: START) as journal:
            for second in range(4_000):
                media = [builders.media(at(second), payload := b"%d" % second * 200, device=f"d{n}") for n in range(3)]
                archive.store([(one.data, one.time, payload) for one in media])
                events = numbered(media, epoch=f"epoch-{second}")
                journal.append([Accepted(one, to_bytes(one), micros(one.time)) for one in events])
                begun.set()
                if stopping.is_set():
                    return

    writer = threading.Thread(target=ingest)
    writer.start()
    try:
        assert begun.wait(30)
        heads = []
        for number in range(3):
            heads.append(back_up(data, tmp_path / "backup").head or 0)
            assert differences(tmp_path / "backup", "journal", "media") == [], f"in backup {number}"
    finally:
        stopping.set()
        writer.join()
    assert heads == sorted(heads)
    assert all(head > 0 and head % 3 == 0 for head in heads)


def later_minutes(data: Path, hours: int, epoch: str) -> None:
    later = minutes(start=START + timedelta(hours=hours))
    write(data, [(moment, event.model_copy(update={"epoch": epoch})) for moment, event in later.events], later.payloads)


def contents(folder: Path) -> dict[Path, bytes]:
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_backup_of_a_hub_that_was_lost_stays_where_the_one_that_begins_anew_is_backed_up(
    data: Path, tmp_path: Path
) -> None:
    back_up(data, tmp_path / "backup")
    before = contents(tmp_path / "backup")
    later_minutes(tmp_path / "anew", 1, "epoch-2")

    with pytest.raises(OfAnotherHub, match="name another directory"):
        back_up(tmp_path / "anew", tmp_path / "backup")
    assert contents(tmp_path / "backup") == before


def test_the_backup_of_a_hub_stays_where_one_that_has_imported_its_log_is_backed_up(data: Path, tmp_path: Path) -> None:
    back_up(data, tmp_path / "backup")
    before = contents(tmp_path / "backup")
    imported = Journal(tmp_path / "imported" / "journal", lambda: START)
    with closing(SqliteStore(data / "journal").reader()) as reader, imported as made:
        made.append([Accepted(one.event, one.body, one.received_us) for one in reader.read(0, limit=10_000).records])
    assert bodies(tmp_path / "imported") == bodies(data)

    with pytest.raises(OfAnotherHub, match="name another directory"):
        back_up(tmp_path / "imported", tmp_path / "backup")
    assert contents(tmp_path / "backup") == before


@pytest.mark.parametrize("says_so", ["data", "backup"])
def test_a_hub_whose_journal_does_not_say_how_it_began_goes_on_with_its_backup(
    data: Path, tmp_path: Path, says_so: str
) -> None:
    back_up(data, tmp_path / "backup")
    restore(tmp_path / "backup", tmp_path / "again", lambda done, of: None)
    silent = tmp_path / ("backup" if says_so == "data" else "again")
    for day in list_days(silent / "journal"):
        with closing(sqlite3.connect(day.path)) as connection, connection:
            connection.execute("delete from meta where key = 'origin'")

    back_up(tmp_path / "again", tmp_path / "backup")
    assert bodies(tmp_path / "backup") == bodies(data)


def test_a_restored_hub_goes_on_with_its_backup(data: Path, tmp_path: Path) -> None:
    back_up(data, tmp_path / "backup")
    restore(tmp_path / "backup", tmp_path / "again", lambda done, of: None)
    later_minutes(tmp_path / "again", 30, "epoch-2")

    back_up(tmp_path / "again", tmp_path / "backup")

    assert bodies(tmp_path / "backup") == bodies(tmp_path / "again")
    assert differences(tmp_path / "backup", "journal", "media") == []


def test_a_hub_that_was_restored_from_an_older_backup_replaces_the_days_that_went_on_otherwise(
    data: Path, tmp_path: Path
) -> None:
    back_up(data, tmp_path / "older")
    for hours, epoch in ((1, "epoch-2"), (30, "epoch-3")):
        later_minutes(data, hours, epoch)
    back_up(data, tmp_path / "backup")
    restore(tmp_path / "older", tmp_path / "again", lambda done, of: None)
    for hours, epoch in ((2, "epoch-4"), (30, "epoch-5")):
        later_minutes(tmp_path / "again", hours, epoch)

    back_up(tmp_path / "again", tmp_path / "backup")

    assert bodies(tmp_path / "backup") == bodies(tmp_path / "again")
    assert differences(tmp_path / "backup", "journal", "media") == []


def test_a_closed_day_that_the_disk_of_the_backup_has_damaged_is_copied_again(data: Path, tmp_path: Path) -> None:
    later_minutes(data, 30, "epoch-2")
    back_up(data, tmp_path / "backup")
    list_days(tmp_path / "backup" / "journal")[0].path.write_bytes(b"damaged")

    back_up(data, tmp_path / "backup")

    assert bodies(tmp_path / "backup") == bodies(data)


def test_a_backup_that_was_interrupted_is_none(data: Path, tmp_path: Path) -> None:
    back_up(data, tmp_path / "backup")
    (tmp_path / "backup" / "backup.json").unlink()

    with pytest.raises(NoBackup, match="interrupted"):
        restore(tmp_path / "backup", tmp_path / "again", lambda done, of: None)
    assert not (tmp_path / "again").exists()


def test_a_directory_without_a_journal_is_not_backed_up(tmp_path: Path) -> None:
    with pytest.raises(NothingToBackUp):
        back_up(tmp_path, tmp_path / "backup")
    with pytest.raises(NoBackup):
        read_manifest(tmp_path / "backup")


def test_nothing_is_restored_over_data_that_are_there(data: Path, tmp_path: Path) -> None:
    back_up(data, tmp_path / "backup")
    before = bodies(data)

    with pytest.raises(DataThere):
        restore(tmp_path / "backup", data, lambda done, of: None)
    assert bodies(data) == before


def test_a_copied_day_needs_no_log_of_sqlite_beside_it(data: Path, tmp_path: Path) -> None:
    back_up(data, tmp_path / "backup")

    assert not list((tmp_path / "backup").rglob("*-wal"))
    (day,) = list_days(tmp_path / "backup" / "journal")
    with closing(sqlite3.connect(day.path)) as connection:
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)


def test_a_directory_in_which_a_hub_only_ever_started_is_empty(tmp_path: Path) -> None:
    with data_directory_lock(tmp_path, START):
        (tmp_path / "logs").mkdir()

    require_empty(tmp_path)
