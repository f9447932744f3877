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
import time
from collections.abc import Sequence
from typing import Final

from watchpost.processes.forked_child import ForkedChild
from watchpost.processes.kernel_calls import CommandLine
from watchpost.processes.loaded_files import LoadedFiles
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
    supervisor, began_ns = os.getppid(), time.time_ns()
    # Where the kernel does not let a process say what it is, nobody could tell the children apart.
    shown = CommandLine(sys.orig_argv, os.environ)
    with socket.socket(fileno=int(arguments[0])) as control:
        for module in arguments[1:]:
            importlib.import_module(module)
        gc.collect()
        gc.freeze()
        child = _serve(control, supervisor, LoadedFiles(began_ns))
    if child is not None:
        child.run(shown)


def _serve(control: socket.socket, supervisor: int, loaded: LoadedFiles) -> ForkedChild | None:
    """Fork whenever the supervisor asks, until it is gone or what was loaded has changed on the disk. The child, in the
    child.
    """
    control.send(READY)
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, _MESSAGE_BYTES, 2)
        if not message:
            return None
        if loaded.have_changed():
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


if __name__ == "__main__":
    main(sys.argv[1:])
