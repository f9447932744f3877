"""A lane that computes has longer turns, keeps its place behind others, and ends as its command does."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from tools.lanes import everything, quick
from tools.long_turns import TURN_NS

TURNS = (sys.executable, "-m", "tools.long_turns")


@pytest.mark.processes
def test_the_command_runs_with_its_arguments_and_its_exit_code() -> None:
    done = subprocess.run([*TURNS, "sh", "-c", 'printf "%s" "$0"; exit 3', "a b"], capture_output=True, check=False)

    assert (done.stdout, done.returncode) == (b"a b", 3)


@pytest.mark.processes
def test_its_turns_are_longer_and_it_is_as_nice_as_before() -> None:
    program = ("sh", "-c", "nice; sed -n 's/^se.slice.*: *//p' /proc/self/sched || true")
    said = subprocess.run(["nice", "-n", "3", *TURNS, *program], capture_output=True, text=True, check=True).stdout

    niceness, *turns_ns = map(int, said.split())
    takes_notice = [int(number) for number in platform.release().split(".")[:2]] >= [6, 12]
    assert niceness == min(19, os.nice(0) + 3)
    assert turns_ns == [TURN_NS] or not turns_ns or not takes_notice


def test_what_waits_for_somebody_has_no_long_turns(tmp_path: Path) -> None:
    long = {lane.name for lane in everything(tmp_path) if "tools.long_turns" in lane.commands[0]}

    assert long >= {"unit", "edge", "consumers", "contract", "gateway", "lint", "page"}
    assert not long & {"real time", "end to end", "browser", "hub", "cold storage", "faults"}


def test_what_is_quick_only_computes_and_has_long_turns(tmp_path: Path) -> None:
    lanes = quick(tmp_path, ())

    assert len(lanes) > 2
    assert {lane.name for lane in lanes if "tools.long_turns" not in lane.commands[0]} == set()
