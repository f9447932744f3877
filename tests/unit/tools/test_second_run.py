"""What fails beside the other lanes has one more try, alone; what is broken fails again."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tools import second_run
from tools.lanes import Lane, run
from tools.run_tests import main
from tools.second_run import MOST, again, failed_tests, unsteady

FAILS = """
def test_always():
    assert False
"""
FAILS_ONCE = """
import pathlib
import pytest

@pytest.mark.parametrize("word", ["a[b]", "c::d"])
def test_once(word, tmp_path_factory):
    seen = pathlib.Path(__file__).with_name(word.replace(":", "_"))
    was_there = seen.exists()
    seen.touch()
    assert was_there
"""


def lane(folder: Path, monkeypatch: pytest.MonkeyPatch, **modules: str) -> Lane:
    """Its tests have run once."""
    (folder / "pytest.ini").write_text("[pytest]")
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytest_here = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    monkeypatch.setattr(second_run, "PYTEST", pytest_here)
    report = folder / "report.xml"
    made = Lane("tests", [(*pytest_here, f"--junitxml={report}", *(f"{name}.py" for name in modules))], report)
    run([made])
    assert made.failed
    return made


@pytest.mark.processes
def test_what_passes_alone_is_named_and_clears_its_lane(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judged = lane(tmp_path, monkeypatch, test_a=FAILS_ONCE)

    passed = again([judged], run)

    assert not judged.failed
    assert passed == ["test_a.py::test_once[a[b]]", "test_a.py::test_once[c::d]"]
    assert "test_a.py::test_once[c::d]" in unsteady(passed)


@pytest.mark.processes
def test_what_fails_twice_fails_its_lane(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judged = lane(tmp_path, monkeypatch, test_a=FAILS_ONCE, test_b=FAILS)

    assert again([judged], run) == []
    assert judged.failed


def test_many_failures_have_no_second_try(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    cases = "".join(f'<testcase classname="a" name="b[{number}]"><failure/></testcase>' for number in range(MOST + 1))
    report.write_text(f"<testsuites>{cases}</testsuites>")

    assert list(failed_tests(report))[:2] == ["a.py::b[0]", "a.py::b[1]"]
    assert again([Lane("tests", [], report, failed=True, statuses={1})], refuse) == []


@pytest.mark.parametrize("statuses", [{2}, {1, 3}, {-9}])
def test_a_lane_that_ended_otherwise_than_by_its_tests_has_none(tmp_path: Path, statuses: set[int]) -> None:
    report = tmp_path / "report.xml"
    report.write_text('<testsuites><testcase classname="a" name="b"><failure/></testcase></testsuites>')

    assert again([Lane("tests", [], report, failed=True, statuses=statuses)], refuse) == []
    assert again([Lane("lint", [], None, failed=True, statuses={1})], refuse) == []


def refuse(_lanes: Sequence[Lane]) -> bool:
    raise AssertionError("nothing is to run")


@pytest.mark.processes
def test_the_command_ends_as_its_lanes_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    judged = lane(tmp_path, monkeypatch, test_a=FAILS_ONCE)
    judged.failed, judged.statuses = False, set()
    for seen in tmp_path.glob("[ac][[_]*"):
        seen.unlink()
    monkeypatch.setattr("tools.run_tests.everything", lambda _folder: [judged])

    assert main([]) == 0
    assert "passed alone:\n  test_a.py::test_once[a[b]]" in capsys.readouterr().out
    (tmp_path / "test_a.py").write_text(FAILS)
    assert main([]) == 1
