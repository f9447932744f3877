"""Tests write into memory where there is room for that, and otherwise where temporary files usually are."""

from pathlib import Path

import pytest

from tools import scratch


@pytest.mark.parametrize(("room", "free", "is_used"), [(0, 0, True), (2**60, 0, False), (0, 2**60, False)])
def test_what_is_written_is_in_memory_only_where_there_is_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int, free: int, is_used: bool
) -> None:
    monkeypatch.setattr(scratch, "IN_MEMORY", tmp_path)
    monkeypatch.setattr(scratch, "ROOM_BYTES", room)
    monkeypatch.setattr(scratch, "FREE_BYTES", free)

    assert scratch.scratch() == (tmp_path if is_used else None)


def test_where_no_such_folder_is_the_usual_one_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "IN_MEMORY", tmp_path / "nowhere")

    assert scratch.scratch() is None
