"""Programs of ours as `subprocess.Popen` starts them, but forked from one that has imported what they need.

A start computes a tenth of a second so, and not a whole one. Who tests how a program starts, what it imports, or what
the environment does to that, executes it.
"""

import atexit
import inspect
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, AnyStr, Final

from tests.eventually import eventually
from watchpost.processes.fork_server_process import LOADS_WITHIN_S, ForkServerGone, ForkServerProcess
from watchpost.processes.forked_child import ForkRequest
from watchpost.processes.process_spec import ProcessPriority
from watchpost.processes.up import FORKED_WITH

CHILD: Final = "tests.forked_child"
TAKES_WITHIN_S: Final = 60.0
MODULES: Final = (*FORKED_WITH, "tests.ingest_process", CHILD)


@cache
def fork_server() -> ForkServerProcess:
    """One for all tests of this process, with which it ends."""
    server = ForkServerProcess(MODULES, os.environ)
    atexit.register(_end, server)
    # One that is not ready within its time says so, and programs are executed.
    eventually(server.is_ready, 2 * LOADS_WITHIN_S, "the fork server")
    return server


def _end(server: ForkServerProcess) -> None:
    server.kill()
    server.close()


class Forked(subprocess.Popen[AnyStr]):
    """`python -m MODULE …`, executed where it cannot be forked."""

    def _execute_child(self, *given: Any) -> None:
        executes = super()._execute_child  # type: ignore[misc]  # no stub knows it
        how = inspect.signature(executes).bind(*given).arguments
        command = list(how["args"])
        # The kernel ends a child with the thread that has started it.
        if command[:2] != [sys.executable, "-m"] or threading.current_thread() is not threading.main_thread():
            executes(*given)
            return
        try:
            self.pid = _forked(command, how["cwd"], how["env"], _streams(how))
        except ForkServerGone:
            fork_server.cache_clear()
            executes(*given)
            return
        self._child_created = True
        ends = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
        self._close_pipe_fds(*(how[end] for end in ends))  # type: ignore[attr-defined]  # likewise


def _streams(how: dict[str, Any]) -> list[int]:
    given = (how["p2cread"], how["c2pwrite"], how["errwrite"])
    return [inherited if stream == -1 else stream for inherited, stream in enumerate(given)]


def _forked(command: Sequence[str], cwd: Any, env: Any, streams: Sequence[int]) -> int:
    request = ForkRequest(CHILD, command, dict(os.environ if env is None else env), ProcessPriority.URGENT.name)
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            pid = fork_server().fork_writing_to(theirs.fileno(), request)
        socket.send_fds(ours, [json.dumps(str(cwd or Path.cwd())).encode()], streams)
        ours.settimeout(TAKES_WITHIN_S)
        # It is its program once it has let go of this.
        ours.recv(1)
    return pid


def run(command: Sequence[str], timeout: float, **options: Any) -> "subprocess.CompletedProcess[str]":
    """What it wrote, and with what it ended, as `subprocess.run` says it."""
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with Forked(command, text=True, **{**pipes, **options}) as process:
        try:
            stdout, stderr = process.communicate(timeout=timeout)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)
