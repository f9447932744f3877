"""An archive in a directory of its own, by a clock that begins at the `START` of the module."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from consumers.store.archive.disk import Archive
from consumers.store.archive.reader import ArchiveReader
from consumers.store.archive.retention import ArchiveRetention
from tests.settable_clock import WallClock


@pytest.fixture
def clock(request: pytest.FixtureRequest) -> WallClock:
    return WallClock(request.module.START)


@pytest.fixture
def archive(tmp_path: Path, clock: WallClock) -> Iterator[Archive]:
    with Archive(tmp_path, clock) as opened:
        yield opened


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[ArchiveReader]:
    with ArchiveReader(tmp_path) as opened:
        yield opened


@pytest.fixture
def retention(tmp_path: Path, clock: WallClock) -> ArchiveRetention:
    return ArchiveRetention(tmp_path, clock)
