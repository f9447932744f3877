"""A bucket is enough: on an empty directory it makes the hub again."""

from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from consumers.store.archive.reader import ArchiveReader
from consumers.store.cold.access import media_of
from consumers.store.cold.bucket import Bucket, BucketAway
from consumers.store.cold.settings import ColdStorage
from consumers.store.journal.days import list_days
from consumers.store.journal.files import SqliteStore
from consumers.store.journal.record import journal_id_text
from consumers.upkeep.backup.restore import DataThere
from consumers.upkeep.cold.day_chain import DamagedChain, read_manifests
from consumers.upkeep.cold.owner import NotOwner, take_over
from consumers.upkeep.cold.restore import NothingInBucket, RestoredHub, restore_from_bucket
from consumers.upkeep.verify.run import check
from tests.cold_hub import ColdHub
from tests.integration.gateway.started import Started
from tests.rclone import S3Server

DAYS = [datetime(2026, 1, day, 10, tzinfo=UTC) for day in (5, 6, 7)]


@pytest.fixture
def hub(tmp_path: Path, storage: ColdStorage) -> ColdHub:
    """Two closed days and an open one, each of which recorded two minutes."""
    hub = ColdHub(tmp_path / "data", storage)
    for day in DAYS:
        hub.record(day, minutes=2)
    hub.archive(timedelta(hours=7))
    return hub


def restored(hub: ColdHub, data: Path, until: date | None = None) -> RestoredHub:
    with closing(Bucket(hub.storage)) as bucket:
        return restore_from_bucket(bucket, data, lambda: hub.now, lambda what, done, of: None, until)


def bodies(data: Path) -> list[bytes]:
    with closing(SqliteStore(data / "journal").reader()) as reader:
        return [record.body for record in reader.read(0, limit=1_000_000).records]


def test_every_closed_day_and_every_cold_hour_are_there_again(hub: ColdHub, tmp_path: Path) -> None:
    again = ColdHub(tmp_path / "again", hub.storage, hub.now)
    found = restored(hub, again.data)
    again.fold()
    closed = [day.date for day in list_days(again.data / "journal")]
    findings = list(check((), again.hub, lambda part, done, of: None, deep=True))

    assert closed == [day.date() for day in DAYS[:2]]
    assert (found.days, found.head, found.objects) == (2, len(bodies(again.data)), 6)
    assert bodies(again.data) == bodies(hub.data)[: found.head]
    assert [fault for one in findings for fault in (*one.faults, *one.uncompared)] == []
    with Started(again.hub, clock=lambda: hub.now) as started, started.client() as client:
        playlist = client.get("/hls/DEMO/yard/2026-01-06/10.m3u8").text
        urls = [line for line in playlist.splitlines() if line and not line.startswith("#")]
        assert len(urls) == 12
        assert [client.get(url).content for url in urls] == [
            hub.payloads[url.removeprefix("/media/").removesuffix(".ts")] for url in urls
        ]


def test_the_lost_hub_is_refused_where_it_comes_back(hub: ColdHub, tmp_path: Path) -> None:
    restored(hub, tmp_path / "again")

    with pytest.raises(NotOwner, match="belongs to another hub"):
        hub.archive()


def test_a_directory_that_holds_data_is_left_as_it_is(hub: ColdHub) -> None:
    before = bodies(hub.data)

    with pytest.raises(DataThere):
        restored(hub, hub.data)

    assert bodies(hub.data) == before


def test_a_bucket_without_a_closed_day_restores_nothing(s3: S3Server, tmp_path: Path) -> None:
    with closing(Bucket(s3.storage("nobody"))) as bucket, pytest.raises(NothingInBucket, match="no closed day"):
        restore_from_bucket(bucket, tmp_path / "again", lambda: DAYS[0], lambda what, done, of: None)


@pytest.mark.parametrize("what", ["a day that is missing", "a day that was changed"])
def test_days_that_do_not_follow_each_other_are_refused(hub: ColdHub, s3: S3Server, tmp_path: Path, what: str) -> None:
    storage = hub.storage
    hub.record(DAYS[2] + timedelta(days=1), minutes=1)
    hub.archive(timedelta(hours=7))
    with closing(Bucket(storage)) as bucket:
        first, second, _ = read_manifests(bucket)
        if what == "a day that is missing":
            bucket.delete(second.name)
        else:
            bucket.put(first.name, replace_size(first.model_dump_json()))

    with pytest.raises(DamagedChain, match="does not follow"):
        restored(hub, tmp_path / "again")

    assert not (tmp_path / "again" / "journal").exists()


@pytest.mark.parametrize("what", ["no manifest", "no object", "half an object"])
def test_the_days_before_a_lost_one_are_restored_where_they_are_asked_for(
    hub: ColdHub, s3: S3Server, tmp_path: Path, what: str
) -> None:
    hub.record(DAYS[2] + timedelta(days=1), minutes=1)
    hub.archive(timedelta(hours=7))
    with closing(Bucket(hub.storage)) as bucket:
        first, second, third = read_manifests(bucket)
        match what:
            case "no manifest":
                bucket.delete(second.name)
            case "no object":
                bucket.delete(second.object)
            case _:
                bucket.put(second.object, bucket.get(second.object, 0, second.size // 2))
    with pytest.raises(DamagedChain) as damaged:
        restored(hub, tmp_path / "again")
    again = ColdHub(tmp_path / "again", hub.storage, hub.now)
    found = restored(hub, again.data, damaged.value.whole_until)
    again.record(DAYS[2] + timedelta(days=2), minutes=1)
    again.record(DAYS[2] + timedelta(days=3), minutes=1)
    again.archive(timedelta(hours=7))

    assert damaged.value.whole_until == first.date
    assert bodies(again.data)[: found.head] == bodies(hub.data)[: found.head]
    with closing(Bucket(hub.storage)) as bucket:
        assert [one.date.day for one in read_manifests(bucket)] == [5, 9]
        assert f"journal-set-aside/{third.date}.json" in dict(bucket.list("journal-set-aside/"))


@pytest.mark.parametrize("what", ["the manifest", "the object", "the first day", "another manifest"])
def test_a_day_that_the_bucket_has_lost_is_sent_again_when_the_next_one_is_over(
    hub: ColdHub, tmp_path: Path, what: str
) -> None:
    with closing(Bucket(hub.storage)) as bucket:
        first, second = read_manifests(bucket)
        match what:
            case "the manifest":
                bucket.delete(second.name)
            case "the object":
                bucket.delete(first.object)
            case "the first day":
                bucket.delete(first.name)
                bucket.delete(first.object)
            case _:
                bucket.put(first.name, second.model_dump_json().encode())
    hub.record(DAYS[2] + timedelta(days=1), minutes=1)
    hub.archive(timedelta(hours=7))
    found = restored(hub, tmp_path / "again")

    assert found.days == 3
    assert bodies(tmp_path / "again") == bodies(hub.data)[: found.head]


def test_days_of_another_life_of_the_journal_are_not_continued(hub: ColdHub, tmp_path: Path) -> None:
    """As where the data directory was lost, and the hub that began anew took the bucket over."""
    other = ColdHub(tmp_path / "other", hub.storage, hub.now)
    for day in (DAYS[0], DAYS[2] + timedelta(days=1), DAYS[2] + timedelta(days=2)):
        other.record(day, minutes=1)
    with closing(SqliteStore(other.data / "journal").reader()) as reader, closing(Bucket(hub.storage)) as bucket:
        take_over(bucket, journal_id_text(reader.journal_id()) or "", lambda: other.now)

    with pytest.raises(DamagedChain, match=r"up to position [0-9]+, and this one goes on at [0-9]+: name another"):
        other.archive(timedelta(hours=7))


def test_a_hub_that_was_away_for_longer_than_it_keeps_days_goes_on_after_an_interruption(
    hub: ColdHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    for after in (1, 2, 3):
        hub.record(DAYS[2] + timedelta(days=after), minutes=1)
    for day in list_days(hub.data / "journal")[:4]:
        SqliteStore(hub.data / "journal").drop(day.date)
    put = Bucket.put

    def put_one_manifest(bucket: Bucket, name: str, body: bytes, *, only_new: bool = False) -> None:
        put(bucket, name, body, only_new=only_new)
        if name.startswith("journal/2026"):
            raise BucketAway("the cable was pulled")

    monkeypatch.setattr(Bucket, "put", put_one_manifest)
    with pytest.raises(BucketAway):
        hub.archive(timedelta(hours=7))
    monkeypatch.undo()

    hub.archive(timedelta(hours=7))

    with closing(Bucket(hub.storage)) as bucket:
        assert [one.date.day for one in read_manifests(bucket)] == [9]


def test_a_day_that_was_dropped_before_its_upload_was_done_leaves_nothing(hub: ColdHub) -> None:
    staged = hub.data / "cold_staging" / "2026-01-04.sqlite.gz"
    staged.write_bytes(b"half of it is uploaded")

    hub.archive(timedelta(hours=1))

    assert not staged.exists()


def replace_size(manifest: str) -> bytes:
    return manifest.replace('"size":', '"size":1').encode()


def test_an_interrupted_restore_goes_on(hub: ColdHub, tmp_path: Path) -> None:
    class Stopped(Exception):
        """The machine is off."""

    def stop(what: str, done: int, of: int) -> None:
        if (what, done) == ("objects", 2):
            raise Stopped

    with closing(Bucket(hub.storage)) as bucket, pytest.raises(Stopped):
        restore_from_bucket(bucket, tmp_path / "again", lambda: hub.now, stop)
    found = restored(hub, tmp_path / "again")

    again = replace(hub.hub, data=tmp_path / "again")
    assert found.head == len(bodies(again.data))
    with media_of(again) as media:
        assert all(media.read(key) == body for key, body in hub.payloads.items())
    with ArchiveReader(again.data / "archive") as reader:
        assert sum(one.count for one in reader.usage()) == len(hub.payloads)
