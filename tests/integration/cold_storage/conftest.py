"""One S3 server for all tests that leave it as it is; each has a prefix of its own."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from consumers.store.cold.settings import ColdStorage
from tests.rclone import S3Server


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with S3Server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def own_s3(tmp_path: Path) -> Iterator[S3Server]:
    """For one test, which may stop and freeze it."""
    with S3Server(tmp_path / "s3") as server:
        yield server


@pytest.fixture
def storage(s3: S3Server) -> ColdStorage:
    return s3.storage(f"hub-{uuid4().hex[:8]}", keep_hot=timedelta(hours=6))
