"""The load of the machine and of the processes, as the system page shows it."""

import os
import subprocess
import sys
from mmap import ACCESS_READ, PAGESIZE, mmap
from pathlib import Path

import pytest

from gateway.machine import Machine


def test_a_share_of_the_processor_is_unknown_until_it_was_measured(tmp_path: Path) -> None:
    now = 0.0
    machine = Machine(lambda: now)

    assert machine.load(tmp_path)["cpu"]["percent"] is None
    memory_mb, share = machine.process(os.getpid())
    assert memory_mb is not None
    assert share is None

    while machine.process(os.getpid())[1] is None or machine.load(tmp_path)["cpu"]["percent"] is None:
        now += 1.0  # the counters of the kernel step by ten milliseconds
    assert 0 <= machine.load(tmp_path)["cpu"]["percent"] <= 100


def test_a_process_that_is_gone_has_no_figures() -> None:
    assert Machine().process(2**22 + 1) == (None, None)
    assert Machine().process(None) == (None, None)


def test_a_file_that_a_process_has_mapped_is_not_its_own_memory(tmp_path: Path) -> None:
    file = tmp_path / "journal"
    file.write_bytes(bytes(64 << 20))
    before, _ = Machine().process(os.getpid())
    with file.open("rb") as opened, mmap(opened.fileno(), 0, access=ACCESS_READ) as mapped:
        read = sum(mapped[place] for place in range(0, len(mapped), PAGESIZE))
        beside, _ = Machine().process(os.getpid())

    assert read == 0
    assert before is not None
    assert beside is not None
    assert beside - before < 32


SHARES = """
import os, signal
held = bytearray(os.urandom(1)) * (96 << 20)
reader, writer = os.pipe()
children = [os.fork()]
if 0 in children:
    os.close(writer)
    os.read(reader, 1)
    os._exit(0)
print(os.getpid(), *children, flush=True)
input()
os.close(writer)
"""


@pytest.mark.processes
def test_memory_that_forked_processes_share_counts_once() -> None:
    program = [sys.executable, "-c", SHARES]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]

        found = [Machine().process(pid)[0] or 0.0 for pid in pids]

        parent.communicate("\n", timeout=30)
    assert 96 <= sum(found) < 96 * 1.5
    assert max(found) < 96
