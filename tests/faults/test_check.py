"""The judge of the fault suite sees what is wrong: a journal written with faults, and what it says of each."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bus_schemas.codec import to_bytes
from bus_schemas.event import Event
from consumers.hub_config import HubConfig
from consumers.store.archive.disk import Archive
from consumers.store.journal.writer import Journal
from consumers.store.journal.writing import Accepted
from producer.ids import utc_now
from producer.outbox.tables import connect, open_tables, put
from tests import builders
from tests.faults.check import Expected, Verdict, _ids, _media, _outbox, _streams, rows
from tests.following import MemoryMedia


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(Journal(tmp_path / "journal", utc_now)) as opened:
        yield opened


def write(journal: Journal, *events: Event) -> None:
    journal.append([Accepted(event, to_bytes(event), 0) for event in events])


def detection(sequence: int, **given: Any) -> Event:
    return builders.detection(epoch="e", sequence=sequence, **given)


def streams(data: Path, causes: tuple[str, ...] = ()) -> Verdict:
    verdict = Verdict()
    _streams(verdict, list(rows(data / "journal")), causes)
    return verdict


def test_a_hole_that_no_gap_tells_of_is_lost(journal: Journal, tmp_path: Path) -> None:
    write(journal, detection(1), detection(5))

    assert (streams(tmp_path).lost, streams(tmp_path).doubled) == (3, 0)


def test_a_gap_is_fine_only_where_its_cause_fits(journal: Journal, tmp_path: Path) -> None:
    write(journal, detection(1), builders.gap(first=2, last=4, epoch="e", sequence=4), detection(5))

    assert streams(tmp_path).lost == 3
    assert streams(tmp_path, ("outbox_full",)).fine


def test_a_stream_that_goes_back_is_doubled(journal: Journal, tmp_path: Path) -> None:
    write(journal, detection(1), detection(3), detection(2))

    assert streams(tmp_path).doubled == 1


def test_an_id_that_is_there_twice_and_one_that_is_missing_are_counted(journal: Journal, tmp_path: Path) -> None:
    write(journal, detection(1, id="twice"), detection(2, id="twice"))
    verdict = Verdict()

    _ids(verdict, list(rows(tmp_path / "journal")), Expected(["twice", "promised"], ["stranger"], ()))

    assert (verdict.lost, verdict.doubled) == (2, 1)


def test_what_an_outbox_has_otherwise_or_alone_is_counted(journal: Journal, tmp_path: Path) -> None:
    outbox = tmp_path / "outbox.sqlite"
    with closing(connect(outbox)) as connection:
        epoch = open_tables(connection)
        for number in (1, 2):
            put(connection, builders.detection(id=f"e-{number}", people_count=number))
    write(journal, builders.detection(id="e-1", people_count=7, epoch=epoch, sequence=1))
    verdict = Verdict()

    _outbox(verdict, list(rows(tmp_path / "journal")), outbox)

    assert (verdict.lost, verdict.different) == (1, 1)


def test_media_without_bytes_are_lost_and_references_to_nothing_too(journal: Journal, tmp_path: Path) -> None:
    there, gone = builders.media(payload=b"there"), builders.media(payload=b"gone")
    with closing(Archive(tmp_path / "archive", utc_now)) as archive:
        archive.store([(there.data, there.time, b"there")])
    keys: tuple[str, ...] = (there.data.key, gone.data.key, "DEMO/yard/capture/nowhere")
    write(journal, there, gone, builders.frame(media=keys))
    verdict = Verdict()

    _media(verdict, list(rows(tmp_path / "journal")), HubConfig(tmp_path, MemoryMedia))

    assert (verdict.lost, verdict.media) == (2, 2)
