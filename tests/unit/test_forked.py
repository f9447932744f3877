"""A program of ours that is forked is as one that was executed, for those who start it, read it and end it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests import forked
from tests.forked import Forked
from watchpost import VERSION
from watchpost.processes import fork_server_process

pytestmark = pytest.mark.processes

WATCHPOST = (sys.executable, "-m", "watchpost")


def test_what_it_writes_and_with_what_it_ends_are_those_of_the_executed_one(tmp_path: Path) -> None:
    for arguments in (["--version"], ["nothing"], ["config", "check", str(tmp_path / "none.yaml")]):
        executed = subprocess.run([*WATCHPOST, *arguments], capture_output=True, text=True, check=False)
        of_ours = forked.run([*WATCHPOST, *arguments], 60)

        assert (of_ours.stdout, of_ours.stderr) == (executed.stdout, executed.stderr)
        assert of_ours.returncode == executed.returncode
    assert VERSION in forked.run([*WATCHPOST, "--version"], 60).stdout


def test_it_has_its_own_directory_environment_and_streams_and_is_a_child_of_the_tests(tmp_path: Path) -> None:
    variables = {**os.environ, "WATCHPOST_DATA": "here"}
    command = [*WATCHPOST, "ingest", "--mqtt-port", "1", "--log-format", "json"]
    with (
        (tmp_path / "log").open("wb") as log,
        Forked(command, cwd=tmp_path, env=variables, stdout=subprocess.DEVNULL, stderr=log) as process,
    ):
        shown = psutil.Process(process.pid)
        streams = [str(Path(f"/proc/{process.pid}/fd/{stream}").readlink()) for stream in (1, 2)]
        try:
            assert (shown.ppid(), shown.cmdline(), shown.cwd()) == (os.getpid(), command, str(tmp_path))
            assert streams == ["/dev/null", str(tmp_path / "log")]
            assert shown.environ()["WATCHPOST_DATA"] == "here"
        finally:
            process.kill()

    assert process.returncode == -signal.SIGKILL


def test_a_stop_ends_it_with_success(tmp_path: Path) -> None:
    process = Forked([*WATCHPOST, "ingest", "--data", str(tmp_path), "--mqtt-port", "1"], stderr=subprocess.DEVNULL)

    process.terminate()

    assert process.wait(60) == 0


def test_where_no_fork_server_is_ready_in_time_it_is_executed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fork_server_process, "LOADS_WITHIN_S", 0.0)
    forked.fork_server.cache_clear()

    done = forked.run([*WATCHPOST, "--version"], 60)

    assert (VERSION in done.stdout, done.returncode) == (True, 0)
