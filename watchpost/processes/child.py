"""A child process of the supervisor: how it is started, what it writes, and how it ended."""

import json
import os
from collections.abc import Iterator
from datetime import datetime
from typing import IO

from producer.backoff import Backoff, Retry
from producer.os_errors import describe_os_error
from watchpost.cli_errors import CliError, IdentityInUse
from watchpost.processes.exit_code import described
from watchpost.processes.launching import Launcher, RunningProcess
from watchpost.processes.process_spec import ProcessSpec
from watchpost.processes.process_state import ProcessState

RESTART = Backoff(0.2, 30.0)
"""Between the starts of a process that keeps ending."""
HEALTHY_AFTER_S = 30.0
LONGEST_LINE = 65536
LONGEST_REASON = 500
REFUSALS = {CliError.code, IdentityInUse.code}


def exit_text(code: int, lived_s: float, last_line: str = "") -> str:
    """A process that refuses to run says why in its last line; one that fails logs the error there."""
    why = last_line if code in REFUSALS else _logged_error(last_line)
    return f"{described(code)} after {lived_s:.1f} s" + (f": {why[:LONGEST_REASON]}" if why else "")


def _logged_error(line: str) -> str:
    """The error that a process logged before it ended."""
    try:
        record = json.loads(line)
    except ValueError:
        return ""
    return str(record.get("event", "")) if isinstance(record, dict) and record.get("level") == "error" else ""


class Child:
    """A process specification and its current state."""

    def __init__(self, process: ProcessSpec, now: datetime) -> None:
        self.process = process
        self.running: RunningProcess | None = None
        self.due = 0.0
        self.since = now
        self.restarts = 0
        self.last_exit: str | None = None
        self._retry = Retry(RESTART)
        self._started = 0.0
        self.silent = True
        self._rest = b""
        self._last_line = ""

    def start(self, launcher: Launcher, monotonic: float, now: datetime) -> None:
        self.running = launcher.launch(self.process)
        os.set_blocking(self.output.fileno(), False)
        self._started, self.since, self.silent = monotonic, now, False

    def put_off(self, error: OSError, monotonic: float, now: datetime) -> str:
        """It could not be started, as without memory or descriptors: it is tried again when its backoff is over."""
        self.last_exit, self.since = f"cannot be started: {describe_os_error(error)}", now
        self.due = monotonic + self._retry.next_s()
        return f"error: {self.last_exit}"

    @property
    def output(self) -> IO[bytes]:
        assert self.running is not None
        assert self.running.stdout is not None
        return self.running.stdout

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
        assert self.running is not None
        assert self.running.returncode is not None
        last_words = list(self.lines())
        if self._rest:
            last_words.append(self._rest.decode(errors="replace"))
        self._rest = b""
        self.output.close()
        lived = monotonic - self._started
        self.last_exit = exit_text(self.running.returncode, lived, last_words[-1] if last_words else self._last_line)
        if lived >= HEALTHY_AFTER_S:
            self._retry.reset()
        self.due = monotonic + self._retry.next_s()
        self.running, self.since = None, now
        return last_words

    def state(self, stopping: bool) -> ProcessState:
        coming_back = self.last_exit is not None and not stopping
        return ProcessState(
            name=self.process.name,
            pid=self.running.pid if self.running else None,
            state="running" if self.running else "restarting" if coming_back else "stopped",
            restarts=self.restarts,
            since=self.since,
            last_exit=self.last_exit,
        )
