"""What does not recover by itself is restarted: the device first, the agent where a driver hangs, and not too often."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from edge.agent import outbox_place
from edge.agent.health import Facts
from edge.agent.outbox_place import MemoryFolder
from edge.agent.recovery import AGENT_PAUSE_S, FAILURES, AgentRestarts, DeviceRecovery
from tests.node_parts import NOON

WELL = Facts("visual", running=True, last_attempt=NOON, came_s=0.0)
FAILING = replace(WELL, failures=FAILURES, reason="no data for 10 s")


def taken(recovery: DeviceRecovery, facts: Facts, moments: list[float]) -> list[float]:
    return [now for now in moments if recovery.step([facts], [], now) is not None]


def test_a_source_that_fails_again_and_again_has_its_device_restarted_with_growing_pauses() -> None:
    recovery = DeviceRecovery()
    moments = [float(now) for now in range(0, 7200, 10)]
    found = taken(recovery, FAILING, moments)
    pauses = [later - earlier for earlier, later in pairwise(found)]

    assert found[0] == 0
    assert pauses[0] >= 300
    assert pauses == sorted(pauses)
    assert len(found) < 8
    assert recovery.restarts == len(found)


def test_a_device_that_worked_between_is_restarted_after_the_shortest_pause_again() -> None:
    recovery = DeviceRecovery()
    assert taken(recovery, FAILING, [0.0, 310.0, 920.0]) == [0.0, 310.0, 920.0]
    assert taken(recovery, replace(WELL, came_s=930.0), [930.0]) == []
    assert len(taken(recovery, FAILING, [2120.0, 2425.0])) == 2


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        (FAILING, "visual: no data for 10 s"),
        (replace(WELL, kind="thermal", came_s=-60.0), "thermal: nothing came for more than 30 s"),
    ],
)
def test_a_restart_says_which_source_and_why(facts: Facts, why: str) -> None:
    step = DeviceRecovery().step([WELL, facts], [], 0.0)

    assert step is not None
    assert (step.rung, step.reason) == ("restart", why)


def test_only_the_sensor_that_fails_is_restarted() -> None:
    step = DeviceRecovery().step([WELL, replace(FAILING, kind="thermal")], [], 0.0)

    assert step is not None
    assert step.kinds == ("thermal",)


@pytest.mark.parametrize("failures", [0, 1, FAILURES - 1])
def test_a_few_failures_are_left_to_the_source(failures: int) -> None:
    assert DeviceRecovery().step([replace(WELL, failures=failures)], [], 0.0) is None


def test_a_thread_that_hangs_needs_a_new_process() -> None:
    step = DeviceRecovery().step([WELL], ["GATE-visual"], 0.0)

    assert step is not None
    assert step.rung == "restart_agent"
    assert "GATE-visual" in step.reason


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MemoryFolder:
    (tmp_path / "memory").mkdir()
    monkeypatch.setattr(outbox_place, "MEMORY", tmp_path / "memory")
    return MemoryFolder(tmp_path / "yard.sqlite")


def test_an_agent_restarts_itself_once_in_a_quarter_of_an_hour_also_over_the_restart(
    tmp_path: Path, memory: MemoryFolder
) -> None:
    file = tmp_path / "agent" / "yard.restart"
    assert AgentRestarts(file, memory).may_restart(5000.0)
    AgentRestarts(file, memory).note(5000.0)

    assert not AgentRestarts(file, memory).may_restart(5000.0 + AGENT_PAUSE_S - 1)
    assert AgentRestarts(file, memory).may_restart(5000.0 + AGENT_PAUSE_S)
    assert AgentRestarts(file, memory).may_restart(30.0), "the machine has started since then"
    assert memory.find() is None, "nothing is left in memory without need"


def test_an_agent_whose_disk_takes_nothing_restarts_itself_once_too(tmp_path: Path, memory: MemoryFolder) -> None:
    (tmp_path / "agent").write_text("a file")
    file = tmp_path / "agent" / "yard.restart"
    assert AgentRestarts(file, memory).may_restart(5000.0)
    AgentRestarts(file, memory).note(5000.0)

    assert not AgentRestarts(file, memory).may_restart(5000.0 + AGENT_PAUSE_S - 1)
    assert AgentRestarts(file, memory).may_restart(5000.0 + AGENT_PAUSE_S)


def test_what_can_be_noted_nowhere_is_not_done(tmp_path: Path, memory: MemoryFolder) -> None:
    (tmp_path / "agent").write_text("a file")
    memory.folder.mkdir(mode=0o777)
    memory.folder.chmod(0o777)

    with pytest.raises(OSError, match=r"Not a directory|File exists"):
        AgentRestarts(tmp_path / "agent" / "yard.restart", memory).note(5000.0)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"restarted_s": "noon"}', '{"restarted_s": null}'])
def test_a_file_that_cannot_be_read_holds_up_no_restart(tmp_path: Path, memory: MemoryFolder, text: str) -> None:
    file = tmp_path / "yard.restart"
    file.write_text(text)

    assert AgentRestarts(file, memory).may_restart(100.0)
