"""The process dies at any step of an upload: the next one ends what it began, and nothing is left over."""

import shutil
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from threading import Event as Flag
from typing import Any

import pytest

from consumers.store.archive.copies import Pending
from consumers.store.cold.access import media_of
from consumers.store.cold.bucket import Bucket
from consumers.upkeep.cold.copy_book import CopyBook
from consumers.upkeep.cold.deletions import Deletions
from consumers.upkeep.cold.packs import copy_range
from consumers.upkeep.cold.sending import ObjectSender
from consumers.upkeep.verify.run import check
from tests.cold_hub import ColdHub
from tests.rclone import S3Server

PART_BYTES = 20_000
BOOK = ("begin", "checkpoint", "settle")
BUCKET = ("size", "put", "begin_upload", "put_part", "complete_upload", "stream")


class Died(Exception):
    """The process is gone."""


class Steps:
    """Counts the calls that change or ask something, and dies before or after one of them."""

    def __init__(self, dies_at: int, *, after: bool) -> None:
        self.count = 0
        self._dies_at = dies_at
        self._after = after

    def watch(self, target: object, names: tuple[str, ...]) -> None:
        for name in names:
            setattr(target, name, self._counted(getattr(target, name)))

    def _counted(self, act: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **named: Any) -> Any:
            self.count += 1
            if self.count == self._dies_at and not self._after:
                raise Died
            answer = act(*arguments, **named)
            if self.count == self._dies_at and self._after:
                raise Died
            return answer

        return counted


def copy_all(hub: ColdHub, steps: Steps | None = None) -> None:
    """As a round does, one pack after the other."""
    with closing(Bucket(hub.storage)) as bucket, CopyBook(hub.data / "archive") as book:
        if steps is not None:
            steps.watch(bucket, BUCKET)
            steps.watch(book, BOOK)
        for wanted in book.waiting(hub.now, ("segment", "thumbnail"), 100):
            copy_range(hub.data / "archive", book, ObjectSender(bucket, book, Flag(), PART_BYTES), wanted)


def steps_of(hub: ColdHub) -> int:
    steps = Steps(0, after=False)
    copy_all(hub, steps)
    return steps.count


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_wherever_it_dies_it_is_ended_once_and_nothing_is_left_over(tmp_path: Path, s3: S3Server, after: bool) -> None:
    # Three parts of a pack, and a small one.
    recorded = ColdHub(tmp_path / "recorded", s3.storage())
    recorded.record(minutes=1, segment_bytes=8_000)

    def made(name: str) -> ColdHub:
        shutil.copytree(recorded.data, tmp_path / name)
        storage = s3.storage(f"{tmp_path.name}-{name}", keep_hot=timedelta(hours=6))
        hub = ColdHub(tmp_path / name, storage, recorded.now + timedelta(hours=1))
        hub.payloads = recorded.payloads
        return hub

    steps = steps_of(made(f"whole-{after}"))
    for dies_at in range(1, steps + 1):
        hub = made(f"{after}-{dies_at}")
        with pytest.raises(Died):
            copy_all(hub, Steps(dies_at, after=after))
        copy_all(hub)
        hub.retention().release(hub.now)

        with closing(Bucket(hub.storage)) as bucket, CopyBook(hub.data / "archive") as book:
            Deletions().some(book, bucket, 100)
            assert len(list(bucket.list("packs/"))) == 2
        assert hub.pending() == Pending()
        assert hub.packs_on_disk() == []
        with media_of(hub.hub) as media:
            assert all(media.read(key) == body for key, body in hub.payloads.items())
    assert steps > 12


def test_an_upload_that_the_server_forgot_begins_anew(tmp_path: Path, own_s3: S3Server) -> None:
    hub = ColdHub(tmp_path / "data", own_s3.storage(keep_hot=timedelta(hours=6)))
    hub.record(minutes=1, segment_bytes=8_000)
    hub.now += timedelta(hours=1)
    with pytest.raises(Died):
        copy_all(hub, Steps(6, after=True))
    own_s3.stop()
    own_s3.start()

    copy_all(hub)

    faults = check(("media",), hub.hub, lambda part, done, of: None, deep=True)
    assert [one.faults for one in faults] == [[]]
    assert set(hub.tiers()) == {"both"}
