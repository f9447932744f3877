"""One agent on many misbehaving cameras and a good one: each costs itself at most, and the good one nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.cameras.agent import Result, running_agent, watch
from tests.cameras.case import Case
from tests.cameras.cases import CONNECTIONS, FILES, GOOD, GOOD_CASE, MJPEG, PICTURES, SOUNDS, TIMES
from tests.cameras.judge import faults, sent
from tests.cameras.server import Cameras

# What runs in one agent, and for how many seconds: long enough for the slowest of them.
AGENTS: dict[str, tuple[dict[str, Case], float]] = {
    "clocks": (TIMES | SOUNDS, 24.0),
    "pictures": (PICTURES, 24.0),
    "encoded": (MJPEG | FILES, 24.0),
    "connections": (CONNECTIONS, 36.0),
}
CASES = [(agent, name) for agent, (cases, _) in AGENTS.items() for name in cases]


@dataclass(frozen=True)
class Ran:
    """An agent that was run, with what its cameras sent."""

    exit_before_the_end: int | None
    exit_code: int | None
    log: str
    wrong: dict[str, list[str]]
    """By camera."""
    good: Result


Run = Callable[[str], Ran]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Each agent runs once, alone, when the first test asks for it: all its cameras want their pictures recorded."""

    @cache
    def once(name: str) -> Ran:
        return _run(*AGENTS[name], tmp_path_factory.mktemp(name))

    return once


def _run(cases: dict[str, Case], seconds: float, folder: Path) -> Ran:
    cases = {GOOD: GOOD_CASE, **cases}
    with Cameras(cases) as cameras:
        with running_agent(cases, cameras, folder) as agent:
            watch(agent, seconds)
            cameras.hold()
            before_the_end = agent.process.poll()
        results = agent.results()
        wrong: dict[str, list[str]] = {}
        for name, case in cases.items():
            result = results.get(name, Result())
            wrong[name] = list(faults(case, result, sent(case, cameras, name, result)))
    return Ran(before_the_end, agent.process.returncode, agent.log.read_text(), wrong, results[GOOD])


@pytest.mark.parametrize(("agent", "camera"), CASES)
def test_a_misbehaving_camera_is_recorded_or_says_why_not(ran: Run, agent: str, camera: str) -> None:
    assert ran(agent).wrong[camera] == []


@pytest.mark.parametrize("agent", AGENTS)
def test_a_good_camera_beside_them_is_recorded_whole(ran: Run, agent: str) -> None:
    outcome = ran(agent)

    assert outcome.wrong[GOOD] == []
    assert outcome.good.longest_hole_s < 0.2


@pytest.mark.parametrize("agent", AGENTS)
def test_the_agent_ends_only_when_it_is_told_to(ran: Run, agent: str) -> None:
    outcome = ran(agent)

    assert outcome.exit_before_the_end is None, outcome.log[-2000:]
    assert outcome.exit_code == 0


def test_there_are_at_least_forty_cases() -> None:
    assert len(CASES) >= 40
