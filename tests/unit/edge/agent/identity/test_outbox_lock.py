"""One agent a data directory."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge.agent.identity.instance import IdentityTaken, Instance
from edge.agent.identity.outbox_lock import outbox_lock

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
ME = Instance("one", "yard", "here", 4711, NOON, "boot-1")


def test_the_second_agent_of_a_directory_is_told_who_the_first_one_is(tmp_path: Path) -> None:
    path = tmp_path / "outbox" / "yard.lock"
    with (
        outbox_lock(path, ME),
        pytest.raises(IdentityTaken, match=r"process 4711, since 2026-01-05T12:00:00.000Z.*--data"),
        outbox_lock(path, replace(ME, id="two")),
    ):
        pass


@pytest.mark.parametrize(
    ("is_established", "boot_id", "is_ours"),
    [(True, "boot-1", True), (False, "boot-1", False), (True, "boot-2", False), (True, "", False)],
)
def test_who_was_alone_here_since_the_boot_is_trusted_again(
    tmp_path: Path, is_established: bool, boot_id: str, is_ours: bool
) -> None:
    path = tmp_path / "yard.lock"
    with outbox_lock(path, ME) as lock:
        assert not lock.is_ours
        if is_established:
            lock.establish()

    with outbox_lock(path, replace(ME, boot_id=boot_id)) as lock:
        assert lock.is_ours is is_ours


def test_a_copy_on_the_same_machine_is_not_trusted(tmp_path: Path) -> None:
    with outbox_lock(tmp_path / "yard.lock", ME) as lock:
        lock.establish()
    shutil.copy(tmp_path / "yard.lock", tmp_path / "copy.lock")

    with outbox_lock(tmp_path / "copy.lock", ME) as copy:
        assert not copy.is_ours


def test_what_a_power_cut_left_of_the_file_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "yard.lock").write_text('{"pid": 12, "sin')

    with outbox_lock(tmp_path / "yard.lock", ME) as lock:
        assert not lock.is_ours
