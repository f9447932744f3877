"""The process that makes one export: it reads its order from standard input, and leaves files and a result."""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from bus_schemas.footage import Export
from consumers.engine import view_files
from consumers.engine.view_files import NoView
from consumers.store.disk import disk_of
from consumers.store.journal.configured import journal_of
from consumers.store.journal.record import JournalReader
from consumers.upkeep.exports.footage import Footage, LoadedSegment, footage, loaded
from consumers.upkeep.exports.manifest import (
    SegmentPlace,
    SiteNames,
    device_section,
    event_ids,
    lost_words,
    manifest,
)
from consumers.upkeep.exports.order import PROGRESS, RESULT, CannotExport, ExportedFile, ExportOrder, ExportResult
from consumers.upkeep.exports.packing import ExportZip, described, write_check, write_manifest
from consumers.upkeep.exports.remux import Cut, Mp4Writer
from consumers.upkeep.exports.runs import RunSource
from consumers.upkeep.exports.tables import TABLES, TableRange, write_tables
from consumers.upkeep.exports.thermal_frames import write_frames
from consumers.views.registry import registered
from producer.ids import utc_now
from producer.times import moment_of_seconds
from producer.whole_file import write_whole

if TYPE_CHECKING:
    from consumers.upkeep.exports.render import DevicePictures, Rendering

SAID_EVERY_S: Final = 0.5
NICENESS: Final = 10
UNREAD: Final = "nothing of it can be read"
DRAWN: Final = frozenset({"grid", "timelapse"})


@dataclass(slots=True)
class Progress:
    """Writes the share that is done into a file, and how many bytes have come from cold storage: of a slow one a single
    segment may come for minutes. Ends the process when the one that started it is gone.
    """

    path: Path
    steps: int
    done: int = 0
    received: int = 0
    _writing: Lock = field(default_factory=Lock)
    _parent: int = field(default_factory=os.getppid)
    _written: float = 0.0

    def step(self) -> None:
        self.done += 1
        self._write()
        if os.getppid() != self._parent:
            sys.exit("the process that asked for this export is gone")

    def receive(self, size: int) -> None:
        """Called by the threads that read."""
        self.received += size
        self._write()

    def _write(self) -> None:
        with self._writing:
            if monotonic() - self._written < SAID_EVERY_S:
                return
            self._written = monotonic()
            draft = self.path.with_suffix(".draft")
            draft.write_text(f"{min(1.0, self.done / max(1, self.steps)):.6f} {self.received}")
            draft.replace(self.path)


@dataclass(slots=True)
class Job:
    """One export, and what it works with."""

    order: ExportOrder
    journal: JournalReader
    names: SiteNames
    footage: list[Footage]
    progress: Progress

    @property
    def folder(self) -> Path:
        return self.order.directory

    @property
    def stem(self) -> str:
        asked = self.order.export
        of = asked.devices[0] if len(asked.devices) == 1 else f"{len(asked.devices)}-devices"
        return f"{self.order.site}_{of}_{asked.start:%Y-%m-%dT%H%M%SZ}_{asked.form}"

    def source(self, one: Footage, seen: list[LoadedSegment]) -> RunSource:
        """The recordings of a device; `seen` collects their segments, without the bytes."""

        def noted() -> Iterator[LoadedSegment]:
            for segment in loaded(self.order.hub, one.segments, self.progress.step, self.progress.receive):
                seen.append(segment.without_body)
                yield segment

        return RunSource(noted())

    def section(self, one: Footage, places: Sequence[SegmentPlace]) -> dict[str, Any]:
        ids = event_ids(self.journal, {place.segment.row.position for place in places})
        asked = self.order.export
        return device_section(one.device, self.names.devices[one.device], places, ids, (asked.start, asked.end))


def remuxed(job: Job, one: Footage) -> tuple[list[Path], dict[str, Any]]:
    """The files of a device, and its section of the manifest."""
    asked = job.order.export
    # No device has a dot in its name, so that a part of one has the name of no other one.
    writer = Mp4Writer(
        lambda number: job.folder / f"{one.device}{'' if number == 0 else f'.{number + 1}'}.mp4",
        Cut(asked.start, asked.end, asked.exact),
    )
    seen: list[LoadedSegment] = []
    writer.write(job.source(one, seen))
    written = [file for file in writer.files if file.pictures]
    placed = {
        segment.row.key: SegmentPlace(segment, file.path.name, at_s)
        for file in written
        for at_s, segment in file.segments
    }
    places = [placed.get(segment.row.key, SegmentPlace(segment)) for segment in seen]
    return [file.path for file in written], job.section(one, places)


def drawn(job: Job) -> tuple[Path, list[dict[str, Any]]]:
    """One video of all devices, and the sections of the manifest. Only this needs OpenCV. Raises `CannotExport`."""
    from consumers.upkeep.exports.render import DevicePictures, render

    asked, path = job.order.export, job.folder / f"{job.stem}.mp4"
    wanted = rendering(asked, job.names.zone)
    seen: list[list[LoadedSegment]] = [[] for _ in job.footage]
    pictures = [
        DevicePictures(
            job.names.devices[one.device],
            job.source(one, mine),
            one.segments,
            keyframes_only=wanted.keyframes_only,
        )
        for one, mine in zip(job.footage, seen, strict=True)
    ]
    render(path, pictures, wanted, job.progress.step)
    sections = []
    for one, each, mine in zip(job.footage, pictures, seen, strict=True):
        each.close()
        places = [_drawn_place(job, segment, path.name, each) for segment in mine]
        sections.append(job.section(one, places))
    if not any(each.drawn for each in pictures):
        raise CannotExport(lost_words(sections) or UNREAD)
    return path, sections


def _drawn_place(job: Job, segment: LoadedSegment, name: str, pictures: "DevicePictures") -> SegmentPlace:
    if segment.row.key not in pictures.drawn:
        return SegmentPlace(segment)
    asked = job.order.export
    at_s = max(0.0, segment.row.start - asked.start.timestamp()) / asked.speed
    return SegmentPlace(segment, name, round(at_s, 3))


def rendering(asked: Export, zone: ZoneInfo) -> "Rendering":
    from consumers.upkeep.exports.render import Rendering

    return Rendering(asked.start, asked.end, asked.speed, zone)


def make(job: Job) -> ExportResult:
    """Raises `CannotExport`."""
    asked = job.order.export
    if asked.form in DRAWN:
        video, sections = drawn(job)
        videos = [video]
    else:
        videos, sections = [], []
        for one in job.footage:
            files, section = remuxed(job, one)
            videos += files
            sections.append(section)
    if not videos and not asked.tables:
        raise CannotExport(lost_words(sections) or UNREAD)
    if asked.form == "zip" or len(videos) > 1 or asked.originals or asked.tables:
        made = packed(job, videos, sections)
    else:
        made = loose(job, videos[0], sections)
    return ExportResult(files=tuple(made), detail=lost_words(sections))


def loose(job: Job, video: Path, sections: Sequence[dict[str, Any]]) -> list[ExportedFile]:
    """The video, with the manifest and the script beside it."""
    named = video.replace(job.folder / f"{job.stem}.mp4")
    for segment in (one for section in sections for one in section["segments"] if one["file"]):
        segment["file"] = named.name
    files = [described(named)]
    write_manifest(job.folder, manifest(job.order, job.names, sections, files, utc_now()))
    write_check(job.folder)
    return [*files, *(described(job.folder / name) for name in ("manifest.json", "check_export.py"))]


def packed(job: Job, videos: Sequence[Path], sections: Sequence[dict[str, Any]]) -> list[ExportedFile]:
    """Raises `CannotExport` where there is neither a video nor anything that was measured."""
    asked, path = job.order.export, job.folder / f"{job.stem}.zip"
    archive = ExportZip(path)
    archive.move(videos)
    if asked.tables:
        wanted = TableRange(job.order.site, asked.devices, asked.start, asked.end, job.names.zone)
        rows = write_tables(job.folder, job.journal, wanted)
        frames = write_frames(job.folder, job.order.hub, wanted, job.progress.receive)
        if not (videos or frames or any(rows.values())):
            raise CannotExport(lost_words(sections) or "nothing was recorded or measured then")
        archive.move(job.folder / name for name in TABLES)
        archive.move(frames)
    if asked.originals:
        for one in job.footage:
            _add_originals(archive, job, one)
    archive.close(manifest(job.order, job.names, sections, archive.files, utc_now()))
    return [described(path)]


def _add_originals(archive: ExportZip, job: Job, one: Footage) -> None:
    for segment in loaded(job.order.hub, one.segments, job.progress.step, job.progress.receive):
        if segment.found == "intact":
            ending = "ts" if segment.content_type == "video/mp2t" else segment.content_type.rpartition("/")[2]
            name = f"originals/{one.device}/{moment_of_seconds(segment.row.start):%Y-%m-%dT%H%M%SZ}"
            archive.add(f"{name}_{segment.row.key.rpartition('/')[2]}.{ending}", segment.body)


def prepared(order: ExportOrder, journal: JournalReader) -> Job:
    """Raises `CannotExport` where there is nothing to export, or no room for it."""
    asked = order.export
    try:
        with closing(view_files.open_view(order.data, "recordings")) as view:
            found = [footage(view, order.site, device, asked.start, asked.end) for device in asked.devices]
    except NoView as missing:
        raise CannotExport("the hub does not know yet what was recorded") from missing
    # Measurements are kept longer than video, and a sensor alone records no video.
    if not any(one.segments for one in found) and (not asked.tables or asked.form in DRAWN):
        raise CannotExport("nothing was recorded then")
    _require_room(order, sum(one.bytes for one in found))
    known = registered(order.data)
    names = SiteNames(
        known.site_name(order.site),
        known.zone(order.site),
        {device: known.name(order.site, device) for device in asked.devices},
    )
    steps = sum(len(one.segments) for one in found) * (2 if asked.originals else 1)
    if asked.form in DRAWN:
        # A range may be long, and little of it recorded.
        steps += rendering(asked, names.zone).pictures
    return Job(order, journal, names, found, Progress(order.directory / PROGRESS, steps))


def _require_room(order: ExportOrder, size: int) -> None:
    asked, left = order.export, order.room.left(disk_of(order.data))
    need = size * (1 + asked.originals) if asked.form in ("mp4", "zip") else size
    if need > left:
        raise CannotExport(f"it takes about {need / 1e9:.2f} GB, and the disk has room for {left / 1e9:.2f} GB")


def run(order: ExportOrder) -> ExportResult:
    with closing(journal_of(order.hub).reader()) as journal:
        try:
            return make(prepared(order, journal))
        except CannotExport as error:
            return ExportResult(failure=str(error))
        except OSError as error:
            return ExportResult(failure=f"its files cannot be written: {error.strerror or error}")


def main(make_export: Callable[[ExportOrder], ExportResult] = run, read: Callable[[], str] = sys.stdin.read) -> None:
    # The process that started this one blocks signals, so that one thread waits for them.
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.nice(NICENESS)
    order = ExportOrder.model_validate_json(read())
    result = make_export(order)
    write_whole(order.directory / RESULT, result.model_dump_json().encode())
