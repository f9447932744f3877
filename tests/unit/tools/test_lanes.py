"""Lanes run side by side, and what fails in one is neither hidden nor the end of the others."""

import os
import signal
import sys
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from tests.eventually import eventually
from tools.compiling import modules
from tools.lanes import REAL_TIME, Cost, Lane, durations, everything, quick, run, shown, summary

PASSES, FAILS = (sys.executable, "-c", "print('here')"), (sys.executable, "-c", "raise SystemExit(3)")
REPORT = """<?xml version="1.0"?><testsuites><testsuite>
<testcase classname="tests.unit.test_a" name="test_one[1]" time="1.5">
<properties><property name="cpu_s" value="0.25"/></properties></testcase>
<testcase classname="tests.unit.test_a" name="test_one[2]" time="2.0">
<properties><property name="other" value="9"/><property name="cpu_s" value="0.5"/></properties></testcase>
<testcase classname="tests.unit.test_b" name="test_two" time="0.25"/>
</testsuite></testsuites>"""


@pytest.mark.processes
def test_every_command_runs_and_one_that_fails_fails_its_lane(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w+b") as log:
        lanes = [Lane("fine", [PASSES, PASSES]), Lane("wrong", [FAILS, PASSES], log=log)]

        assert run(lanes) is False
        assert [lane.failed for lane in lanes] == [False, True]
        assert shown(lanes[1]) == b"--- wrong\nhere\n"


@pytest.mark.processes
def test_what_a_lane_computed_is_that_of_all_its_processes() -> None:
    computes = "import time\nwhile time.process_time() < 0.2: pass"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {computes!r}])"
    lane = Lane("computes", [(sys.executable, "-c", computes), (sys.executable, "-c", child)])

    assert run([lane]) is False
    assert 0.4 <= lane.cpu_s < 4


@pytest.mark.processes
def test_a_lane_does_not_wait_for_another(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "meeting")
    meeting = str(tmp_path / "meeting")
    lanes = [
        Lane("reader", [(sys.executable, "-c", f"open({meeting!r}).read()")]),
        Lane("writer", [(sys.executable, "-c", f"open({meeting!r}, 'w').write('x')")]),
    ]

    assert run(lanes) is False
    assert not any(lane.failed for lane in lanes)


@pytest.mark.processes
def test_who_stops_them_stops_what_runs_and_what_would_follow(tmp_path: Path) -> None:
    waits = (
        sys.executable,
        "-c",
        f"open({str(tmp_path / 'began')!r}, 'w'); import threading; threading.Event().wait(60)",
    )
    lanes = [Lane("waits", [waits, (sys.executable, "-c", f"open({str(tmp_path / 'second')!r}, 'w')")])]

    def interrupt() -> None:
        eventually(lambda: (tmp_path / "began").exists(), 30)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    stopped = run(lanes)
    thread.join()

    assert (stopped, lanes[0].failed, (tmp_path / "second").exists()) == (True, True, False)


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "report.xml"
    path.write_text(REPORT)
    return path


def test_the_time_of_a_test_is_that_of_all_its_parameters(report: Path) -> None:
    assert durations([report]) == {
        "tests/unit/test_a.py::test_one": Cost(3.5, 0.75),
        "tests/unit/test_b.py::test_two": Cost(0.25, 0.0),
    }


def test_what_took_longest_is_said_first_and_what_failed_last(report: Path) -> None:
    lanes = [Lane("tests", [], report, took_s=4.4, cpu_s=3.0), Lane("lint", [], failed=True, took_s=1.0, cpu_s=0.9)]

    assert summary(lanes) == (
        "what took longest, and what it computed meanwhile:\n"
        "     3.5 s    0.8 s  tests/unit/test_a.py::test_one\n"
        "     0.2 s    0.0 s  tests/unit/test_b.py::test_two\n"
        "what computed most:\n"
        "     3.5 s    0.8 s  tests/unit/test_a.py::test_one\n"
        "     0.2 s    0.0 s  tests/unit/test_b.py::test_two\n"
        "side by side: tests 4 s, lint 1 s\n"
        "computed: tests 3 s, lint 1 s, together 4 s\n"
        "failed, see above: lint"
    )


def test_every_test_is_in_one_lane(tmp_path: Path) -> None:
    of_path = [path for path in map(str, Path("tests").rglob("test_*.py")) if "node_modules" not in path]

    assert {test: _lanes_of(test, everything(tmp_path)) for test in of_path} == dict.fromkeys(of_path, 1)
    assert set(REAL_TIME) <= set(of_path)


@pytest.mark.parametrize("arguments", [(), ("-k", "clock")], ids=["all", "some"])
def test_every_quick_test_is_in_one_lane_of_those(tmp_path: Path, arguments: Sequence[str]) -> None:
    of_path = [str(path) for folder in ("unit", "contract") for path in Path("tests", folder).rglob("test_*.py")]
    lanes = quick(tmp_path, arguments)

    assert {test: _lanes_of(test, lanes) for test in of_path} == dict.fromkeys(of_path, 1)
    assert {lane.name for lane in lanes} >= {"lint", "page"}


def _lanes_of(test: str, lanes: Sequence[Lane]) -> int:
    return sum(_is_in(lane.commands[-1], test) for lane in lanes if lane.report is not None)


def _is_in(command: Sequence[str], test: str) -> bool:
    ignored = [one.removeprefix("--ignore=") for one in command if one.startswith("--ignore=")]
    return _is_below(test, command) and not _is_below(test, ignored)


def _is_below(test: str, paths: Iterable[str]) -> bool:
    return any(test == path or test.startswith(f"{path}/") for path in paths)


def test_what_is_compiled_before_is_all_but_the_tests_themselves() -> None:
    found = set(modules())

    assert {"tests/builders.py", "gateway/app.py", "consumers/views/mosaics/__init__.py"} <= found
    assert not [path for path in found if "node_modules" in path or "/test_" in path]
