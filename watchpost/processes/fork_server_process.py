"""The process of a fork server, as the supervisor has it: started, asked to fork, and ended."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from typing import IO, Final

from watchpost.processes.fork_server import FORK, OUTDATED, READY
from watchpost.processes.forked_child import ForkRequest
from watchpost.processes.kernel_calls import adopting_orphans
from watchpost.processes.launching import tied
from watchpost.processes.process_spec import ProcessSpec

LOADS_WITHIN_S: Final = 60.0
FORKS_WITHIN_S: Final = 5.0
ENDS_WITHIN_S: Final = 2.0
_LAST_WORDS_BYTES: Final = 65_536
_NUMBER_BYTES: Final = 16


class ForkedProcess:
    """A child of this process that a fork server has forked."""

    def __init__(self, pid: int, output: IO[bytes]) -> None:
        self.pid = pid
        self.stdout = output
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def send_signal(self, sig: int, /) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)


class ForkServerGone(RuntimeError):
    """It forks no more. The message says why."""


class ForkServerProcess:
    """Raises `OSError` where it cannot be started."""

    def __init__(
        self,
        modules: Sequence[str],
        environ: Mapping[str, str],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._monotonic = monotonic
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, ExitStack() as on_failure:
            on_failure.enter_context(self._control)
            self._process = self._started(theirs.fileno(), modules, environ)
            on_failure.pop_all()
        self._control.settimeout(0)
        self._is_ready = False
        self._ready_until = monotonic() + LOADS_WITHIN_S

    @staticmethod
    def _started(control: int, modules: Sequence[str], environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            tied(sys.executable, "-m", "watchpost.processes.fork_server", str(control), *modules),
            env=environ,
            pass_fds=[control],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            process_group=0,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_ready(self) -> bool:
        """Whether it has loaded its modules. Raises `ForkServerGone`."""
        if not self._is_ready:
            self._is_ready = self._heard() == READY
            if not self._is_ready and self._monotonic() > self._ready_until:
                raise ForkServerGone(f"not ready after {LOADS_WITHIN_S:.0f} s")
        return self._is_ready

    def _heard(self) -> bytes | None:
        """What it says next. Raises `ForkServerGone`."""
        try:
            message = self._control.recv(_NUMBER_BYTES)
        except BlockingIOError:
            return None
        except OSError as error:
            raise ForkServerGone(self.close()) from error
        if not message:
            raise ForkServerGone(self.close())
        return message

    def fork(self, process: ProcessSpec) -> ForkedProcess:
        """Raises `ForkServerGone`, and `OSError` where this process has no more descriptors."""
        reader, writer = os.pipe()
        with ExitStack() as on_failure:
            output = on_failure.enter_context(os.fdopen(reader, "rb", buffering=0))
            with os.fdopen(writer, "wb", buffering=0) as written:
                pid = self.fork_writing_to(written.fileno(), ForkRequest.of(process))
            on_failure.pop_all()
        return ForkedProcess(pid, output)

    def fork_writing_to(self, output: int, request: ForkRequest) -> int:
        """The id of the new process, which is a child of this one and knows what it is to be.

        Raises `ForkServerGone`.
        """
        ours, theirs = socket.socketpair()
        with ours, adopting_orphans():
            with theirs:
                self._ask(theirs.fileno(), output)
            ours.settimeout(FORKS_WITHIN_S)
            try:
                said = ours.recv(_NUMBER_BYTES)
            except TimeoutError as error:
                self._process.kill()
                raise ForkServerGone(f"no answer within {FORKS_WITHIN_S:g} s") from error
            if not said:
                raise self._ended()
            with suppress(OSError):  # It has ended already, and how it ended is known when it is waited for.
                ours.sendall(request.encode())
        return int(said)

    def _ask(self, conversation: int, output: int) -> None:
        try:
            socket.send_fds(self._control, [FORK], [conversation, output])
        except OSError as error:
            raise self._ended() from error

    def _ended(self) -> ForkServerGone:
        """Why it did not fork."""
        with suppress(OSError):
            if self._control.recv(_NUMBER_BYTES) == OUTDATED:
                return ForkServerGone("what is installed has changed")
        return ForkServerGone(self.close())

    def kill(self) -> None:
        """It has nothing to lose, and while it loads it would not notice that nobody needs it."""
        self._process.kill()

    def close(self) -> str:
        """Wait until it has ended; how it ended, and the last line that it wrote."""
        self._control.close()
        try:
            code = self._process.wait(ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return ": ".join([how, *self._last_words()[-1:]])

    def _last_words(self) -> list[str]:
        output = self._process.stdout
        assert output is not None
        if output.closed:
            return []
        with output:
            # A child that was just forked may have it open still.
            os.set_blocking(output.fileno(), False)
            return (output.read(_LAST_WORDS_BYTES) or b"").decode(errors="replace").splitlines()
