"""A job in a process of its own gets its order, says what it says, and can be ended."""

import sys
from pathlib import Path

import pytest
from pydantic import BaseModel

from consumers.running_job import STALLED_S, RunningJob, Standstill, last_line
from tests.eventually import eventually

pytestmark = pytest.mark.processes


class Order(BaseModel):
    what: str


def test_a_job_is_given_its_order_and_its_last_line_is_kept(tmp_path: Path) -> None:
    program = "import sys; print('begun'); print(sys.stdin.read()); raise SystemExit(3)"
    job = RunningJob((sys.executable, "-c", program), Order(what="it all"), tmp_path / "log")

    eventually(lambda: job.exit_code() is not None)

    assert job.exit_code() == 3
    assert last_line(tmp_path / "log") == '{"what":"it all"}'


def test_a_job_that_reads_no_order_is_started_all_the_same(tmp_path: Path) -> None:
    job = RunningJob((sys.executable, "-c", "raise SystemExit(0)"), Order(what="x" * 1_000_000), tmp_path / "log")

    eventually(lambda: job.exit_code() == 0)


def test_a_job_that_waits_is_ended(tmp_path: Path) -> None:
    job = RunningJob((sys.executable, "-c", "import signal; signal.pause()"), Order(what=""), tmp_path / "log")

    job.kill()

    assert job.exit_code() == -9
    assert last_line(tmp_path / "log") == ""


def test_a_job_without_a_log_has_no_last_line(tmp_path: Path) -> None:
    assert last_line(tmp_path / "none") == ""


def test_a_job_stands_still_when_nothing_of_it_has_moved_for_too_long() -> None:
    now = [0.0]
    standstill = Standstill(lambda: now[0])
    found = []
    for progress, seconds in ((0.0, 0), (0.0, STALLED_S - 1), (0.1, 1), (0.1, STALLED_S - 1), (0.1, 1)):
        now[0] += seconds
        found.append(standstill.is_too_long(progress))

    assert found == [False, False, False, False, True]


def test_a_job_that_works_computes_and_one_that_has_ended_does_not(tmp_path: Path) -> None:
    works = RunningJob((sys.executable, "-c", "while True: pass"), Order(what=""), tmp_path / "works")
    before = works.computed_s()
    eventually(lambda: works.computed_s() > before + 0.1)
    works.kill()
    ended = RunningJob((sys.executable, "-c", ""), Order(what=""), tmp_path / "ended")
    eventually(lambda: ended.exit_code() is not None)

    assert ended.computed_s() == 0
