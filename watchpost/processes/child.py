"""A child process of the supervisor: how it is started, what it writes, and how it ended."""

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import IO

from producer.backoff import Backoff, Retry
from producer.os_errors import describe_os_error
from watchpost.cli_errors import CliError, IdentityInUse
from watchpost.processes.process_state import ProcessState

RESTART = Backoff(0.2, 30.0)
"""Between the starts of a process that keeps ending."""
HEALTHY_AFTER_S = 30.0
LONGEST_LINE = 65536
LONGEST_REASON = 500
REFUSALS = {CliError.code, IdentityInUse.code}
IF_CHILD_OF = ("/bin/sh", "-c", '[ "$PPID" = "$1" ] || exit 1; shift; exec "$@"', "sh")
"""A child whose supervisor was killed before it could ask to be killed with it does not start: nobody would stop it."""


def exit_text(code: int, lived_s: float, last_line: str = "") -> str:
    """A process that refuses to run says why in its last line; one that fails logs the error there."""
    how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    why = last_line if code in REFUSALS else _logged_error(last_line)
    return f"{how} after {lived_s:.1f} s" + (f": {why[:LONGEST_REASON]}" if why else "")


def _logged_error(line: str) -> str:
    """The error that a process logged before it ended."""
    try:
        record = json.loads(line)
    except ValueError:
        return ""
    return str(record.get("event", "")) if isinstance(record, dict) and record.get("level") == "error" else ""


class ProcessPriority(Enum):
    """How urgently a child needs a processor; the value is the command that starts it so."""

    URGENT = ()
    INTERACTIVE = ("nice", "-n", "5")
    """Somebody waits for it, but what takes in and decides goes first."""
    BATCH = ("nice", "-n", "10", "chrt", "--batch", "0")
    """It takes no processor from a process that has just been woken."""


@dataclass(frozen=True)
class ProcessSpec:
    """One child; higher stages are stopped first, and `start_when` holds a start back until something else is there."""

    name: str
    argv: tuple[str, ...]
    stage: int = 0
    priority: ProcessPriority = ProcessPriority.URGENT
    env: Mapping[str, str] | None = field(default=None, repr=False)
    """All of its environment; default that of the supervisor."""

    start_when: Callable[[], bool] | None = None


class Child:
    """A process specification and its current state."""

    def __init__(self, process: ProcessSpec, now: datetime) -> None:
        self.process = process
        self.popen: subprocess.Popen[bytes] | None = None
        self.due = 0.0
        self.since = now
        self.restarts = 0
        self.last_exit: str | None = None
        self._retry = Retry(RESTART)
        self._started = 0.0
        self.silent = True
        self._rest = b""
        self._last_line = ""

    def start(self, monotonic: float, now: datetime) -> None:
        self.popen = subprocess.Popen(
            # The kernel kills it when the thread that spawned it is gone, so children are spawned in the main thread.
            [
                *self.process.priority.value,
                "setpriv",
                "--pdeathsig",
                "KILL",
                "--",
                *IF_CHILD_OF,
                str(os.getpid()),
                *self.process.argv,
            ],
            env=self.process.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            # A group of its own: Ctrl-C reaches the supervisor alone, which then stops everyone in order.
            process_group=0,
        )
        os.set_blocking(self.output.fileno(), False)
        self._started, self.since, self.silent = monotonic, now, False

    def put_off(self, error: OSError, monotonic: float, now: datetime) -> str:
        """It could not be started, as without memory or descriptors: it is tried again when its backoff is over."""
        self.last_exit, self.since = f"cannot be started: {describe_os_error(error)}", now
        self.due = monotonic + self._retry.next_s()
        return f"error: {self.last_exit}"

    @property
    def output(self) -> IO[bytes]:
        assert self.popen is not None
        assert self.popen.stdout is not None
        return self.popen.stdout

    def lines(self) -> Iterator[str]:
        """Complete lines that it has written since the last call."""
        while chunk := self.output.read(LONGEST_LINE):
            *whole, self._rest = (self._rest + chunk).split(b"\n")
            if len(self._rest) > LONGEST_LINE:
                whole, self._rest = [*whole, self._rest], b""
            for line in whole:
                self._last_line = line.decode(errors="replace")
                yield self._last_line
        self.silent = chunk == b""

    def reap(self, monotonic: float, now: datetime) -> list[str]:
        """Collect its last output. It is started again when its backoff is over."""
        assert self.popen is not None
        assert self.popen.returncode is not None
        last_words = list(self.lines())
        if self._rest:
            last_words.append(self._rest.decode(errors="replace"))
        self._rest = b""
        self.output.close()
        lived = monotonic - self._started
        self.last_exit = exit_text(self.popen.returncode, lived, last_words[-1] if last_words else self._last_line)
        if lived >= HEALTHY_AFTER_S:
            self._retry.reset()
        self.due = monotonic + self._retry.next_s()
        self.popen, self.since = None, now
        return last_words

    def state(self, stopping: bool) -> ProcessState:
        coming_back = self.last_exit is not None and not stopping
        return ProcessState(
            name=self.process.name,
            pid=self.popen.pid if self.popen else None,
            state="running" if self.popen else "restarting" if coming_back else "stopped",
            restarts=self.restarts,
            since=self.since,
            last_exit=self.last_exit,
        )
