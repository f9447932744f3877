"""The bucket is away, or refuses: recording goes on, the disk stays within its bound, and people are told once."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest

from bus_schemas.alert import RetentionEvent
from bus_schemas.codec import read_stored
from consumers.engine import view_files
from consumers.engine.deliverer import Deliverer
from consumers.engine.follower import ConsumerContext
from consumers.store.cold.access import media_of
from consumers.store.cold.bucket import Bucket, BucketAway
from consumers.store.journal.files import SqliteStore
from consumers.upkeep.retention.scope import RetentionScope
from consumers.upkeep.retention.sink import RetentionSink
from tests.cold_hub import ColdHub, RunningColdStorage
from tests.eventually import eventually
from tests.rclone import ACCESS_KEY, SECRET_KEY, S3Server


@pytest.fixture
def hub(tmp_path: Path, own_s3: S3Server) -> ColdHub:
    return ColdHub(tmp_path / "data", own_s3.storage(keep_hot=timedelta(hours=6)))


@pytest.fixture
def running(hub: ColdHub) -> Iterator[RunningColdStorage]:
    hub.record(minutes=5)
    hub.now += timedelta(hours=7)
    with closing(RunningColdStorage(hub)) as running:
        yield running


def test_a_bucket_that_is_away_is_one_fault_until_it_is_back(
    hub: ColdHub, own_s3: S3Server, running: RunningColdStorage, caplog: pytest.LogCaptureFixture
) -> None:
    eventually(lambda: set(hub.tiers()) == {"cold"})
    own_s3.stop()
    hub.record(hub.now, minutes=5)
    hub.now += timedelta(hours=1)
    (fault,) = eventually(lambda: running.faults.faults)
    since = fault.since
    own_s3.start()
    eventually(lambda: not running.faults.faults)

    assert (fault.part, fault.kind) == ("cold_storage", "write_failed")
    assert fault.reason.startswith("Nothing goes to cold storage: s3://evidence/hub at http://127.0.0.1:")
    assert since <= hub.now
    eventually(lambda: hub.tiers().count("both") == 30)


def test_a_bucket_that_refuses_says_so_without_a_key(tmp_path: Path, own_s3: S3Server) -> None:
    storage = replace(own_s3.storage(), secret_key="another-key-that-no-log-may-show")
    hub = ColdHub(tmp_path / "data", storage)
    hub.record(minutes=5)
    hub.now += timedelta(hours=7)
    with closing(RunningColdStorage(hub)) as running:
        (fault,) = eventually(lambda: running.faults.faults)

    assert "refuses to read" in fault.reason
    assert not any(key in fault.reason for key in (ACCESS_KEY, SECRET_KEY, "another-key"))


def test_a_server_that_stands_still_holds_up_no_end(
    hub: ColdHub, own_s3: S3Server, running: RunningColdStorage
) -> None:
    eventually(lambda: set(hub.tiers()) == {"cold"})
    own_s3.freeze()
    try:
        hub.record(hub.now, minutes=5)
        hub.now += timedelta(hours=1)
        began = monotonic()
        running.close()
        assert monotonic() - began < 20
    finally:
        own_s3.thaw()


def kept_up_to(hub: ColdHub, segment_bytes: int) -> list[str]:
    """Retention runs once while a minute is recorded; the rules by which media were deleted."""
    retention = replace(hub.hub.retention, segment_bytes=segment_bytes)
    sink = RetentionSink(RetentionScope.of(replace(hub.hub, retention=retention)), lambda: hub.now)
    with (
        closing(SqliteStore(hub.data / "journal").reader()) as reader,
        closing(Deliverer(sink, ConsumerContext(hub.data, reader, lambda: hub.now))) as deliverer,
    ):
        deliverer.advance()
        hub.record(hub.now, minutes=1)
        deliverer.advance()
    with closing(view_files.open_view(hub.data, "retention")) as view:
        bodies = [body for (body,) in view.execute("select body from outbox_event order by position")]
    return [one.data.rule for one in read_stored(bodies) if isinstance(one, RetentionEvent)]


def test_a_disk_at_its_bound_keeps_what_somebody_deleted_in_the_bucket(hub: ColdHub) -> None:
    lost = hub.record(minutes=5)
    hub.now += timedelta(hours=1)
    copied = hub.record(hub.now, minutes=5)
    hub.archive()
    with closing(Bucket(hub.storage)) as bucket:
        bucket.delete(next(name for name, _ in bucket.list("packs/") if "segment" in name))

    reported = kept_up_to(hub, 1_600_000)
    tiers = hub.tiers()
    hub.archive(timedelta(hours=7))

    assert reported == []
    assert tiers[: len(lost)] == ["hot"] * len(lost)
    assert tiers[len(lost) : len(lost + copied)] == ["cold"] * len(copied)
    with media_of(hub.hub) as media:
        assert [media.read(key) for key in lost + copied] == [hub.payloads[key] for key in lost + copied]


def test_a_disk_at_its_bound_drops_the_oldest_that_is_not_copied_and_says_so(hub: ColdHub, own_s3: S3Server) -> None:
    first = hub.record(minutes=5)
    hub.archive(timedelta(hours=1))
    own_s3.stop()
    second = hub.record(hub.now, minutes=10)
    hub.now += timedelta(hours=1)
    with pytest.raises(BucketAway):
        hub.archive(timedelta())

    reported = kept_up_to(hub, 1_300_000)

    # What the bucket has went from the disk first and is still there; then the oldest of the others, with an event.
    tiers = hub.tiers()
    assert tiers[: len(first)] == ["cold"] * len(first)
    assert reported == ["segment: kept up to 1300000 bytes; not in cold storage yet"]
    assert 0 < tiers.count("hot") < len(second) + 6
