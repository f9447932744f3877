"""Loads our modules once, and forks processes that have them already.

A process of ours computes longer for its imports than for the rest of its start, and has them in memory of its own.
A `ForkLauncher` runs this as `python -m watchpost.processes.fork_server DESCRIPTOR MODULE…`. It has one thread, and no
secrets: what a child needs, only that child reads.
"""

import gc
import importlib
import os
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from watchpost.processes.forked_child import ForkedChild
from watchpost.processes.kernel_calls import CommandLine
from watchpost.processes.stop_signals import STOP_SIGNALS

READY: Final = b"ready"
OUTDATED: Final = b"outdated"
FORK: Final = b"fork"
_MESSAGE_BYTES: Final = 16


def main(arguments: Sequence[str]) -> None:
    # It ends with its supervisor. A child takes the signal that came while it was forked.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    # Whoever started all of this may have it ignored.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    supervisor = os.getppid()
    with socket.socket(fileno=int(arguments[0])) as control:
        # Where the kernel does not let a process say what it is, nobody could tell the children apart.
        shown = CommandLine(sys.orig_argv, os.environ)
        for module in arguments[1:]:
            importlib.import_module(module)
        gc.collect()
        gc.freeze()
        child = _serve(control, supervisor)
    del shown
    if child is not None:
        child.run()


def _serve(control: socket.socket, supervisor: int) -> ForkedChild | None:
    """Fork whenever the supervisor asks, until it is gone or what was loaded has changed on the disk. The child, in the
    child.
    """
    loaded = _written()
    control.send(READY)
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, _MESSAGE_BYTES, 2)
        if not message:
            return None
        if _written() != loaded:
            control.send(OUTDATED)
            return None
        conversation, output = descriptors
        if middle := _fork_twice():
            return ForkedChild(supervisor, middle, conversation, output)
        os.close(conversation)
        os.close(output)


def _fork_twice() -> int | None:
    """In the grandchild the id of its parent, which ends at once: then the supervisor adopts the grandchild."""
    middle = os.fork()
    if middle:
        os.waitpid(middle, 0)
        return None
    middle = os.getpid()
    try:
        if os.fork() == 0:
            return middle
    except OSError:
        pass  # The supervisor sees that nobody answers.
    os._exit(0)


def _written() -> dict[str, int]:
    """When the file of each module was written; zero where it is gone."""
    files = {file for module in sys.modules.values() if (file := vars(module).get("__file__")) is not None}
    return {file: _modified(Path(file)) for file in files}


def _modified(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0


if __name__ == "__main__":
    main(sys.argv[1:])
