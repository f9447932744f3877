"""Supervises child processes: restarts each one that ends, and stops all of them with itself."""

import selectors
import signal
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from producer.ids import Clock, utc_now
from producer.os_errors import describe_os_error
from watchpost.processes.child import Child
from watchpost.processes.launching import Launcher, ProgramLauncher, RunningProcess
from watchpost.processes.process_spec import ProcessSpec
from watchpost.processes.process_state import ProcessState

STOPS_UNTIL_KILL = 2  # the second stop signal ends the waiting
STAGE_S = 0.8
KILL_AFTER_S = 8.0
POLL_S = 0.02
REPORT_AGAIN_S = 2.0
"""After a report that could not be written."""
REPORT_EVERY_S = 10.0
"""Also where nothing has changed: what was written may have been deleted."""
SUPERVISOR = "watchpost"
"""The name of the supervisor in its own log lines."""
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Monotonic = Callable[[], float]
OnLine = Callable[[str, str], None]
OnState = Callable[[Sequence[ProcessState]], None]


class Supervisor:
    """One loop in the main thread: starts, restarts, forwards output, and stops the children in order."""

    def __init__(
        self,
        processes: Sequence[ProcessSpec],
        on_line: OnLine,
        on_state: OnState,
        launcher: Launcher | None = None,
        clock: Clock = utc_now,
        monotonic: Monotonic = time.monotonic,
    ) -> None:
        self._on_line = on_line
        self._on_state = on_state
        self._launcher = launcher or ProgramLauncher()
        self._clock = clock
        self._monotonic = monotonic
        self._children = [Child(process, clock()) for process in processes]
        self._stop_signals = 0
        self._stopping = False
        self._is_unreported = False
        self._report_due = 0.0

    def run(self) -> None:
        """Until SIGINT, SIGTERM or SIGHUP."""
        with self._signals() as wake, selectors.DefaultSelector() as selector:
            selector.register(wake, selectors.EVENT_READ)
            self._report()
            try:
                while not self._stop_signals:
                    self._start_due(selector)
                    if self._report_due <= self._monotonic():
                        self._report()
                    self._turn(selector, self._until_next_act())
            finally:
                self._stop(selector)

    def signal_child(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a child that runs. Another thread may call it."""
        for child in self._children:
            if child.process.name == name and (running := child.running) is not None:
                running.send_signal(number)

    def _start_due(self, selector: selectors.BaseSelector) -> None:
        now = self._monotonic()
        due = [child for child in self._children if child.running is None and child.due <= now]
        for child in due:
            if self._may_start(child.process):
                child.restarts += child.last_exit is not None
                try:
                    child.start(self._launcher, now, self._clock())
                    selector.register(child.output, selectors.EVENT_READ, child)
                except OSError as error:
                    self._on_line(child.process.name, child.put_off(error, now, self._clock()))
                self._report()

    def _may_start(self, process: ProcessSpec) -> bool:
        return self._launcher.is_ready(process) and (process.start_when is None or process.start_when())

    def _until_next_act(self) -> float:
        """Seconds until the next start of a child, or the next report."""
        due = [self._report_due, *(child.due for child in self._children if child.running is None)]
        return max(POLL_S, min(due) - self._monotonic())

    def _turn(self, selector: selectors.BaseSelector, timeout: float) -> None:
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
            if child.running is not None and child.running.poll() is not None:
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

    def _living(self, stage: int) -> list[RunningProcess]:
        return [child.running for child in self._children if child.running and child.process.stage >= stage]

    def _signal(self, number: signal.Signals, stage: int) -> None:
        for running in self._living(stage):
            running.send_signal(number)

    def _report(self) -> None:
        """A failed write ends nothing; it is tried again."""
        try:
            self._on_state([child.state(self._stopping) for child in self._children])
        except OSError as error:
            if not self._is_unreported:
                self._on_line(SUPERVISOR, f"the state of the processes cannot be written: {describe_os_error(error)}")
            self._is_unreported = True
        else:
            self._is_unreported = False
        self._report_due = self._monotonic() + (REPORT_AGAIN_S if self._is_unreported else REPORT_EVERY_S)

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
