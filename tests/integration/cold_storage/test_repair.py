"""Objects that somebody removed from the bucket are sent again where the disk has them, and given up where not."""

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from consumers.engine.deliverer import Deliverer
from consumers.engine.follower import ConsumerContext
from consumers.store.archive.copies import LostCopy
from consumers.store.cold.access import media_of
from consumers.store.cold.bucket import Bucket
from consumers.store.cold.settings import ColdStorage
from consumers.upkeep.retention.scope import RetentionScope
from consumers.upkeep.retention.sink import RetentionSink
from consumers.upkeep.verify.repair import RepairReport, repair_media
from consumers.upkeep.verify.run import check
from tests.builders import START, tick
from tests.cold_hub import ColdHub
from tests.memory_journal import MemoryJournal
from tests.rclone import S3Server


@pytest.fixture
def hub(tmp_path: Path, storage: ColdStorage) -> ColdHub:
    hub = ColdHub(tmp_path / "data", storage)
    hub.record(START, minutes=5)
    hub.archive(timedelta(hours=1))
    return hub


@pytest.fixture
def ticks() -> MemoryJournal:
    return MemoryJournal()


def remove_objects(hub: ColdHub, kind: str) -> int:
    with closing(Bucket(hub.storage)) as bucket:
        names = [name for name, _ in bucket.list("packs/") if f"/{kind}/" in name]
        for name in names:
            bucket.delete(name)
    return len(names)


def retention(hub: ColdHub, ticks: MemoryJournal) -> None:
    """A minute of the sink of retention."""
    with closing(
        Deliverer(
            RetentionSink(RetentionScope.of(hub.hub), lambda: hub.now),
            ConsumerContext(hub.data, ticks, lambda: hub.now),
        )
    ) as sink:
        sink.advance()
        ticks.append(tick(hub.now))
        sink.advance()


def faults(hub: ColdHub) -> list[str]:
    found = check(("media",), hub.hub, lambda part, done, of: None, deep=True)
    return [fault for one in found for fault in (*one.faults, *one.uncompared)]


def test_what_the_disk_has_is_copied_again(hub: ColdHub, ticks: MemoryJournal) -> None:
    removed = remove_objects(hub, "segment")
    before = faults(hub)
    retention(hub, ticks)
    report = repair_media(hub.hub, hub.now)
    hub.archive(timedelta())

    assert len(before) == removed == 1
    assert report == RepairReport(repaired=0, left=0, sent_again=1)
    assert set(hub.tiers()) == {"both"}
    assert faults(hub) == []


def test_what_nobody_has_is_reported_as_deleted_and_forgotten(hub: ColdHub, ticks: MemoryJournal) -> None:
    hub.archive(timedelta(hours=7))
    retention(hub, ticks)
    remove_objects(hub, "segment")
    report = repair_media(hub.hub, hub.now)
    retention(hub, ticks)

    assert report == RepairReport(repaired=30, left=0)
    assert hub.tiers("segment") == []
    assert set(hub.tiers("thumbnail")) == {"cold"}


def test_objects_that_no_index_knows_are_entered(hub: ColdHub, ticks: MemoryJournal) -> None:
    hub.archive(timedelta(hours=7))
    retention(hub, ticks)
    again = hub.retention()
    with closing(Bucket(hub.storage)) as bucket:
        kept = {name: bucket.get(name, 0, size) for name, size in bucket.list("packs/") if "/segment/" in name}
        again.drop(again.expiring("segment", hub.now))
        hub.archive(timedelta())
        for name, body in kept.items():
            bucket.put(name, body)
    gone = hub.tiers()
    repair_media(hub.hub, hub.now)
    hub.archive(timedelta())

    assert gone == []
    assert set(hub.tiers()) == {"cold"}


def test_the_disk_keeps_what_the_bucket_has_lost_since_it_was_copied(hub: ColdHub) -> None:
    """As by a rule of the bucket for old objects."""
    removed = remove_objects(hub, "segment")
    hub.archive(timedelta(hours=7))
    kept = set(hub.tiers())
    hub.archive(timedelta())

    assert removed == 1
    assert kept == {"hot"}
    assert set(hub.tiers()) == {"cold"}, "copied again, and only then let go of"
    assert faults(hub) == []


def test_a_bucket_that_was_emptied_is_filled_again(hub: ColdHub, s3: S3Server) -> None:
    hub.archive(timedelta(days=1))
    with closing(Bucket(hub.storage)) as bucket, closing(hub.archiver()) as archiver:
        hub.record(hub.now, minutes=1)
        hub.now += timedelta(hours=1)
        while archiver.round():
            pass
        before = s3.files(hub.storage.prefix)
        recent = {name for name in before if f"{hub.now:%Y-%m-%d}" in name or "owner" in name}
        for name in before:
            bucket.delete(name)
        while archiver.round():
            pass

    assert recent <= set(s3.files(hub.storage.prefix))
    assert {name for name in before if name.startswith("journal/")} <= set(s3.files(hub.storage.prefix))
    assert "both" in hub.tiers()


def test_what_an_object_lost_at_its_end_is_lost_and_the_bucket_is_not_away(tmp_path: Path, own_s3: S3Server) -> None:
    hub = ColdHub(tmp_path / "data", own_s3.storage(keep_hot=timedelta(hours=6)))
    keys = hub.record(START, minutes=5)
    thumbnail = next(key for key in hub.payloads if "/thumbnail/" in key)
    hub.archive(timedelta(hours=7))
    (name,) = (name for name in own_s3.files() if "/segment/" in name)
    with closing(Bucket(hub.storage)) as bucket:
        bucket.put(name, bucket.get(name, 0, 100))

    with media_of(hub.hub) as media:
        with pytest.raises(LostCopy, match="holds fewer bytes than were written"):
            media.read(keys[-1])
        assert media.read(thumbnail) == hub.payloads[thumbnail]
