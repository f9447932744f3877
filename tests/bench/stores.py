"""What the stores of the hub cost: writing and reading the journal, keeping and finding media."""

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from bus_schemas.codec import to_bytes
from bus_schemas.media_codec import describe
from consumers.store.archive.disk import Archive, Medium
from consumers.store.archive.keys import PACK_MINUTES, PackInterval, Series
from consumers.store.archive.reader import ArchiveReader
from consumers.store.archive.retention import ArchiveRetention, Dropped
from consumers.store.journal.queries import JournalQueries
from consumers.store.journal.query_types import EventFilter
from consumers.store.journal.reader import SqliteJournalReader
from consumers.store.journal.writer import Journal
from consumers.store.journal.writing import Accepted
from producer.ids import utc_now
from producer.times import EPOCH, MINUTE
from tests.bench import cold
from tests.bench.measure import Measurement, cpu_timed, measured, summary, timed
from tests.builders import START, at, detection
from tests.packs import enter

EVENTS = 100_000
GROUP = 1000
HOUR_OF_THUMBNAILS = 18_000
SMALL, PICTURE = 2000, 50_000


def _groups() -> list[list[Accepted]]:
    events = [detection(at(number / 250), epoch="one", sequence=number + 1) for number in range(EVENTS)]
    accepted = [Accepted(event, to_bytes(event), number) for number, event in enumerate(events)]
    return [accepted[start : start + GROUP] for start in range(0, EVENTS, GROUP)]


def case_journal() -> list[Measurement]:
    """100,000 detections of 400 B in groups of 1,000, then reading them, and asking for few."""
    with TemporaryDirectory() as folder, Journal(Path(folder), utc_now) as journal:
        appended = timed([partial(journal.append, group) for group in _groups()])
        with closing(SqliteJournalReader(Path(folder))) as reader, closing(JournalQueries(Path(folder))) as queries:
            afters = range(0, EVENTS, GROUP)
            read = timed([partial(reader.read, after, None, GROUP) for after in afters])
            newest = measured("journal: newest 100", partial(queries.select, EventFilter(), 100, "desc"), "rows")
            middle = START + timedelta(seconds=EVENTS / 500)
            span = EventFilter(start=middle, end=middle + timedelta(seconds=1))
            second = measured("journal: a second of event time", partial(queries.select, span), "rows")
    return [
        replace(summary("journal: append", appended, "groups of 1,000, fsync each"), items=GROUP),
        replace(summary("journal: read events", read, "typed events, 1,000 a batch"), items=GROUP),
        newest,
        second,
    ]


def _media(count: int, size: int, kind: str = "thumbnail") -> list[Medium]:
    body = os.urandom(size)
    described = describe(f"DEMO/yard/{kind}/x", body)
    return [
        (
            described.model_copy(update={"key": f"DEMO/yard/{kind}/{number:08}"}),
            START + timedelta(seconds=number / 5),
            body,
        )
        for number in range(count)
    ]


@contextmanager
def _archive() -> Iterator[tuple[Path, Archive]]:
    with TemporaryDirectory() as folder, Archive(Path(folder), lambda: START + timedelta(days=1)) as archive:
        yield Path(folder), archive


def _stored(archive: Archive, media: list[Medium], group: int) -> list[float]:
    return timed([partial(archive.store, media[start : start + group]) for start in range(0, len(media), group)])


def case_archive_store() -> list[Measurement]:
    """Pictures of 50 kB in tens, each ten durable; beside them the same bytes appended to a file with fdatasync."""
    with _archive() as (folder, archive):
        ours = _stored(archive, _media(2000, PICTURE), 10)
        plain = os.open(folder / "plain", os.O_WRONLY | os.O_CREAT)
        body = os.urandom(PICTURE)
        limit = summary("", timed([partial(_append, plain, [body] * 10)] * 200), "")
        os.close(plain)
        small = _stored(archive, _media(HOUR_OF_THUMBNAILS, SMALL, "capture"), 50)
    picture = summary("archive: store 50 kB", ours, "tens, packed, indexed, durable")
    return [
        replace(picture, items=10, limit="a file and fdatasync", limit_ms=limit.median_ms),
        replace(summary("archive: store 2 kB", small, "fifties, packed, indexed, durable"), items=50),
    ]


def _append(descriptor: int, bodies: list[bytes]) -> None:
    os.writev(descriptor, bodies)
    os.fdatasync(descriptor)


def case_archive_find() -> list[Measurement]:
    """One device's hour of 18,000 thumbnails."""
    with _archive() as (folder, archive), ArchiveReader(folder) as reader:
        _stored(archive, _media(HOUR_OF_THUMBNAILS, SMALL), 500)
        series = ("DEMO", "yard", "thumbnail")
        hour = (START, START + timedelta(hours=1))
        return [
            measured("archive: newest", partial(reader.newest, *series), "index", goal_ms=0.1),
            measured("archive: by key", partial(reader.find, "DEMO/yard/thumbnail/00012345"), "index"),
            measured("archive: read by key", partial(reader.read, "DEMO/yard/thumbnail/00012345"), "index and 2 kB"),
            measured(
                "archive: 120 of an hour", partial(reader.between, *series, *hour, 120), "sample", goal_ms=5, runs=50
            ),
            measured("archive: all of an hour", partial(reader.between, *series, *hour), "18,000", runs=10),
            measured("archive: usage", reader.usage, "kept totals"),
        ]


def case_archive_drop() -> list[Measurement]:
    """An hour of 18,000 records, beside the plain removal of the same files; and the sweep of its rows, which nobody
    waits for.
    """
    drops, removals, sweeps = [], [], []
    for _ in range(5):
        with _archive() as (folder, archive):
            _stored(archive, _media(HOUR_OF_THUMBNAILS, SMALL), 1000)
            retention = ArchiveRetention(folder, lambda: START + timedelta(days=1))
            drops += timed([partial(retention.drop_before, "thumbnail", START + timedelta(hours=2))])
            sweeps += timed([retention.sweep] * (HOUR_OF_THUMBNAILS // 2000))
        with _archive() as (folder, archive):
            _stored(archive, _media(HOUR_OF_THUMBNAILS, SMALL), 1000)
            removals += timed([partial(_remove, list(folder.glob("**/*.pack")))])
    drop = summary("archive: drop 18,000 records", drops, "18,000 records of 2 kB, bytes back", goal_ms=5)
    return [
        replace(drop, limit="their files removed", limit_ms=summary("", removals, "").median_ms),
        replace(summary("archive: sweep", sweeps, "2,000 rows, later"), items=2000),
    ]


def _remove(files: list[Path]) -> None:
    for file in files:
        file.unlink()


def case_archive_month() -> list[Measurement]:
    """30 days of 16 cameras, 138,240 packs: what retention asks for in a round, and the use of the disk. By time of the
    CPU.
    """
    first, month = (START - EPOCH) // MINUTE, timedelta(days=30)
    with TemporaryDirectory() as folder:
        series = [Series("DEMO", f"cam-{number:02}", "segment") for number in range(16)]
        starts = range(first, first + month // MINUTE, PACK_MINUTES)
        enter(Path(folder), ((one, PackInterval(start), 75_000_000) for start in starts for one in series))
        retention = ArchiveRetention(Path(folder), lambda: START + month + timedelta(hours=1))
        hour = START + timedelta(hours=1)
        with ArchiveReader(Path(folder)) as reader:
            return [
                _by_cpu("archive month: too old", partial(retention.expiring, "segment", hour), "192 packs", 5),
                _by_cpu("archive month: oldest 200", partial(_oldest, retention, 200), "of those in no bucket", 5),
                _by_cpu("archive month: usage", reader.usage, "16 series", 50),
                _by_cpu("archive month: all", partial(_oldest, retention, None), "138,240 packs, nobody waits for it"),
            ]


def _oldest(retention: ArchiveRetention, count: int | None) -> list[Dropped]:
    return list(islice(retention.uncopied("segment", START + timedelta(days=31)), count))


def _by_cpu(case: str, run: Callable[[], object], includes: str, goal_ms: float | None = None) -> Measurement:
    return summary(case, cpu_timed([run] * 7)[2:], f"{includes}, CPU", goal_ms=goal_ms)


def case_s3_upload() -> list[Measurement]:
    """Fifteen minutes of one camera go to a real S3 server, in turns with `rclone copy`."""
    return cold.s3_upload()


def case_s3_read_hour() -> list[Measurement]:
    """An hour of one camera is read back from there."""
    return cold.s3_read_hour()
