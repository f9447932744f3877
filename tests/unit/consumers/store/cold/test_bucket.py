"""What a bucket says where nobody could be asked."""

import gc
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from consumers.store.cold.bucket import Bucket, BucketAway, BucketRefused
from consumers.store.cold.settings import ColdStorage

BODY_BYTES = 4 << 20
KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE")


def test_without_keys_it_is_not_the_server_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    bucket = Bucket(ColdStorage(bucket="evidence", endpoint="http://127.0.0.1:1"))

    with pytest.raises(BucketRefused, match="there are no keys to "):
        list(bucket.list(""))


@pytest.fixture
def memory() -> Iterator[None]:
    """It is counted, and garbage is not collected."""
    gc.collect()
    gc.disable()
    tracemalloc.start()
    yield
    tracemalloc.stop()
    gc.enable()


@pytest.mark.usefixtures("memory")
def test_what_could_not_be_sent_is_not_kept_in_memory() -> None:
    storage = ColdStorage(bucket="evidence", endpoint="http://127.0.0.1:1", access_key="a", secret_key="b")
    bucket = Bucket(storage, answers_within_s=1.0)
    for number in range(4):
        with pytest.raises(BucketAway):
            bucket.put(f"packs/{number}", bytes(BODY_BYTES))

    assert tracemalloc.get_traced_memory()[0] < BODY_BYTES


def test_keys_that_are_changed_in_their_files_need_no_restart(tmp_path: Path) -> None:
    access, secret = tmp_path / "access", tmp_path / "secret"
    access.write_text("AKIA1\n")
    secret.write_text("first\n")
    storage = ColdStorage(
        "evidence",
        endpoint="http://127.0.0.1:1",
        access_key="AKIA1",
        secret_key="first",
        access_key_file=access,
        secret_key_file=secret,
    )
    bucket = Bucket(storage)
    before = bucket.link("a", 60)
    access.write_text("AKIA2\n")
    secret.write_text("second\n")
    after = bucket.link("a", 60)
    access.unlink()
    secret.write_bytes(b"\xff")

    assert "AKIA1%2F" in before
    assert "AKIA2%2F" in after
    assert "AKIA1%2F" in bucket.link("a", 60)
    assert "first" not in repr(storage)
