"""A stretch of the log in a file, and a data directory made of one."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from bus_schemas.event import Event, device_source
from bus_schemas.node import GapEvent
from consumers.engine.rebuild.compare import compare
from consumers.engine.view_files import open_view
from consumers.registry import consumer_registry
from consumers.store.journal.files import SqliteStore
from consumers.store.journal.queries import JournalQueries
from consumers.upkeep.log_transfer.export_file import (
    AlreadyThere,
    LogExport,
    NotALogExport,
    Written,
    open_export,
    write,
)
from consumers.upkeep.log_transfer.importer import ImportReport, NotFresh, import_entries
from consumers.upkeep.log_transfer.log_slice import LogRange, read
from consumers.upkeep.verify.run import check
from consumers.upkeep.verify.speakers import check_speakers
from tests import builders, data_directory
from tests.builders import DEVICE, SITE, START, at
from tests.running_ingest import journaled

VIEWS = ("health", "alerting", "motion", "temperatures", "detections", "occupancy", "recordings", "audio")
REGISTERED = 4
"""Events: of a site, its two devices, and the rules."""
EVERYTHING = LogRange(START - timedelta(days=1), START + timedelta(days=1))


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("original")
    reported = data_directory.minutes()
    data_directory.write(data, reported.events, reported.payloads)
    return data


def test_a_place_where_no_file_can_be_made_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        write(tmp_path / "nowhere" / "log", [], EVERYTHING)


def exported(data: Path, file: Path, wanted: LogRange = EVERYTHING, *, media: bool = True) -> Written:
    return write(file, read(data_directory.hub_of(data), SqliteStore(data / "journal"), wanted, media=media), wanted)


def imported(file: Path, data: Path) -> ImportReport:
    with open_export(file) as found:
        return import_entries(data, SqliteStore(data / "journal"), found.entries())


def faults(data: Path) -> list[str]:
    findings = check(("journal", "media"), data_directory.hub_of(data), lambda part, done, of: None, deep=True)
    return [fault for one in findings for fault in one.faults]


def tamper(file: Path, statement: str) -> None:
    connection = sqlite3.connect(file)
    connection.executescript(statement)
    connection.close()


def test_the_views_of_a_copy_are_those_of_the_original(original: Path, tmp_path: Path) -> None:
    exported(original, tmp_path / "log")
    arrived = imported(tmp_path / "log", tmp_path / "copy")
    data_directory.fold(original, *VIEWS)
    data_directory.fold(tmp_path / "copy", *VIEWS)

    assert (arrived.events, arrived.media, arrived.gaps, arrived.media_missing) == (162 + REGISTERED, 36, 0, 0)
    assert faults(tmp_path / "copy") == []
    for name in VIEWS:
        one, other = open_view(original, name), open_view(tmp_path / "copy", name)
        assert compare(one, other, consumer_registry(data_directory.hub_of(original)).projection(name)) == []
        one.close()
        other.close()


def test_a_stretch_out_of_the_middle_says_what_was_before_it(original: Path, tmp_path: Path) -> None:
    exported(original, tmp_path / "log", LogRange(at(60), at(120)))
    arrived = imported(tmp_path / "log", tmp_path / "copy")

    gaps = [event for event in journaled(tmp_path / "copy", GapEvent) if isinstance(event, GapEvent)]
    assert (arrived.events, arrived.gaps) == (54, 3)
    assert {(gap.source, gap.data.first, gap.data.last, gap.data.cause) for gap in gaps} == {
        ("/hub", 1, 12, "not_exported"),
        ("/sites/DEMO/devices/yard", 1, 30, "not_exported"),
        ("/sites/DEMO/devices/oven", 1, 12, "not_exported"),
    }
    assert faults(tmp_path / "copy") == []


def test_media_that_were_left_out_are_explained(original: Path, tmp_path: Path) -> None:
    written = exported(original, tmp_path / "log", media=False)
    arrived = imported(tmp_path / "log", tmp_path / "copy")

    assert (written.events, written.media, written.media_left_out) == (162 + REGISTERED, 0, 36)
    assert arrived.media_missing == 36
    assert faults(tmp_path / "copy") == []


def test_a_stretch_of_a_site_that_is_not_there_holds_the_ticks_and_the_rules_alone(
    original: Path, tmp_path: Path
) -> None:
    written = exported(original, tmp_path / "log", LogRange(EVERYTHING.start, EVERYTHING.end, "ELSEWHERE"))

    assert written.events == 36 + 1


def test_nothing_is_written_over(original: Path, tmp_path: Path) -> None:
    exported(original, tmp_path / "log")

    with pytest.raises(AlreadyThere):
        exported(original, tmp_path / "log")
    with pytest.raises(NotFresh, match="has a log of its own"):
        imported(tmp_path / "log", original)


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        (
            "update events set body = cast(replace(body, 'sites/DEMO', 'sites/../x') as blob) where position = 21",
            "cannot be read",
        ),
        ("update media set body = x'00'", "are not those of its sha256"),
        (
            "create table other as select key, key as body from media; drop table media;"
            " alter table other rename to media",
            "has no bytes",
        ),
        ("drop table media", "cannot be read as an exported log: no such table: media"),
        ("drop table about", "cannot be read as an exported log: no such table: about"),
        ("update events set received = 9000000000000000000 where position = 21", "21 was received at no moment"),
        ("insert into events (received, body) select received, body from events where position = 21", "event twice"),
        ("pragma user_version = 9", "is of version 9; version 1 can be read here"),
        ("pragma application_id = 9", "is not an exported log"),
    ],
)
def test_a_file_that_was_tampered_with_leaves_nothing_behind(
    original: Path, tmp_path: Path, statement: str, reason: str
) -> None:
    exported(original, tmp_path / "log")
    tamper(tmp_path / "log", statement)

    with pytest.raises(NotALogExport, match=reason):
        imported(tmp_path / "log", tmp_path / "copy")
    assert not list((tmp_path / "copy").rglob("*.sqlite"))
    assert not list((tmp_path / "copy").rglob("*.pack"))


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("no database at all, though it is long enough to be one" * 20)

    with pytest.raises(NotALogExport, match="is not an exported log"):
        imported(tmp_path / "log", tmp_path / "copy")
    with pytest.raises(NotALogExport, match="there is no file"):
        imported(tmp_path / "nothing", tmp_path / "copy")


def test_a_slice_tells_what_it_is(original: Path, tmp_path: Path) -> None:
    exported(original, tmp_path / "log")

    with open_export(tmp_path / "log") as found:
        assert isinstance(found, LogExport)
        assert found.about == {
            "from": "2026-01-04T10:00:00.000Z",
            "to": "2026-01-06T10:00:00.000Z",
            "site": "",
            "events": str(162 + REGISTERED),
        }


def test_what_ingest_would_reject_does_not_come_in_by_a_file(tmp_path: Path) -> None:
    source = device_source(SITE, DEVICE)
    events: list[Event] = [
        builders.frame(epoch="one", sequence=1),
        builders.retention(source=source, epoch="one", sequence=2),
        builders.frame(epoch="one", sequence=3),
        builders.alert(state="acknowledged", by="ada"),
    ]
    data_directory.write(tmp_path / "old", [(at(number), event) for number, event in enumerate(events)])
    exported(tmp_path / "old", tmp_path / "log")

    arrived = imported(tmp_path / "log", tmp_path / "new")

    assert (arrived.events, arrived.rejected, arrived.gaps) == (3 + REGISTERED, 1, 1)
    with closing(JournalQueries(tmp_path / "new" / "journal")) as queries:
        (rejected,) = queries.rejected()
    assert rejected.reason == f"only the hub may send an event of type watchpost.retention.v1, not {source}"
    assert check_speakers(SqliteStore(tmp_path / "new" / "journal")).count == 0
