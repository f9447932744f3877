"""What a check finds: each way in which a log can be wrong, and nothing where it is right."""

import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from shutil import copytree

import pytest

from bus_schemas.codec import to_bytes
from consumers.engine import view_files
from consumers.engine.consumer_set import UnknownConsumer
from consumers.engine.findings import Findings
from consumers.store.archive.retention import ArchiveRetention
from consumers.store.journal.writer import Journal
from consumers.store.journal.writing import Accepted
from consumers.upkeep.verify.run import NothingThere, check
from producer.times import micros
from tests import builders
from tests.builders import START, at
from tests.data_directory import NOTHING, fold, hub_of, minutes, write

VIEWS = ("health", "motion", "temperatures", "detections")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data as they should be, of which each test has its copy."""
    data = tmp_path_factory.mktemp("whole")
    reported = minutes()
    write(data, reported.events, reported.payloads, NOTHING)
    fold(data, *VIEWS)
    return data


@pytest.fixture
def data(whole: Path, tmp_path: Path) -> Path:
    return copytree(whole, tmp_path / "data", symlinks=True)


def found(data: Path, *names: str, deep: bool = False) -> dict[str, Findings]:
    return {one.part: one for one in check(names, hub_of(data), lambda part, done, of: None, deep=deep)}


def faults(data: Path, *names: str, deep: bool = False) -> list[str]:
    return [fault for one in found(data, *names, deep=deep).values() for fault in one.faults]


def day(data: Path) -> Path:
    (path,) = (data / "journal").glob("*.sqlite")
    return path


def tamper(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_what_is_whole_is_summed_up(data: Path) -> None:
    whole = found(data, deep=True)

    assert [fault for one in whole.values() for fault in one.faults] == []
    assert list(whole) == [
        "journal",
        "bodies",
        "speakers",
        "media",
        "health",
        "motion",
        "temperatures",
        "detections",
        "warehouse",
        "views",
    ]
    assert whole["views"].left_out[0].startswith("those that no consumer has folded yet: registry, alerting, ")
    assert whole["journal"].notes[:2] == [
        "162 events in 3 streams, positions 1…162",
        "/hub (epoch-1): 1…36, no gap",
    ]
    assert whole["bodies"].notes == ["162 events say what their columns say"]
    assert whole["media"].notes == ["36 media, 7,480 bytes: 36 in the archive, 0 dropped by retention, every byte read"]
    assert whole["health"].notes == ["equals the fold of the journal up to position 162"]


def test_a_row_that_was_removed_is_a_hole(data: Path) -> None:
    tamper(day(data), "delete from events where position = 21")

    assert faults(data, "journal") == [
        "position 21 is missing in 2026-01-05",
        "/sites/DEMO/devices/yard (epoch-1): 12 is missing, and no gap event says why",
    ]


def test_the_end_of_a_stream_that_was_removed_is_missed_by_its_watermark(data: Path) -> None:
    tamper(day(data), "delete from events where position >= 161")

    assert faults(data, "journal") == [
        "/sites/DEMO/devices/yard (epoch-1): the watermark at the end of 2026-01-05 is 90, the last event 89",
        "/sites/DEMO/devices/oven (epoch-1): the watermark at the end of 2026-01-05 is 36, the last event 35",
    ]


def test_a_row_that_is_there_twice_is_found(data: Path) -> None:
    tamper(
        day(data),
        "drop index events_sequence",
        "insert into events select 163, stream, sequence, type, time, received, id, body"
        " from events where position = 21",
    )

    assert faults(data, "journal") == [
        "/sites/DEMO/devices/yard (epoch-1): 12 is there twice, again at position 163",
    ]


def test_a_row_that_is_there_again_on_another_day_is_found(data: Path) -> None:
    tomorrow = START + timedelta(days=1)
    event = builders.frame(epoch="epoch-1", sequence=5)
    with Journal(data / "journal", lambda: tomorrow) as journal:
        journal.append([Accepted(event, to_bytes(event), micros(tomorrow))])

    assert faults(data, "journal")[0] == ("/sites/DEMO/devices/yard (epoch-1): 5 is there twice, again at position 163")


def test_rows_that_changed_places_are_found(data: Path) -> None:
    swap = "update events set position = {} where position = {}"
    tamper(day(data), swap.format(-1, 22), swap.format(22, 21), swap.format(21, -1))

    assert "lies before" in faults(data, "journal")[0]


def test_a_gap_with_its_event_is_told_with_its_cause(data: Path) -> None:
    gap = builders.gap(at(180), first=91, last=94, device="yard")
    write(data, [(at(180), gap)], configured=NOTHING)

    (journal,) = found(data, "journal").values()
    assert journal.faults == []
    assert journal.notes[-1] == ("/sites/DEMO/devices/yard (epoch-1): 1…94, gaps: 4 outbox_full (91…94 outbox_full)")


@pytest.mark.parametrize("reported", [True, False])
def test_days_that_were_dropped_are_explained_by_an_event_alone(data: Path, reported: bool) -> None:
    tomorrow = at(24 * 3600)
    kind = "journal" if reported else "capture"
    later = [builders.retention(tomorrow, kind=kind), builders.frame(tomorrow, epoch="epoch-1", sequence=91)]
    write(data, [(tomorrow, event) for event in later], configured=NOTHING)
    (data / "journal" / "2026-01-05.sqlite").unlink()

    (journal,) = found(data, "journal").values()
    assert journal.faults == (
        [] if reported else ["position 1…162 is gone with its days, and no retention event says why"]
    )
    dropped = ", before that dropped by retention on 2026-01-06T10:00:00.000Z" if reported else ""
    assert journal.notes[-1] == f"/sites/DEMO/devices/yard (epoch-1): 91{dropped}, no gap"
    assert found(data, "health")["health"].left_out == [
        "all of it, for it begins before the floor of the journal, position 163"
    ]


def test_a_body_that_was_changed_is_found_where_it_is_looked_into(data: Path) -> None:
    tamper(day(data), "update events set body = replace(body, 'devices/yard', 'devices/barn') where position = 21")

    assert faults(data, "journal") == []
    assert "says ('/sites/DEMO/devices/barn'" in faults(data, "journal", deep=True)[0]


def test_a_pack_that_was_cut_is_found(data: Path) -> None:
    (pack,) = (data / "archive").glob("*/*/*/*/*.pack")
    size = pack.stat().st_size
    with pack.open("r+b") as file:
        file.truncate(size - 100)

    cut, lost = faults(data, "media")
    assert cut == (
        f"the pack DEMO/yard/thumbnail/2026-01-05/1000.pack is {size - 100:,} bytes long;"
        f" the index knows {size:,} bytes of it"
    )
    assert lost.endswith("lies beyond the end of its pack")


def test_bytes_that_rotted_are_found_where_they_are_read(data: Path) -> None:
    (pack,) = (data / "archive").glob("*/*/*/*/*.pack")
    with pack.open("r+b") as file:
        file.seek(-5, 2)
        file.write(b"?")

    assert faults(data, "media") == []
    assert faults(data, "media", deep=True)[0].endswith("the bytes in the archive are not those of its sha256")


def test_a_medium_that_nobody_dropped_is_missed(data: Path) -> None:
    tamper(data / "archive" / "index.sqlite", "delete from media where rowid = 7")

    (fault,) = faults(data, "media")
    assert fault.endswith("is not in the archive, and no retention event says why")


@pytest.mark.parametrize("reported", [True, False])
def test_what_retention_dropped_is_explained_by_its_event_alone(data: Path, reported: bool) -> None:
    tamper(data / "archive" / "index.sqlite", "delete from floors")
    ArchiveRetention(data / "archive", lambda: START + timedelta(hours=3)).drop_before("thumbnail", at(7200))
    tamper(data / "archive" / "index.sqlite", "delete from floors")
    if reported:
        span = {"start": START, "end": START + timedelta(hours=1)}
        event = builders.retention(at(7200), kind="thumbnail", count=36, bytes=9999, **span)
        write(data, [(at(7200), event)], configured=NOTHING)

    (media,) = found(data, "media").values()
    assert media.count == (0 if reported else 36)
    assert media.unlisted == (0 if reported else 16)


def test_a_view_that_somebody_changed_is_found_with_a_row(data: Path) -> None:
    file = view_files.file_of(data, "health")
    assert file is not None
    tamper(file, "update devices set online = 0 where device = 'yard'")

    (fault,) = faults(data)
    assert fault.startswith("table devices: 1 rows are only in the view, 1 only in the fold of the journal; such as (")


def test_names_that_are_nothing_are_refused(data: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(UnknownConsumer, match=r"no consumer 'x'.*besides journal, speakers, media and warehouse"):
        found(data, "x")
    with pytest.raises(NothingThere, match="there is no journal in"):
        found(tmp_path_factory.mktemp("empty"))


def test_a_check_leaves_nothing_behind(data: Path) -> None:
    before = everything(data)
    found(data, deep=True)

    assert everything(data) - before == set()


def everything(data: Path) -> set[str]:
    is_ours: Callable[[Path], bool] = lambda path: not path.name.endswith(("-wal", "-shm"))  # noqa: E731 - short, and typed
    return {str(path) for path in data.rglob("*") if is_ours(path)}
