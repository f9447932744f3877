"""Starts children by having a fork server fork them, and executes their programs where that is not possible."""

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

from producer.os_errors import describe_os_error
from watchpost.processes.fork_server_process import ForkServerGone, ForkServerProcess
from watchpost.processes.launching import ProgramLauncher, RunningProcess
from watchpost.processes.process_spec import ProcessSpec


class ForkLauncher:
    """Has a fork server within its block. One that ends is started again, and costs no child that runs.

    One that cannot be started, or ends before it could fork, is not needed: then each child imports what it needs.
    """

    def __init__(self, modules: Sequence[str], environ: Mapping[str, str], say: Callable[[str], None]) -> None:
        self._modules = modules
        self._environ = environ
        self._say = say
        self._programs = ProgramLauncher()
        self.server: ForkServerProcess | None = None

    def is_ready(self, process: ProcessSpec) -> bool:
        if process.module is None or self.server is None:
            return True
        try:
            return self.server.is_ready()
        except ForkServerGone as gone:
            self._say(f"processes are started without a fork server: {gone}")
            self._end()
            return True

    def launch(self, process: ProcessSpec) -> RunningProcess:
        if process.module is None or self.server is None:
            return self._programs.launch(process)
        try:
            return self.server.fork(process)
        except ForkServerGone as gone:
            self._say(f"the fork server is started again: {gone}")
            self._end()
            self._begin()
        return self._programs.launch(process)

    def _begin(self) -> None:
        try:
            self.server = ForkServerProcess(self._modules, self._environ)
        except OSError as error:
            self._say(f"processes are started without a fork server: {describe_os_error(error)}")

    def _end(self) -> None:
        server, self.server = self.server, None
        if server is not None:
            server.kill()
            server.close()

    def __enter__(self) -> Self:
        self._begin()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end()
