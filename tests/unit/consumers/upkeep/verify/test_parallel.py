"""Checks in processes of their own: what they say arrives, in order, and nothing is left of them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.eventually import eventually

pytestmark = pytest.mark.processes

# In a process without threads, as the command is.
RUN = """
import multiprocessing, os, signal, sys, threading

from consumers.engine.findings import Findings
from consumers.upkeep.verify.parallel import check_in_parallel

def check(part, told):
    told(part, 1, 2)
    if part == "wrong":
        raise LookupError("there is no wrong")
    if part == "dead":
        os.kill(os.getpid(), signal.SIGKILL)
    if part == "endless":
        try:
            with open(sys.argv[1], "w") as file:
                file.write(str(os.getpid()))
            threading.Event().wait(60)
        finally:
            if os.path.exists(sys.argv[1]):
                os.unlink(sys.argv[1])
    found = Findings(part)
    found.note(f"{part} in {'another' if os.getpid() != parent else 'the same'} process")
    return found

class Interrupted(multiprocessing.get_context("fork").Process):
    def start(self):
        super().start()
        os.kill(os.getpid(), signal.SIGINT)

parent = os.getpid()
parts = sys.argv[2:]
if parts == ["endless", "interrupted"]:
    multiprocessing.get_context("fork").Process = Interrupted
told = []
try:
    for found in check_in_parallel(parts, sorted(parts), check, lambda *one: told.append(one), 2):
        print(found.notes[0], flush=True)
except Exception as error:
    print(type(error).__name__, error)
print(sorted(told))
"""


def run(folder: Path, *parts: str) -> list[str]:
    ran = subprocess.run(
        [sys.executable, "-c", RUN, str(folder / "pid"), *parts], capture_output=True, text=True, timeout=60, check=True
    )
    return ran.stdout.splitlines()


def test_findings_come_in_the_order_of_the_parts_with_their_progress(tmp_path: Path) -> None:
    assert run(tmp_path, "c", "a", "b") == [
        "c in another process",
        "a in another process",
        "b in another process",
        "[('a', 1, 2), ('b', 1, 2), ('c', 1, 2)]",
    ]


def test_what_a_check_raises_is_raised_and_the_others_are_ended(tmp_path: Path) -> None:
    assert run(tmp_path, "wrong", "endless")[0] == "LookupError there is no wrong"
    # It tidied up: it was told to end, and did.
    assert not (tmp_path / "pid").exists()


def test_a_check_that_dies_is_told(tmp_path: Path) -> None:
    assert run(tmp_path, "dead")[0] == "CheckDied the check of dead ended with code -9 and said nothing"


def test_ctrl_c_ends_them_all(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", RUN, str(tmp_path / "pid"), "endless"], stderr=subprocess.DEVNULL)
    eventually(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    child = int((tmp_path / "pid").read_text())
    process.send_signal(signal.SIGINT)

    assert process.wait(20) != 0
    assert not (tmp_path / "pid").exists()
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_ctrl_c_while_a_check_begins_ends_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", RUN, str(tmp_path / "pid"), "endless", "interrupted"]
    ended = subprocess.run(command, stderr=subprocess.DEVNULL, timeout=20, check=False)

    assert ended.returncode != 0
    assert not (tmp_path / "pid").exists()
