"""A light blinks for people who look for a machine, and then shows what it showed before."""

import threading
from pathlib import Path

import pytest

from edge.agent.identification import BoardLight

LONG_S = 3600.0


@pytest.fixture
def trigger(tmp_path: Path) -> Path:
    path = tmp_path / "ACT" / "trigger"
    path.parent.mkdir()
    path.write_text("none timer [mmc0] heartbeat\n")
    return path


def wait_for_timers() -> None:
    for one in threading.enumerate():
        if isinstance(one, threading.Timer) and one.interval < LONG_S:
            one.join()


def test_the_light_blinks_and_then_shows_what_it_did(tmp_path: Path, trigger: Path) -> None:
    light = BoardLight(tmp_path)

    assert light.blink(0) == "ACT"
    wait_for_timers()

    assert trigger.read_text() == "mmc0"


def test_a_light_that_is_asked_while_it_blinks_blinks_for_as_long_as_was_asked_last(
    tmp_path: Path, trigger: Path
) -> None:
    light = BoardLight(tmp_path)
    light.blink(LONG_S)
    trigger.write_text("none [timer] mmc0 heartbeat\n")  # as the kernel lists them then

    assert light.blink(0) == "ACT"
    wait_for_timers()

    assert trigger.read_text() == "mmc0"


def test_an_agent_that_ends_leaves_no_light_that_blinks(tmp_path: Path, trigger: Path) -> None:
    light = BoardLight(tmp_path)
    light.blink(LONG_S)

    light.close()

    assert trigger.read_text() == "mmc0"
    light.close()


def test_a_machine_without_a_light_says_so(tmp_path: Path) -> None:
    assert BoardLight(tmp_path).blink(1) is None
