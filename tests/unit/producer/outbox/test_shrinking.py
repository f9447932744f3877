"""The file of an outbox gives the disk back what a backlog took."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from producer.file_identity import CutOff
from producer.ids import utc_now
from producer.outbox import backlog, shrinking
from producer.outbox.files import OpenFiles
from producer.outbox.limits import OutboxLimits, enforce, usage
from producer.outbox.outbox import Outbox
from producer.outbox.shrinking import CALM_S, Shrinking
from producer.outbox.tables import connect, open_tables, put_many
from producer.transaction import transaction
from tests.eventually import eventually
from tests.faults import disks
from tests.node_parts import detection, medium
from tests.required import unavailable

MEGABYTE = 1_000_000
PICTURES = 200
PICTURE = bytes(100_000)
TAILS = pytest.mark.parametrize("tail_bytes", [0, 10 * MEGABYTE], ids=["nothing left", "10 MB left"])


def fill(outbox: sqlite3.Connection) -> None:
    for _ in range(PICTURES // 20):
        with transaction(outbox):
            put_many(outbox, [medium(PICTURE, at=utc_now()) for _ in range(20)])


def confirm_all(outbox: sqlite3.Connection, tail_bytes: int) -> None:
    with transaction(outbox):
        for stream in backlog.streams(outbox):
            backlog.confirm(outbox, stream.id, stream.sequence)
        enforce(outbox, OutboxLimits(tail_bytes=tail_bytes), utc_now())


@contextmanager
def filled(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(connect(path)) as outbox:
        open_tables(outbox, utc_now)
        fill(outbox)
        yield outbox


def shrink(path: Path, outbox: sqlite3.Connection, between: Callable[[], None]) -> None:
    now = 0.0
    steps = Shrinking(path, outbox, lambda: usage(outbox).waiting_bytes, lambda: now)
    for _ in range(50):
        now += CALM_S
        steps.poll()
        between()


@TAILS
def test_the_file_of_a_backlog_that_is_gone_is_no_larger_than_what_is_left_and_everybody_takes_that(
    tail_bytes: int, tmp_path: Path
) -> None:
    path = tmp_path / "node.sqlite"
    with filled(path) as outbox, closing(connect(path)) as relay:
        writer, other = OpenFiles.now(path, outbox), OpenFiles.now(path, relay)
        confirm_all(outbox, tail_bytes)
        before = usage(outbox)

        def checked() -> None:
            writer.check(outbox)
            other.check(relay)

        shrink(path, outbox, checked)

        assert usage(outbox) == before
        assert outbox.execute("pragma integrity_check").fetchall() == [("ok",)]
        assert path.stat().st_size < tail_bytes * 1.1 + 2 * MEGABYTE


def test_the_file_of_an_earlier_release_is_shrunk_too_once_it_is_nearly_empty(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    with closing(sqlite3.connect(path)) as earlier:
        earlier.execute("create table any_other (any)")
        assert earlier.execute("pragma auto_vacuum").fetchone() == (0,)
    with filled(path) as outbox, closing(connect(path)) as relay:
        other = OpenFiles.now(path, relay)
        confirm_all(outbox, 0)
        shrink(path, outbox, lambda: other.check(relay))

        assert path.stat().st_size < MEGABYTE
        assert outbox.execute("pragma auto_vacuum").fetchone() == (2,)


def test_a_file_stays_as_it_is_while_as_much_waits_as_is_free(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    with filled(path) as outbox:
        confirm_all(outbox, 0)
        fill(outbox)
        before = path.stat().st_size
        shrink(path, outbox, lambda: None)

        assert path.stat().st_size >= before


@TAILS
def test_a_shrunk_file_that_somebody_cuts_off_is_cut_off(tail_bytes: int, tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    with filled(path) as outbox:
        files = OpenFiles.now(path, outbox)
        confirm_all(outbox, tail_bytes)
        shrink(path, outbox, lambda: files.check(outbox))
        with path.open("r+b") as file:
            file.truncate(path.stat().st_size - 4096)

        with pytest.raises(CutOff):
            files.check(outbox)


def test_a_reader_of_the_old_pages_delays_the_file_and_nobody_takes_it_for_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    with filled(path) as outbox, closing(connect(path)) as relay, closing(connect(path)) as reader:
        confirm_all(outbox, 10 * MEGABYTE)
        reader.execute("begin")
        reader.execute("select count(*) from outbox_event").fetchone()
        before = path.stat().st_size
        shrink(path, outbox, lambda: None)
        assert path.stat().st_size == before

        late = OpenFiles.now(path, relay)
        reader.execute("commit")
        shrink(path, outbox, lambda: late.check(relay))
        assert path.stat().st_size < 13 * MEGABYTE


def test_a_file_is_shrunk_on_a_disk_that_is_full_to_the_last_byte(tmp_path: Path) -> None:
    """The disk that needs it most has no room for a copy of what is left."""
    try:
        disks.mount(tmp_path, 64)
    except disks.NoDisk as absent:
        unavailable(str(absent))
    path = tmp_path / "node.sqlite"
    try:
        with filled(path) as outbox:
            confirm_all(outbox, 6 * MEGABYTE)
            disks.fill(tmp_path)
            shrink(path, outbox, lambda: None)

            assert path.stat().st_size < 9 * MEGABYTE
    finally:
        disks.unmount(tmp_path)


def test_an_outbox_in_use_shrinks_its_file_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shrinking, "CALM_S", 0.05)
    path = tmp_path / "node.sqlite"
    limits = OutboxLimits(tail_bytes=MEGABYTE)
    with Outbox(path, utc_now, limits, is_exclusive=True) as outbox, closing(connect(path, is_exclusive=True)) as relay:
        outbox.put(*(medium(PICTURE, at=utc_now()) for _ in range(PICTURES)), durable=True)
        assert path.stat().st_size > 10 * MEGABYTE or path.with_name("node.sqlite-wal").stat().st_size > 10 * MEGABYTE
        confirm_all(relay, limits.tail_bytes)
        for people in range(100):
            outbox.put(detection(people, at=utc_now()), durable=True)
        eventually(lambda: path.stat().st_size < 3 * MEGABYTE)

        assert outbox.lost_file is None
        [sequence] = [stream.sequence for stream in backlog.streams(relay) if stream.sequence > stream.watermark]
        assert sequence == 100


def test_a_file_that_can_be_shrunk_is_opened_again_without_a_write(tmp_path: Path) -> None:
    """For which a disk that was full when the process was killed has no room."""
    file = tmp_path / "outbox.sqlite"
    with closing(connect(file)) as first:
        open_tables(first)
    before = file.read_bytes()

    with closing(connect(file)):
        assert file.with_name(f"{file.name}-wal").stat().st_size == 0
    assert file.read_bytes() == before
