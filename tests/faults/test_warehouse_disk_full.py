"""Rows that a full disk does not take are told of, and are there once when it has room again."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from consumers.store.clickhouse.embedded import EmbeddedEngine
from consumers.store.clickhouse.engine import EngineError
from consumers.views.warehouse.store import Generations, checkpoint
from tests.faults import disks
from tests.faults.parts import forks
from tests.required import unavailable


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    try:
        disks.mount(tmp_path, 64)
    except disks.NoDisk as absent:
        unavailable(str(absent))
    yield tmp_path
    disks.unmount(tmp_path)


def _checkpoints(disk: Path) -> list[tuple[int, str]]:
    """Save before, while and after the disk is full: where the checkpoint is each time, and what was said."""
    reported = []
    with closing(EmbeddedEngine(disk / "warehouse")) as engine:
        store = Generations(engine, None).current()
        for upto, act in ((1, None), (2, disks.fill), (3, disks.relieve)):
            if act is not None:
                act(disk)
            try:
                store.save(upto)
                said = ""
            except EngineError as error:
                said = str(error)
            reported.append((checkpoint(engine), said))
    return reported


def test_an_insert_that_finds_no_room_fails_and_the_next_one_does_not(small_disk: Path) -> None:
    # In a process of its own: the engine of this one has its directory already.
    with forks().Pool(1) as pool:
        before, full, after = pool.apply_async(_checkpoints, (small_disk,)).get(60)

    assert before == (1, "")
    assert full[0] == 1
    assert "NOT_ENOUGH_SPACE" in full[1]
    assert after == (3, "")
