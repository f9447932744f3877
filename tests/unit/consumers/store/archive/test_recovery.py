"""Recovery of the index beside processes that drop packs, and that write some of their own, in the same moment."""

from collections.abc import Callable, Generator
from contextlib import closing
from datetime import timedelta
from pathlib import Path, PosixPath

import pytest

from consumers.store.archive.disk import Archive
from consumers.store.archive.index import open_to_write
from consumers.store.archive.reader import ArchiveReader
from consumers.store.archive.recovery import recover
from consumers.store.archive.retention import ArchiveRetention
from tests.archived import START, key, lose_index, medium, pack
from tests.settable_clock import WallClock


class Watched(PosixPath):
    """A directory in which others do something as soon as its packs are listed, and before they are looked at."""

    meanwhile: Callable[[], object] = staticmethod(lambda: None)

    def glob(self, pattern: str) -> Generator["Watched", None, None]:
        found = list(super().glob(pattern))
        Watched.meanwhile()
        yield from found


@pytest.fixture
def recover_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], int]:
    def run(meanwhile: Callable[[], object]) -> int:
        monkeypatch.setattr(Watched, "meanwhile", staticmethod(meanwhile))
        with closing(open_to_write(tmp_path)) as index:
            return recover(index, Watched(tmp_path))

    return run


Recover = Callable[[Callable[[], object]], int]


def drop_all(retention: ArchiveRetention, clock: WallClock) -> None:
    clock.now = START + timedelta(days=1)
    retention.drop_before("capture", clock.now)


def test_a_pack_that_retention_drops_meanwhile_is_passed_over(
    archive: Archive, retention: ArchiveRetention, clock: WallClock, recover_while: Recover, reader: ArchiveReader
) -> None:
    archive.store([medium("a")])

    assert recover_while(lambda: drop_all(retention, clock)) == 0
    assert reader.usage() == []


def test_a_pack_without_an_index_that_is_removed_meanwhile_is_passed_over(
    tmp_path: Path, clock: WallClock, recover_while: Recover
) -> None:
    with Archive(tmp_path, clock) as archive:
        archive.store([medium("a"), medium("b", device="gate")])
    lose_index(tmp_path)

    assert recover_while(pack(tmp_path).unlink) == 1
    with ArchiveReader(tmp_path) as reader:
        assert [use.device for use in reader.usage()] == ["gate"]


def test_what_another_process_writes_meanwhile_is_entered_once(
    archive: Archive, recover_while: Recover, reader: ArchiveReader
) -> None:
    """As copies of pictures that incidents name are."""
    archive.store([medium("a")])

    assert recover_while(lambda: archive.store([medium("b")])) == 0
    (found,) = reader.usage()
    stored = reader.find(key("a"))
    assert stored is not None
    assert (found.count, reader.bytes_of_devices()) == (2, {("DEMO", "yard"): stored.pack.stat().st_size})
    assert [reader.read(key(name)) for name in "ab"] == [b"the bytes of a", b"the bytes of b"]
