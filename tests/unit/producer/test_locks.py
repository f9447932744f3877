"""A lock between processes: one holder, who can be found, and none once the holder is dead."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from producer import locks
from producer.locks import FileLock, LockHeld, holder_of, this_process
from tests.eventually import WITHIN_S, eventually

HOLD = """
import sys, time
from pathlib import Path
from producer import locks
from producer.locks import FileLock
lock = FileLock(Path(sys.argv[1]))
lock.write("the other one")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "somewhere" / "lock"


def test_there_is_one_holder_and_the_second_is_told_who_it_is(path: Path) -> None:
    with FileLock(path) as lock:
        lock.write("process 4711")
        with pytest.raises(LockHeld, match=r"lock is locked by process 4711") as found:
            FileLock(path)

    assert found.value.holder == "process 4711"


def test_a_holder_that_left_no_note_is_another_process(path: Path) -> None:
    with FileLock(path), pytest.raises(LockHeld, match=r"lock is locked by another process"):
        FileLock(path)


def test_who_is_let_in_reads_what_the_holder_before_wrote(path: Path) -> None:
    with FileLock(path) as lock:
        lock.write("a long note of the first holder")
    with FileLock(path) as lock:
        before = lock.note()
        lock.write("short")

        assert (before, lock.note()) == ("a long note of the first holder", "short")


@pytest.mark.processes
def test_a_lock_ends_with_the_process_that_was_killed(path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        assert holder_of(path) == "the other one"
        with pytest.raises(LockHeld, match="the other one"):
            FileLock(path)
        other.send_signal(signal.SIGKILL)
        other.wait()

        with FileLock(path):
            assert holder_of(path) == "the other one"
    assert holder_of(path) is None


def test_a_lock_is_waited_for_as_long_as_is_said(path: Path) -> None:
    got = threading.Event()

    def wait() -> None:
        with FileLock(path, wait_s=None):
            got.set()

    with FileLock(path):
        waiting = threading.Thread(target=wait)
        waiting.start()
        with pytest.raises(LockHeld):
            FileLock(path, wait_s=0.05)
        assert not got.is_set()

    assert eventually(got.is_set)
    waiting.join()


def test_who_waited_for_a_lock_whose_file_was_removed_takes_the_one_that_others_meet(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = FileLock(path)
    opened = threading.Event()

    def open_and_say(path: Path) -> int:
        descriptor = open_lock(path)
        opened.set()
        return descriptor

    open_lock = locks._open
    monkeypatch.setattr(locks, "_open", open_and_say)
    taken: list[FileLock] = []
    thread = threading.Thread(target=lambda: taken.append(FileLock(path, wait_s=None)))
    thread.start()
    assert opened.wait(WITHIN_S)
    path.unlink()
    second = FileLock(path)
    first.close()
    assert not taken

    second.close()
    thread.join()

    with taken[0], pytest.raises(LockHeld):
        FileLock(path)


def test_a_lock_whose_file_was_removed_is_held_again_with_its_note(path: Path) -> None:
    with FileLock(path) as lock:
        lock.write("the first")
        assert not lock.hold()
        path.unlink()

        assert lock.hold()
        with pytest.raises(LockHeld, match="locked by the first"):
            FileLock(path)


def test_a_lock_whose_file_was_removed_stays_with_the_one_that_was_quicker(path: Path) -> None:
    with FileLock(path) as lock:
        path.unlink()
        with FileLock(path) as other:
            other.write("the second")
            with pytest.raises(LockHeld, match="locked by the second"):
                lock.hold()
        assert lock.hold()


def test_a_lock_does_not_make_a_tree_again_that_is_gone_as_a_whole(tmp_path: Path) -> None:
    with FileLock(tmp_path / "data" / "claims" / "one.lock") as lock:
        shutil.rmtree(tmp_path / "data")
        with pytest.raises(FileNotFoundError):
            lock.hold()
    assert not (tmp_path / "data").exists()


def test_who_only_looks_keeps_nobody_out(path: Path) -> None:
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            holder_of(path)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        for _ in range(50):
            FileLock(path, wait_s=5).close()
    finally:
        stop.set()
        looking.join()


def test_nobody_holds_a_lock_that_nobody_ever_made(path: Path) -> None:
    assert holder_of(path) is None
    assert not path.exists()


@pytest.mark.processes
def test_a_child_that_is_given_the_lock_holds_it_as_well(path: Path) -> None:
    lock = FileLock(path)
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=(lock.fileno(),))
    lock.close()

    assert holder_of(path) is not None
    child.communicate(b"\n")
    assert holder_of(path) is None


def test_a_note_says_which_process_it_is_and_since_when() -> None:
    assert (
        this_process(datetime(2026, 1, 5, 12, tzinfo=UTC)) == f"process {os.getpid()}, since 2026-01-05T12:00:00.000Z"
    )
