"""Packs go to a real S3 server, are compared, and leave the disk; whatever stops that, nothing is lost or left over."""

from contextlib import closing
from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path
from time import monotonic

import pytest

from consumers.store.archive.copies import LostCopy
from consumers.store.archive.reader import ArchiveReader
from consumers.store.cold.access import media_of
from consumers.store.cold.bucket import Bucket
from consumers.store.cold.settings import ColdStorage, TransferHours
from consumers.upkeep.backup.take import take
from consumers.upkeep.cold import archiver
from consumers.upkeep.cold.owner import NotOwner
from consumers.upkeep.cold.packs import OtherBucket
from consumers.upkeep.verify.run import check
from tests.builders import START
from tests.cold_hub import ColdHub
from tests.rclone import S3Server

HOUR = timedelta(hours=1)


@pytest.fixture
def hub(tmp_path: Path, storage: ColdStorage) -> ColdHub:
    return ColdHub(tmp_path / "data", storage)


def faults(hub: ColdHub, *parts: str, deep: bool = True) -> list[str]:
    found = check(parts or ("journal", "media"), hub.hub, lambda part, done, of: None, deep=deep)
    return [fault for one in found for fault in (*one.faults, *one.uncompared)]


def test_a_closed_pack_is_hot_then_in_both_places_then_cold_and_always_the_same_bytes(hub: ColdHub) -> None:
    keys = hub.record(minutes=5)
    tiers = [set(hub.tiers())]
    hub.archive(HOUR)
    tiers.append(set(hub.tiers()))
    hub.archive(6 * HOUR)
    tiers.append(set(hub.tiers()))

    assert tiers == [{"hot"}, {"both"}, {"cold"}]
    assert hub.packs_on_disk() == []
    with media_of(hub.hub) as media:
        assert [media.read(key) for key in keys] == [hub.payloads[key] for key in keys]
    assert faults(hub) == []


def test_what_is_younger_than_asked_for_stays_where_it_is(hub: ColdHub) -> None:
    hub.record(minutes=5)

    hub.archive(timedelta(minutes=14))

    assert set(hub.tiers()) == {"hot"}


def test_what_comes_late_for_a_cold_pack_is_kept_beside_it_and_follows_it(hub: ColdHub) -> None:
    early = hub.record(START, minutes=1)
    hub.archive(7 * HOUR)
    late = hub.record(START + timedelta(minutes=2), minutes=1)
    with media_of(hub.hub) as media:
        before = [media.read(key) for key in early + late]
    usage = hub.packs_on_disk()
    hub.archive(7 * HOUR)

    assert before == [hub.payloads[key] for key in early + late]
    assert len(usage) == 2
    assert hub.packs_on_disk() == []
    assert set(hub.tiers()) == {"cold"}
    with media_of(hub.hub) as media:
        assert [media.read(key) for key in early + late] == before
    assert faults(hub) == []


def test_a_second_hub_is_refused_with_a_sentence(hub: ColdHub, storage: ColdStorage, tmp_path: Path) -> None:
    hub.record()
    hub.archive()
    other = ColdHub(tmp_path / "other", storage)
    other.record()

    with pytest.raises(NotOwner, match=r"belongs to another hub since 2026-01-05 .* UTC; name another prefix"):
        other.archive()

    assert set(other.tiers()) == {"hot"}


def test_what_retention_drops_is_deleted_in_the_bucket_and_known_until_it_is_gone(
    hub: ColdHub, storage: ColdStorage, s3: S3Server
) -> None:
    hub.record()
    hub.archive(7 * HOUR)
    retention = hub.retention()

    for kind in ("segment", "thumbnail"):
        retention.drop(retention.expiring(kind, hub.now))
    deleting = hub.pending().deleting
    there = len(s3.files(storage.prefix))
    hub.archive()

    assert (deleting, there) == (2, 3)
    assert list(s3.files(storage.prefix)) == ["owner.json"]
    assert hub.pending().deleting == 0
    with ArchiveReader(hub.data / "archive") as reader:
        assert reader.usage() == []


def test_a_large_pack_goes_up_in_parts(hub: ColdHub, storage: ColdStorage) -> None:
    keys = hub.record(minutes=5, segment_bytes=700_000)

    hub.archive(7 * HOUR)

    with closing(Bucket(storage)) as bucket:
        assert max(size for _, size in bucket.list("packs/")) > 20_000_000
    with media_of(hub.hub) as media:
        assert media.read(keys[-1]) == hub.payloads[keys[-1]]


def test_an_index_that_was_lost_is_made_again_of_the_disk_and_the_bucket(hub: ColdHub) -> None:
    cold = hub.record(START, minutes=5)
    hub.archive(7 * HOUR)
    hot = hub.record(hub.now, minutes=5)
    for file in hub.data.glob("archive/index.sqlite*"):
        file.unlink()
    hub.record(hub.now, minutes=1)

    hub.archive(timedelta(minutes=1))

    with media_of(hub.hub) as media:
        assert [media.read(key) for key in cold + hot] == [hub.payloads[key] for key in cold + hot]
    assert faults(hub) == []


def test_a_backup_knows_what_is_in_cold_storage(hub: ColdHub, tmp_path: Path) -> None:
    cold = hub.record(START, minutes=5)
    hub.archive(7 * HOUR)
    hot = hub.record(hub.now, minutes=5)
    target = tmp_path / "backup"

    for _ in range(2):
        take(hub.hub, target, "0.0", lambda: hub.now, lambda done, of: None)

    copy = replace(hub.hub, data=target)
    with media_of(copy) as media:
        assert [media.read(key) for key in cold + hot] == [hub.payloads[key] for key in cold + hot]
    assert [fault for one in check(("media",), copy, lambda part, done, of: None) for fault in one.faults] == []
    assert ColdHub(target, hub.storage, hub.now).pending().deleting == 0


def test_a_bucket_without_what_was_copied_is_refused_and_nothing_is_forgotten(hub: ColdHub) -> None:
    hub.record()
    hub.archive(7 * HOUR)
    moved = ColdHub(hub.data, replace(hub.storage, prefix=f"{hub.storage.prefix}-new"), hub.now)

    with pytest.raises(OtherBucket, match=r"lacks 2 of 2 objects that were written to another bucket or prefix"):
        moved.archive()

    assert set(moved.tiers()) == {"cold"}


def test_a_bucket_that_has_lost_an_object_and_is_called_otherwise_now_is_still_the_same(
    hub: ColdHub, s3: S3Server
) -> None:
    """As where its server got another name after somebody had deleted an object there."""
    hub.record(minutes=5)
    hub.archive(7 * HOUR)
    kept = hub.record(hub.now, minutes=5)
    hub.archive(7 * HOUR)
    with closing(Bucket(hub.storage)) as bucket:
        bucket.delete(next(name for name, _ in bucket.list("packs/") if "segment" in name))
    renamed = ColdHub(hub.data, replace(hub.storage, endpoint=f"http://localhost:{s3.port}"), hub.now)
    renamed.payloads |= hub.payloads
    new = renamed.record(hub.now, minutes=5)
    renamed.archive(7 * HOUR)

    assert set(renamed.tiers()) == {"cold"}
    with media_of(renamed.hub) as media:
        assert [media.read(key) for key in kept + new] == [renamed.payloads[key] for key in kept + new]


def test_nothing_is_uploaded_outside_of_the_hours_of_transfer(hub: ColdHub) -> None:
    night = TransferHours(time(22), time(6))
    resting = ColdHub(hub.data, replace(hub.storage, hours=night), hub.now)
    resting.record(START, minutes=1)
    resting.archive(HOUR)
    by_day = set(resting.tiers())
    resting.archive(12 * HOUR)

    assert by_day == {"hot"}
    assert set(resting.tiers()) == {"cold"}


def test_an_upload_takes_no_more_of_the_link_than_it_may(hub: ColdHub) -> None:
    slow = ColdHub(hub.data, replace(hub.storage, bytes_per_s=400_000), hub.now)
    slow.record(START, minutes=1, segment_bytes=200_000)
    began = monotonic()

    slow.archive()

    assert monotonic() - began > 1.5
    assert set(slow.tiers()) == {"both"}


def test_with_two_copies_the_disk_keeps_what_the_bucket_has(hub: ColdHub) -> None:
    twice = ColdHub(hub.data, replace(hub.storage, copies=2), hub.now)
    twice.record()

    twice.archive(24 * HOUR)

    assert set(twice.tiers()) == {"both"}


def test_what_others_changed_or_took_from_the_bucket_is_found_and_never_shown(
    hub: ColdHub, storage: ColdStorage
) -> None:
    keys = hub.record()
    hub.archive(7 * HOUR)
    with closing(Bucket(storage)) as bucket:
        (segments, size), (thumbnails, _) = bucket.list("packs/")
        body = bytearray(bucket.get(segments, 0, size))
        body[5000] ^= 1
        bucket.put(segments, bytes(body))
        bucket.delete(thumbnails)

    found = faults(hub, "media")

    assert [one.split(" packs/")[0] for one in found] == ["the object", "the object"]
    assert "is not in cold storage" in found[0]
    assert "has other bytes in cold storage than were written" in found[1]
    with media_of(hub.hub) as media, pytest.raises(LostCopy, match="other bytes than were written"):
        media.read(keys[0])


def test_packs_that_somebody_removed_keep_no_others_and_no_day_of_the_journal_from_the_bucket(
    hub: ColdHub, storage: ColdStorage, s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archiver, "PACKS_PER_ROUND", 2)
    hub.record(START, minutes=1)
    removed = hub.packs_on_disk()
    hub.record(START + 2 * HOUR, minutes=1)
    hub.record(START + 24 * HOUR, minutes=1)
    moved = {name: (hub.data / name).rename(tmp_path / str(number)) for number, name in enumerate(removed)}
    hub.now += HOUR

    def sent() -> list[str]:
        for _ in range(4):
            cold.round()
        return sorted(name.split("/")[0] for name in s3.files(storage.prefix))

    with closing(hub.archiver()) as cold:
        without = sent()
        for name, path in moved.items():
            path.rename(hub.data / name)
        whole = sent()

    assert without == ["journal", "journal", "owner.json", *["packs"] * 4]
    assert whole == ["journal", "journal", "owner.json", *["packs"] * 6]
