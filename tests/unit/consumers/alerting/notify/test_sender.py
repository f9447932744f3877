"""The thread that posts, when it fails."""

import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from consumers.alerting.notify.sender import Courier
from consumers.engine.sink import NoFaultSink

WITHIN_S = 30.0
ALIVE_S = 0.2


class _SlowToEnd(Courier):
    """Its thread is alive for a while after it failed, as any is for a moment."""

    failed = threading.Event()

    def _run(self) -> None:
        super()._run()
        self.failed.set()
        threading.Event().wait(ALIVE_S)


def test_a_thread_that_failed_and_is_still_alive_says_why_and_can_be_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consumers.alerting.notify.sender.view_files.connect", _full)
    courier = _SlowToEnd(tmp_path / "queue.sqlite", [], lambda: datetime.now(UTC), NoFaultSink())
    courier.start()
    assert courier.failed.wait(WITHIN_S)

    with pytest.raises(OSError, match="No space left"):
        courier.wake()
    courier.stop()


def _full(_: Path) -> sqlite3.Connection:
    raise OSError(28, "No space left on device")
