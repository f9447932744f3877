"""A server that fails, in whatever way: nothing leaves the disk, people are told once, and it goes on where it was."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from consumers.store.archive.copies import LostCopy, OutOfReach
from consumers.store.archive.reader import ArchiveReader
from consumers.store.cold import bucket, client
from consumers.store.cold.access import media_of
from consumers.store.cold.reader import BLOCK_BYTES
from consumers.upkeep.verify.run import check
from tests.cold_hub import ColdHub, RunningColdStorage
from tests.eventually import eventually
from tests.rclone import S3Server
from tests.s3_proxy import FAILURES, Failure, S3Proxy

REASONS: dict[Failure, str] = {
    "refuses": "refuses to read (AccessDenied)",
    "fails": "fails on a request to read (500)",
    "stands still": "does not answer (ReadTimeoutError)",
    "cuts bodies": "does not answer (",
    "changes bodies": "was read back with other bytes than were written",
    "sends too much": "was read back with other bytes than were written",
}


@pytest.fixture
def proxy(own_s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Proxy]:
    monkeypatch.setattr(client, "READ_S", 2.0)
    with S3Proxy(own_s3.port) as proxy:
        yield proxy


@pytest.fixture
def hub(tmp_path: Path, own_s3: S3Server, proxy: S3Proxy) -> ColdHub:
    storage = replace(own_s3.storage(keep_hot=timedelta(hours=6)), endpoint=proxy.endpoint)
    return ColdHub(tmp_path / "data", storage)


@pytest.mark.parametrize("failure", FAILURES)
def test_what_a_failing_server_has_not_taken_stays_and_goes_up_later(
    hub: ColdHub, proxy: S3Proxy, failure: Failure
) -> None:
    hub.record(minutes=5)
    hub.now += timedelta(hours=7)
    proxy.fail(failure)
    with closing(RunningColdStorage(hub)) as running:
        (fault,) = eventually(lambda: running.faults.faults, 30, "a fault")
        tiers = set(hub.tiers())
        proxy.fail("none")
        eventually(lambda: not running.faults.faults and set(hub.tiers()) == {"cold"}, 60, "everything in the bucket")

    assert REASONS[failure] in fault.reason
    assert tiers <= {"hot", "on_its_way"}
    found = check(("media",), hub.hub, lambda part, done, of: None, deep=True)
    assert [fault for one in found for fault in (*one.faults, *one.uncompared)] == []


@pytest.mark.parametrize("failure", FAILURES)
def test_what_a_failing_server_cannot_give_is_read_once_it_can(hub: ColdHub, proxy: S3Proxy, failure: Failure) -> None:
    key, *_ = hub.record(minutes=1)
    hub.archive(timedelta(hours=7))
    proxy.fail(failure)
    with media_of(hub.hub) as media, pytest.raises(OutOfReach):
        media.read(key)
    proxy.fail("none")

    with media_of(hub.hub) as media, ArchiveReader(hub.data / "archive") as hot:
        assert hot.read(key) is None
        assert media.read(key) == hub.payloads[key]


def test_a_part_of_what_was_changed_in_the_bucket_is_refused_as_the_whole_is(hub: ColdHub, proxy: S3Proxy) -> None:
    key, *_ = hub.record(minutes=1)
    hub.archive(timedelta(hours=7))
    proxy.fail("changes bodies")
    with media_of(hub.hub) as media:
        stored = media.find(key)
        assert stored is not None
        with pytest.raises(LostCopy, match="holds other bytes than were written"):
            media.read_range(stored, 10, 5)
        proxy.fail("none")

        assert media.read_range(stored, 10, 5) == hub.payloads[key][10:15]


def test_no_more_is_read_of_a_slow_bucket_than_was_asked_for(hub: ColdHub, proxy: S3Proxy) -> None:
    """A fast one sends what follows as well."""
    keys = hub.record(minutes=5)
    hub.archive(timedelta(hours=7))
    proxy.fail("is slow")
    before = proxy.read_bytes
    with media_of(hub.hub) as media:
        media.read(keys[0])
        media.read(keys[8])
        slow = proxy.read_bytes - before
        proxy.fail("none")
        media.read(keys[16])
        proxy.read_bytes = 0
        assert [media.read(key) for key in keys] == [hub.payloads[key] for key in keys]

    assert slow <= 4 * BLOCK_BYTES
    assert proxy.read_bytes <= 30 * len(hub.payloads[keys[0]])


def test_a_bucket_that_is_full_says_so_and_the_disk_lets_go_of_what_it_has(hub: ColdHub, proxy: S3Proxy) -> None:
    copied = hub.record(minutes=5)
    hub.archive(timedelta(hours=1))
    hub.record(hub.now, minutes=5)
    hub.now += timedelta(hours=6)
    proxy.fail("is full")
    with closing(RunningColdStorage(hub)) as running:
        (fault,) = eventually(lambda: running.faults.faults, 30, "a fault")

    assert "fails on a request to write (507): it is full" in fault.reason
    tiers = hub.tiers()
    assert tiers[: len(copied)] == ["cold"] * len(copied)
    assert set(tiers[len(copied) :]) <= {"hot", "on_its_way"}


def test_a_bucket_that_deletes_nothing_still_takes_what_is_new(hub: ColdHub, proxy: S3Proxy) -> None:
    hub.record(minutes=5)
    hub.archive(timedelta(hours=1))
    hub.retention().drop(hub.retention().expiring("segment", hub.now))
    hub.record(hub.now, minutes=5)
    hub.now += timedelta(hours=1)
    proxy.fail("refuses to delete")
    with closing(RunningColdStorage(hub)) as running:
        (fault,) = eventually(lambda: running.faults.faults, 30, "a fault")
        tiers = set(hub.tiers())
        proxy.fail("none")
        eventually(lambda: hub.pending().deleting == 0, 60, "what was dropped is deleted")

    assert "refuses to delete (AccessDenied)" in fault.reason
    assert tiers == {"both"}


def test_a_list_without_end_is_not_read_to_its_end(own_s3: S3Server, proxy: S3Proxy) -> None:
    storage = replace(own_s3.storage(keep_hot=timedelta(hours=6)), endpoint=proxy.endpoint)
    with closing(bucket.Bucket(storage)) as lying:
        assert list(lying.list("")) == []
        proxy.fail("lists too much")
        with pytest.raises(bucket.BucketAway, match="does not answer"):
            list(lying.list(""))


@pytest.mark.parametrize(
    "ask",
    [
        lambda lying: lying.get("one.pack", 0, 4),
        lambda lying: lying.get_small("one.pack", 4),
        lambda lying: list(lying.stream("one.pack", 4)),
    ],
    ids=["get", "get_small", "stream"],
)
def test_more_of_an_object_than_there_is_is_an_error_of_that_object(
    own_s3: S3Server, proxy: S3Proxy, ask: Callable[[bucket.Bucket], object]
) -> None:
    storage = replace(own_s3.storage(keep_hot=timedelta(hours=6)), endpoint=proxy.endpoint)
    with closing(bucket.Bucket(storage)) as lying:
        lying.put("one.pack", b"body")
        proxy.fail("sends too much")
        with pytest.raises(bucket.TooLarge, match=r"one\.pack has more than 4 bytes"):
            ask(lying)
        proxy.fail("none")
        lying.delete("one.pack")
