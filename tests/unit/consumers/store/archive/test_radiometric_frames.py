"""Radiometric frames in the archive, also those of which only the copy for an incident is left."""

from datetime import timedelta

from bus_schemas.radiometric import CONTENT_TYPE
from consumers.store.archive.disk import Archive, Medium
from consumers.store.archive.radiometric_frames import frames_between
from consumers.store.archive.reader import ArchiveReader
from tests import builders

START = builders.START
MINUTE = timedelta(minutes=1)


def frame(minute: float, *, kind: str = "thermal", content_type: str = CONTENT_TYPE) -> Medium:
    body = b"frame %g" % minute
    event = builders.media(START + minute * MINUTE, body, kind="thermal", id=f"f{minute:g}", content_type=content_type)
    key = event.data.key.replace("/thermal/", f"/{kind}/")
    return event.data.model_copy(update={"key": key}), event.time, body


def found(reader: ArchiveReader, until: float, limit: int | None = None) -> list[tuple[float, str]]:
    frames = frames_between(reader, "DEMO", "yard", START, START + until * MINUTE, limit)
    return [((one.time - START) / MINUTE, one.key.split("/")[2]) for one in frames]


def test_a_frame_that_only_its_incident_kept_is_among_the_others_in_order(
    archive: Archive, reader: ArchiveReader
) -> None:
    archive.store([frame(0, kind="evidence"), frame(2), frame(1, kind="evidence"), frame(3)])

    assert found(reader, 4) == [(0, "evidence"), (1, "evidence"), (2, "thermal"), (3, "thermal")]
    assert found(reader, 3) == [(0, "evidence"), (1, "evidence"), (2, "thermal")]


def test_a_frame_is_found_once_although_its_incident_has_a_copy(archive: Archive, reader: ArchiveReader) -> None:
    archive.store([frame(0), frame(1), frame(1, kind="evidence"), frame(2)])

    assert found(reader, 3) == [(0, "thermal"), (1, "thermal"), (2, "thermal")]


def test_a_sample_is_spread_evenly_and_has_no_copy_of_a_frame_that_it_leaves_out(
    archive: Archive, reader: ArchiveReader
) -> None:
    archive.store([frame(minute) for minute in range(20)])
    archive.store([frame(minute, kind="evidence") for minute in (3, 13)])

    assert found(reader, 20, 4) == [(0, "thermal"), (5, "thermal"), (10, "thermal"), (15, "thermal")]


def test_a_sample_is_as_small_as_was_asked_for_also_where_frames_and_copies_are_many(
    archive: Archive, reader: ArchiveReader
) -> None:
    archive.store([frame(minute, kind="evidence") for minute in range(10)])
    archive.store([frame(minute) for minute in range(10, 20)])

    assert [kind for _, kind in found(reader, 20, 4)] == ["evidence", "evidence", "thermal", "thermal"]


def test_pictures_that_incidents_keep_are_no_frames(archive: Archive, reader: ArchiveReader) -> None:
    archive.store([frame(0, kind="evidence", content_type="image/jpeg"), frame(1, kind="evidence")])

    assert found(reader, 2) == [(1, "evidence")]
