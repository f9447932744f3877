"""A process that is told to stop ends well at any moment of its start, also where it starts anew."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
BLOCKS = "print('importing', flush=True)\nimport threading\nthreading.Event().wait()\n"
STARTS_ANEW = """
import os, signal, sys
from watchpost.processes.runtime import restart, stop_event

execute = os.execv

def told_on_the_way(*command):
    print("on the way", flush=True)
    os.kill(os.getpid(), signal.SIGTERM)
    execute(*command)

os.execv = told_on_the_way
restart(stop_event(60.0), ("edge", "--data", sys.argv[1]))
"""
TOLD_BEFORE = """
import os, signal, sys
from watchpost.processes.runtime import restart, stop_event

stopping = stop_event(60.0)
stopping.serve()
os.kill(os.getpid(), signal.SIGTERM)
assert stopping.wait(10)
restart(stopping, ("no-such-command",))
"""


TERM, INT = signal.SIGTERM, signal.SIGINT


@pytest.mark.parametrize(
    ("command", "library", "number"),
    [("edge", "typer", TERM), ("edge", "typer", INT), ("gateway", "uvloop", TERM), ("up", "typer", TERM)],
)
def test_a_process_that_still_imports_what_it_needs_ends_well(
    command: str, library: str, number: signal.Signals, tmp_path: Path
) -> None:
    (tmp_path / f"{library}.py").write_text(BLOCKS)
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}"}
    argv = [sys.executable, "-m", "watchpost", command, "--data", str(tmp_path / "data")]
    with subprocess.Popen(argv, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "importing\n"

        process.send_signal(number)

        assert process.wait(20) == 0


@pytest.mark.parametrize("command", ["verify", "backup", "devices"])
def test_a_command_that_is_interrupted_as_it_begins_shows_no_trace(command: str, tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text(BLOCKS)
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}"}
    argv = [sys.executable, "-m", "watchpost", command]
    with subprocess.Popen(
        argv, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "importing\n"

        process.send_signal(INT)

        assert (process.communicate(timeout=20)[1], process.returncode) == ("Aborted.\n", 1)


@pytest.mark.parametrize(("program", "said"), [(STARTS_ANEW, "on the way\n"), (TOLD_BEFORE, "")])
def test_a_stop_while_an_agent_starts_anew_is_never_lost(program: str, said: str, tmp_path: Path) -> None:
    argv = [sys.executable, "-c", program, str(tmp_path)]
    ended = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)

    assert (ended.returncode, ended.stdout) == (0, said), ended.stderr
