"""A restore dies at any step: the next one ends what it began, and nothing of the first is left over."""

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any

import pytest

from consumers.store.cold.access import media_of
from consumers.store.cold.bucket import Bucket
from consumers.store.cold.settings import ColdStorage
from consumers.upkeep.cold.copy_book import CopyBook
from consumers.upkeep.cold.restore import RestoredHub, restore_from_bucket
from tests.cold_hub import ColdHub

DAYS = [datetime(2026, 1, day, 10, tzinfo=UTC) for day in (5, 6)]
STEPS: tuple[tuple[type, tuple[str, ...]], ...] = (
    (Bucket, ("list", "get", "stream", "put")),
    (CopyBook, ("enter", "mark_reconciled")),
    (Path, ("mkdir", "rename", "replace", "unlink", "rmdir")),
)


class Died(BaseException):
    """The process is gone."""


@pytest.fixture
def hub(tmp_path: Path, storage: ColdStorage) -> ColdHub:
    """A closed day and an open one."""
    hub = ColdHub(tmp_path / "data", storage)
    for day in DAYS:
        hub.record(day, minutes=1, segment_bytes=1000)
    hub.archive(timedelta(hours=7))
    return hub


def restored(hub: ColdHub, data: Path) -> RestoredHub:
    with closing(Bucket(hub.storage)) as bucket:
        return restore_from_bucket(bucket, data, lambda: hub.now, lambda what, done, of: None)


class Steps:
    """Counts the calls that change or ask something; after one of them everything fails."""

    def __init__(self, patch: pytest.MonkeyPatch, dies_after: int) -> None:
        self.count = 0
        self._dies_after = dies_after
        for owner, names in STEPS:
            for name in names:
                patch.setattr(owner, name, self._counted(getattr(owner, name)))

    def _counted(self, act: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(act)
        def counted(*arguments: Any, **named: Any) -> Any:
            if 0 < self._dies_after <= self.count:
                raise Died
            self.count += 1
            return act(*arguments, **named)

        return counted


def test_wherever_a_restore_dies_the_next_one_ends_it(hub: ColdHub, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        steps = Steps(patch, 0)
        whole = restored(hub, tmp_path / "whole")
    for dies_after in range(1, steps.count):
        data = tmp_path / f"again-{dies_after}"
        with pytest.MonkeyPatch.context() as patch:
            Steps(patch, dies_after)
            with pytest.raises(Died):
                restored(hub, data)
        if not (data / "journal").exists():
            assert restored(hub, data) == whole
        again = ColdHub(data, hub.storage, hub.now)
        with media_of(again.hub) as media:
            assert all(media.read(key) == body for key, body in hub.payloads.items())
        assert sorted(path.name for path in data.iterdir() if path.name != "cold_cache") in (
            ["archive", "journal"],
            [".restored", "archive", "journal"],
        )
        assert [path.name for path in (data / "journal").iterdir() if path.suffix not in (".sqlite", ".json")] == []
    assert steps.count > 20
