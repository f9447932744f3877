"""The thread that posts: when it fails, and what it knows when it begins; receivers that are gone."""

import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from consumers.alerting.notify.delivery import AlertMessage, DeliveryOutcome
from consumers.alerting.notify.questions import receivers
from consumers.alerting.notify.queue import SCHEMA, put
from consumers.alerting.notify.sender import Courier
from consumers.alerting.notify.sink import NotifierSink
from consumers.engine.sink import NoFaultSink
from tests.builders import alert

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


class _Faults:
    def __init__(self) -> None:
        self.raised = threading.Event()
        self.reasons: list[str] = []

    def raise_fault(self, part: str, kind: str, reason: str) -> None:
        self.reasons.append(f"{part} {kind}: {reason}")
        self.raised.set()

    def clear_fault(self, part: str, kind: str) -> None:
        """Nothing is delivered here."""


class _Unasked:
    """A receiver that is not posted to before the next attempt is due."""

    receiver = "pager"

    async def open(self) -> None:
        """Always ready."""

    async def send(self, message: AlertMessage) -> DeliveryOutcome:
        raise AssertionError("it is not due")

    async def close(self) -> None:
        """Nothing is open."""


def _failing(file: Path, until: float) -> None:
    """The state of a receiver that was down when the process before this one ended."""
    with closing(sqlite3.connect(file, isolation_level=None)) as state:
        state.executescript(SCHEMA)
        put(state, ["pager"], [alert()], 0.0)
        state.execute("update delivery set attempts = 9, due = ?", (until,))
        state.execute("insert into receiver (name, last_error, last_error_at) values ('pager', 'nobody is there', 1)")


def test_a_receiver_that_was_down_before_a_restart_is_a_fault_before_it_is_tried_again(tmp_path: Path) -> None:
    now, faults = datetime.now(UTC), _Faults()
    _failing(tmp_path / "queue.sqlite", now.timestamp() + 3600)
    courier = Courier(tmp_path / "queue.sqlite", [_Unasked()], lambda: now, faults)
    courier.start()
    assert faults.raised.wait(WITHIN_S)
    courier.stop()

    assert faults.reasons == ["receiver-pager write_failed: Alerts do not reach pager: nobody is there"]


def test_receivers_are_forgotten_when_the_last_of_them_is_configured_no_more(tmp_path: Path) -> None:
    _failing(tmp_path / "queue.sqlite", 0.0)
    with closing(sqlite3.connect(tmp_path / "queue.sqlite", isolation_level=None)) as state:
        assert [one.name for one in receivers(state)] == ["pager"]
        NotifierSink([], lambda: datetime.now(UTC)).idle(state)

        assert receivers(state) == []
        assert state.execute("select count(*) from delivery").fetchone() == (0,)


def _full(_: Path) -> sqlite3.Connection:
    raise OSError(28, "No space left on device")
