"""What a process of `tests/forked.py` does first: it takes its streams and its directory, and becomes its program."""

import importlib
import inspect
import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

from watchpost.processes import fork_server
from watchpost.processes.fork_server_process import ForkServerProcess
from watchpost.processes.kernel_calls import end_with_parent

_PATH_BYTES: Final = 65_536
_STDOUT: Final = 1
_UP: Final = ("watchpost", "up")


def main() -> None:
    _take_streams()
    _python, _option, name, *arguments = sys.orig_argv
    name = f"{name}.__main__" if name == "watchpost" else name
    module = sys.modules["__main__"] = importlib.import_module(name)
    sys.argv[0] = str(module.__file__)
    if (sys.orig_argv[2], *arguments[:1]) == _UP:
        _have_a_fork_server()
    module.main()


def _take_streams() -> None:
    with socket.socket(fileno=os.dup(_STDOUT)) as conversation:
        path, streams, _, _ = socket.recv_fds(conversation, _PATH_BYTES, 3)
    os.chdir(json.loads(path))
    for stream, given in enumerate(streams):
        os.dup2(given, stream)
    for given in streams:
        os.close(given)
    if os.environ.get("PYTHONUNBUFFERED"):
        sys.stdout.reconfigure(write_through=True)  # type: ignore[union-attr]  # it is what Python opens


def _have_a_fork_server() -> None:
    """Fork it now, while there is one thread: it need not import anything again. One that follows it is executed."""
    executed = ForkServerProcess._started
    ours, theirs = socket.socketpair()
    up = os.getpid()
    pid = os.fork()
    if not pid:
        ours.close()
        _serve(theirs, up)
    theirs.close()

    def started(control: int, modules: Sequence[str], environ: Mapping[str, str]) -> "subprocess.Popen[bytes]":
        ForkServerProcess._started = staticmethod(executed)  # type: ignore[method-assign]  # until it was asked for once
        return _Ahead(pid, ours, control, modules)

    ForkServerProcess._started = staticmethod(started)  # type: ignore[method-assign]  # until it was asked for once


def _serve(conversation: socket.socket, up: int) -> None:
    end_with_parent()
    if os.getppid() != up:
        os._exit(1)
    os.setpgid(0, 0)
    with conversation:
        modules, (control, output), _, _ = socket.recv_fds(conversation, _PATH_BYTES, 2)
    for stream in (1, 2):
        os.dup2(output, stream)
    os.close(output)
    arguments = [str(control), *json.loads(modules)]
    sys.orig_argv = [sys.executable, "-m", fork_server.__name__, *arguments]
    fork_server.main(arguments)
    sys.exit()


class _Ahead(subprocess.Popen[bytes]):
    """As if it were started now."""

    def __init__(self, pid: int, conversation: socket.socket, control: int, modules: Sequence[str]) -> None:
        self._ahead, self._conversation = pid, conversation
        self._control, self._modules = control, modules
        super().__init__([sys.executable], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0)

    def _execute_child(self, *given: Any) -> None:
        """With the end of the pipe that it writes to."""
        executes = super()._execute_child  # type: ignore[misc]  # no stub knows it
        output = inspect.signature(executes).bind(*given).arguments["c2pwrite"]
        with self._conversation:
            socket.send_fds(self._conversation, [json.dumps(self._modules).encode()], [self._control, output])
        os.close(output)
        self.pid, self._child_created = self._ahead, True
