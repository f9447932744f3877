"""What cold storage costs: uploading packs to a real S3 server, and reading an hour back, beside what rclone takes."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event as Flag

from bus_schemas.media_codec import describe
from consumers.store.archive.disk import Archive
from consumers.store.archive.reader import ArchiveReader
from consumers.store.archive.retention import ArchiveRetention
from consumers.store.cold.bucket import Bucket
from consumers.store.cold.reader import BucketReader
from consumers.store.cold.settings import ColdStorage
from consumers.upkeep.cold.archiver import copy_all
from consumers.upkeep.cold.copy_book import CopyBook
from consumers.upkeep.cold.sending import ObjectSender
from tests.bench.measure import Measurement, summary, timed
from tests.builders import START
from tests.rclone import ACCESS_KEY, BUCKET, SECRET_KEY, S3Server, rclone_path

SEGMENT_BYTES = 2_500_000
"""Ten seconds of 2 Mbit/s."""
SHARE = 0.8
"""Of what rclone reaches."""
MINUTES = 60
LATER = START + timedelta(hours=3)


class _Uploading(ObjectSender):
    """As rclone does, without reading back what was written."""

    def _read_back(self, name: str, size: int) -> str | None:
        return name.rsplit(".", 2)[1]


@contextmanager
def _recorded(minutes: int) -> Iterator[tuple[Path, S3Server, list[str]]]:
    """An archive with the segments of one camera, and a server."""
    with TemporaryDirectory() as folder:
        directory = Path(folder) / "archive"
        keys = [f"DEMO/yard/segment/s{number:05d}" for number in range(minutes * 6)]
        with Archive(directory, lambda: LATER) as archive:
            for number, key in enumerate(keys):
                body = os.urandom(SEGMENT_BYTES)
                archive.store(
                    [(describe(key, body, content_type="video/mp2t"), START + timedelta(seconds=10 * number), body)]
                )
        with S3Server(Path(folder)) as server:
            yield directory, server, keys


def _upload(directory: Path, storage: ColdStorage, sender: type[ObjectSender]) -> None:
    with closing(Bucket(storage)) as bucket, CopyBook(directory) as book:
        waiting = book.waiting(LATER, ("segment",), 1000)
        copy_all(directory, book, sender(bucket, book, Flag()), waiting)


def _forget(directory: Path) -> None:
    """So that everything waits to be copied again."""
    with CopyBook(directory) as book, book._changing() as index:
        index.execute("delete from copies")
        index.execute("update packs set copied = 0")


def _rclone(directory: Path, server: S3Server) -> None:
    variables = {
        "RCLONE_CONFIG_S3_TYPE": "s3", "RCLONE_CONFIG_S3_PROVIDER": "Rclone",
        "RCLONE_CONFIG_S3_ENDPOINT": server.endpoint, "RCLONE_CONFIG_S3_ACCESS_KEY_ID": ACCESS_KEY,
        "RCLONE_CONFIG_S3_SECRET_ACCESS_KEY": SECRET_KEY,
    }  # fmt: skip
    subprocess.run(
        [
            rclone_path(),
            "copy",
            "--config",
            "",
            "--include",
            "*.pack",
            str(directory),
            f"s3:{BUCKET}/rclone-{os.urandom(4).hex()}",
        ],
        check=True,
        env={**os.environ, **variables},
    )


def s3_upload() -> list[Measurement]:
    """Fifteen minutes of one camera, 225 MB, in turns with `rclone copy`."""
    minutes = 15
    ours, whole, theirs = list[float](), list[float](), list[float]()
    with _recorded(minutes) as (directory, server, _):
        for turn in range(3):
            theirs += timed([partial(_rclone, directory, server)])
            ours += timed([partial(_upload, directory, server.storage(f"plain{turn}"), _Uploading)])
            _forget(directory)
            whole += timed([partial(_upload, directory, server.storage(f"compared{turn}"), ObjectSender)])
            _forget(directory)
    limit = sorted(theirs)[1]
    megabytes = minutes * 6 * SEGMENT_BYTES // 1_000_000
    return [
        replace(
            summary("s3: upload", ours, f"{megabytes} MB in packs", goal_ms=round(limit / SHARE)),
            limit="rclone copy",
            limit_ms=round(limit, 1),
        ),
        summary("s3: upload and compare", whole, "the same, read back and hashed"),
    ]


def s3_read_hour() -> list[Measurement]:
    """An hour of one camera, 900 MB, segment by segment as a player asks for it; nothing is cached before."""
    with _recorded(MINUTES) as (directory, server, keys):
        storage = server.storage("hour", cache_bytes=2_000_000_000)
        _upload(directory, storage, _Uploading)
        ArchiveRetention(directory, lambda: LATER).release(LATER)
        with (
            closing(BucketReader(storage, directory.parent / "cache")) as cold,
            ArchiveReader(directory, cold) as reader,
        ):
            first = timed([partial(reader.read, key) for key in keys])
            again = timed([partial(reader.read, key) for key in keys])
    return [
        replace(summary("s3: read an hour", first, "a segment of 2.5 MB from the bucket", goal_ms=300)),
        summary("s3: read an hour again", again, "the same from the cache"),
    ]
