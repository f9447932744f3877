"""Supervises child processes: restarts each one that ends, and stops all of them with itself."""

import json
import os
import selectors
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from types import FrameType
from typing import IO

from producer.backoff import Backoff, Retry
from producer.ids import Clock, utc_now
from watchpost.cli_errors import CliError, IdentityInUse
from watchpost.processes.process_state import ProcessState

RESTART = Backoff(0.2, 30.0)
"""Between the starts of a process that keeps ending."""
HEALTHY_AFTER_S = 30.0
STOPS_UNTIL_KILL = 2  # the second stop signal ends the waiting
STAGE_S = 0.8
KILL_AFTER_S = 8.0
POLL_S = 0.02
REPORT_AGAIN_S = 2.0
SUPERVISOR = "watchpost"
"""The name of the supervisor in its own log lines."""
LONGEST_LINE = 65536
LONGEST_REASON = 500
REFUSALS = {CliError.code, IdentityInUse.code}
LOW_PRIORITY_COMMAND = ("nice", "-n", "10", "chrt", "--batch", "0")
IF_CHILD_OF = ("/bin/sh", "-c", '[ "$PPID" = "$1" ] || exit 1; shift; exec "$@"', "sh")
"""A child whose supervisor was killed before it could ask to be killed with it does not start: nobody would stop it."""
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Monotonic = Callable[[], float]
OnLine = Callable[[str, str], None]
OnState = Callable[[Sequence[ProcessState]], None]


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


@dataclass(frozen=True)
class ProcessSpec:
    """One child; higher stages are stopped first, and `start_when` holds a start back until something else is there.

    A child of `low_priority` runs as a batch job: it takes no processor from a process that has just been woken.
    """

    name: str
    argv: tuple[str, ...]
    stage: int = 0
    low_priority: bool = False
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
                *(LOW_PRIORITY_COMMAND if self.process.low_priority else ()),
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
        self.last_exit, self.since = f"cannot be started: {error}", now
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


class Supervisor:
    """One loop in the main thread: starts, restarts, forwards output, and stops the children in order."""

    def __init__(
        self,
        processes: Sequence[ProcessSpec],
        on_line: OnLine,
        on_state: OnState,
        clock: Clock = utc_now,
        monotonic: Monotonic = time.monotonic,
    ) -> None:
        self._on_line = on_line
        self._on_state = on_state
        self._clock = clock
        self._monotonic = monotonic
        self._children = [Child(process, clock()) for process in processes]
        self._stop_signals = 0
        self._stopping = False
        self._is_unreported = False

    def run(self) -> None:
        """Until SIGINT, SIGTERM or SIGHUP."""
        with self._signals() as wake, selectors.DefaultSelector() as selector:
            selector.register(wake, selectors.EVENT_READ)
            self._report()
            try:
                while not self._stop_signals:
                    self._start_due(selector)
                    if self._is_unreported:
                        self._report()
                    self._turn(selector, self._until_next_start())
            finally:
                self._stop(selector)

    def signal_child(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a child that runs. Another thread may call it."""
        for child in self._children:
            if child.process.name == name and (popen := child.popen) is not None:
                popen.send_signal(number)

    def _start_due(self, selector: selectors.BaseSelector) -> None:
        now = self._monotonic()
        due = [child for child in self._children if child.popen is None and child.due <= now]
        for child in due:
            if child.process.start_when is None or child.process.start_when():
                child.restarts += child.last_exit is not None
                try:
                    child.start(now, self._clock())
                    selector.register(child.output, selectors.EVENT_READ, child)
                except OSError as error:
                    self._on_line(child.process.name, child.put_off(error, now, self._clock()))
                self._report()

    def _until_next_start(self) -> float | None:
        waiting = [child.due for child in self._children if child.popen is None]
        soonest = max(POLL_S, min(waiting) - self._monotonic()) if waiting else None
        if not self._is_unreported:
            return soonest
        return REPORT_AGAIN_S if soonest is None else min(REPORT_AGAIN_S, soonest)

    def _turn(self, selector: selectors.BaseSelector, timeout: float | None) -> None:
        """Wait for a line, the end of a child or a signal, and handle it."""
        for key, _events in selector.select(timeout):
            if isinstance(key.data, Child):
                self._forward(key.data, key.data.lines())
                # At the end of its output a pipe is readable for ever.
                if key.data.silent:
                    selector.unregister(key.fileobj)
            else:
                assert isinstance(key.fileobj, socket.socket)
                key.fileobj.recv(4096)
        for child in self._children:
            if child.popen is not None and child.popen.poll() is not None:
                if not child.silent:
                    selector.unregister(child.output)
                self._forward(child, child.reap(self._monotonic(), self._clock()))
                self._report()

    def _forward(self, child: Child, lines: Iterable[str]) -> None:
        for line in lines:
            self._on_line(child.process.name, line)

    def _stop(self, selector: selectors.BaseSelector) -> None:
        """SIGTERM from the highest stage down, with a moment to end before the next; SIGKILL for the rest."""
        self._stopping = True
        killing = self._monotonic() + KILL_AFTER_S
        for stage in sorted({child.process.stage for child in self._children}, reverse=True):
            self._signal(signal.SIGTERM, stage)
            self._wait_for(selector, stage, self._monotonic() + STAGE_S)
        self._wait_for(selector, 0, killing)
        self._signal(signal.SIGKILL, 0)
        while self._living(0):
            self._turn(selector, POLL_S)
        self._report()

    def _wait_for(self, selector: selectors.BaseSelector, stage: int, deadline: float) -> None:
        """Wait until all of this stage or above have ended, the deadline passes, or a second stop signal comes."""
        while self._living(stage) and self._stop_signals < STOPS_UNTIL_KILL and self._monotonic() < deadline:
            self._turn(selector, POLL_S)

    def _living(self, stage: int) -> list[subprocess.Popen[bytes]]:
        return [child.popen for child in self._children if child.popen and child.process.stage >= stage]

    def _signal(self, number: signal.Signals, stage: int) -> None:
        for popen in self._living(stage):
            popen.send_signal(number)

    def _report(self) -> None:
        """A failed write ends nothing; it is tried again."""
        try:
            self._on_state([child.state(self._stopping) for child in self._children])
        except OSError as error:
            if not self._is_unreported:
                self._on_line(SUPERVISOR, f"the state of the processes cannot be written: {error}")
            self._is_unreported = True
        else:
            self._is_unreported = False

    @contextmanager
    def _signals(self) -> Iterator[socket.socket]:
        """Count the stop signals, and wake the loop for them and for the end of a child."""

        def stop(_number: int, _frame: FrameType | None) -> None:
            self._stop_signals += 1

        def wake_only(_number: int, _frame: FrameType | None) -> None:
            return None

        reader, writer = socket.socketpair()
        with reader, writer:
            reader.settimeout(0)
            writer.settimeout(0)
            before = {number: signal.signal(number, stop) for number in STOP_SIGNALS}
            before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, wake_only)
            woken_before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
            try:
                yield reader
            finally:
                signal.set_wakeup_fd(woken_before)
                for number, handler in before.items():
                    signal.signal(number, handler)
