"""Starts the program of a child, so that it ends with the process that started it."""

import os
import subprocess
from typing import IO, Protocol

from watchpost.processes.process_spec import ProcessSpec

IF_CHILD_OF = ("/bin/sh", "-c", '[ "$PPID" = "$1" ] || exit 1; shift; exec "$@"', "sh")
"""A child whose supervisor was killed before it could ask to be killed with it does not start: nobody would stop it."""


class RunningProcess(Protocol):
    """As `subprocess.Popen` has it."""

    @property
    def pid(self) -> int: ...
    @property
    def stdout(self) -> IO[bytes] | None: ...
    @property
    def returncode(self) -> int | None: ...
    def poll(self) -> int | None: ...
    def send_signal(self, sig: int, /) -> None: ...


class Launcher(Protocol):
    """A way to start a child of this process."""

    def is_ready(self, process: ProcessSpec) -> bool:
        """Whether it can be started without waiting."""

    def launch(self, process: ProcessSpec) -> RunningProcess:
        """Called in the main thread: the kernel kills a child when the thread that started it is gone. Raises
        `OSError`.
        """


def tied(*command: str) -> list[str]:
    """The command line of a child that the kernel kills when this process is gone."""
    return ["setpriv", "--pdeathsig", "KILL", "--", *IF_CHILD_OF, str(os.getpid()), *command]


class ProgramLauncher:
    """Executes the program of each child."""

    def is_ready(self, process: ProcessSpec) -> bool:
        return True

    def launch(self, process: ProcessSpec) -> RunningProcess:
        return subprocess.Popen(
            [*process.priority.command, *tied(*process.argv)],
            env=process.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            # A group of its own: Ctrl-C reaches the supervisor alone, which then stops everyone in order.
            process_group=0,
        )
