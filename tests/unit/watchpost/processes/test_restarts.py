"""Processes that end again and again are faults of the hub until they stay."""

from datetime import UTC, datetime

import pytest

from bus_schemas.hub import FaultKind
from watchpost.processes.process_state import ProcessState
from watchpost.processes.restarts import AWAY_S, WINDOW_S, RestartWatch

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


class Reported:
    """The faults that hold, by part."""

    def __init__(self) -> None:
        self.faults: dict[str, str] = {}
        self.now = 1000.0

    def raise_fault(self, part: str, kind: FaultKind, reason: str) -> None:
        assert kind == "system_error"
        self.faults[part] = reason

    def clear_fault(self, part: str, kind: FaultKind) -> None:
        self.faults.pop(part, None)


@pytest.fixture
def reported() -> Reported:
    return Reported()


@pytest.fixture
def watch(reported: Reported) -> RestartWatch:
    return RestartWatch(reported, lambda: reported.now)


def state(name: str, restarts: int, last_exit: str | None = None, *, runs: bool = True) -> ProcessState:
    return ProcessState(name, 7 if runs else None, "running" if runs else "restarting", restarts, NOON, last_exit)


def test_one_restart_is_no_fault_and_two_within_minutes_are(reported: Reported, watch: RestartWatch) -> None:
    watch.take([state("ingest", 1, "killed by SIGKILL after 40.0 s"), state("gateway", 0)])
    watch.check()
    assert reported.faults == {}

    reported.now += 60
    watch.take([state("ingest", 2, "killed by SIGKILL after 60.0 s"), state("gateway", 0)])
    watch.check()
    assert reported.faults == {
        "ingest": "The process ingest was started again 2 times within 5 minutes: killed by SIGKILL after 60.0 s."
    }


def test_a_process_that_stays_is_well_again(reported: Reported, watch: RestartWatch) -> None:
    watch.take([state("ingest", 3, "exit code 1 after 0.1 s")])
    watch.check()
    assert reported.faults
    reported.now += WINDOW_S + 1
    watch.check()

    assert reported.faults == {}


def test_a_process_that_stays_away_is_a_fault_with_what_it_said(reported: Reported, watch: RestartWatch) -> None:
    watch.take([state("edge:DEMO", 0, "exit code 3 after 0.2 s: another agent has it", runs=False)])
    watch.check()
    assert reported.faults == {}
    reported.now += AWAY_S + 1
    watch.check()
    assert "does not run: exit code 3 after 0.2 s: another agent has it" in reported.faults["edge:DEMO"]

    watch.take([state("edge:DEMO", 1, "exit code 3 after 0.2 s: another agent has it")])
    watch.check()
    assert reported.faults == {}


def test_a_process_that_was_told_to_stop_is_none(reported: Reported, watch: RestartWatch) -> None:
    watch.take([ProcessState("ingest", None, "stopped", 0, NOON, "exit code 0 after 9.0 s")])
    reported.now += 10 * AWAY_S
    watch.check()

    assert reported.faults == {}
