"""What a bucket says where nobody could be asked."""

import pytest

from consumers.store.cold.bucket import Bucket, BucketRefused
from consumers.store.cold.settings import ColdStorage

KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE")


def test_without_keys_it_is_not_the_server_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    bucket = Bucket(ColdStorage(bucket="evidence", endpoint="http://127.0.0.1:1"))

    with pytest.raises(BucketRefused, match="there are no keys to "):
        list(bucket.list(""))
