"""Makes a forked process what an executed one would be: a child of the supervisor with the command line, environment,
output and priority that it was given.
"""

import json
import os
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from watchpost.processes.kernel_calls import CommandLine, end_with_parent
from watchpost.processes.process_spec import ProcessPriority, ProcessSpec
from watchpost.processes.stop_signals import end_while_starting

_PARENT_POLL_S: Final = 0.0002
_READ_BYTES: Final = 65_536
STDOUT, STDERR = 1, 2


@dataclass(frozen=True)
class ForkRequest:
    """What a forked process is to be. Nobody else reads it: the environment has secrets."""

    module: str
    argv: Sequence[str]
    env: Mapping[str, str]
    priority: str

    @staticmethod
    def of(process: ProcessSpec) -> "ForkRequest":
        assert process.module is not None
        env = os.environ if process.env is None else process.env
        return ForkRequest(process.module, process.argv, dict(env), process.priority.name)

    def encode(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    def run(self, shown: CommandLine) -> None:
        """Run the `main` of the module as if it had been started by this command line."""
        ProcessPriority[self.priority].take()
        # Python sets it for itself where the environment names no locale.
        coerced = {name: value for name, value in os.environ.items() if name == "LC_CTYPE"}
        os.environ.clear()
        os.environ.update({**coerced, **self.env})
        module = sys.modules["__main__"] = sys.modules[self.module]
        sys.orig_argv = list(self.argv)
        options = len(("python", "-m", "module"))
        sys.argv = [str(module.__file__), *self.argv[options:]]
        end_while_starting()
        shown.change(self.argv, self.env)
        module.main()


class ForkedChild:
    """A process that has just been forked, and the sockets with which it got to know the supervisor."""

    def __init__(self, supervisor: int, middle: int, conversation: int, output: int) -> None:
        self._supervisor = supervisor
        self._middle = middle
        self._conversation = conversation
        self._output = output

    def run(self, shown: CommandLine) -> None:
        """It is shown as what forked it until it is what it is to be."""
        for descriptor in (STDOUT, STDERR):
            os.dup2(self._output, descriptor)
        os.close(self._output)
        os.setpgid(0, 0)
        self._wait_for_adoption()
        with socket.socket(fileno=self._conversation) as conversation:
            conversation.sendall(str(os.getpid()).encode())
            request = b"".join(iter(lambda: conversation.recv(_READ_BYTES), b""))
        if request:
            ForkRequest(**json.loads(request)).run(shown)

    def _wait_for_adoption(self) -> None:
        """A child whose supervisor is gone ends: nobody would stop it."""
        while (parent := os.getppid()) != self._supervisor:
            if parent != self._middle:
                os._exit(1)
            time.sleep(_PARENT_POLL_S)
        end_with_parent()
        if os.getppid() != self._supervisor:
            os._exit(1)
