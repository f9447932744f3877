"""Reports processes that keep restarting or do not come back as faults of the hub."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from bus_schemas.hub import FaultKind
from watchpost.processes.process_state import ProcessState

WINDOW_S: Final = 300.0
RESTARTS: Final = 2
"""More restarts than this within the window are reported."""
AWAY_S: Final = 10.0
CHECK_EVERY_S: Final = 2.0


class Reporter(Protocol):
    def raise_fault(self, part: str, kind: FaultKind, reason: str) -> None: ...
    def clear_fault(self, part: str, kind: FaultKind) -> None: ...


@dataclass(slots=True)
class _RestartHistory:
    restarts: int = 0
    at: deque[float] = field(default_factory=deque)
    last_exit: str | None = None
    away_since: float | None = None


class RestartWatch:
    """Takes the states of the processes whenever one changes, and checks them every few seconds."""

    def __init__(self, reporter: Reporter, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._reporter = reporter
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._known: dict[str, _RestartHistory] = {}

    def take(self, states: Sequence[ProcessState]) -> None:
        now = self._monotonic()
        with self._lock:
            for state in states:
                known = self._known.setdefault(state.name, _RestartHistory())
                known.at.extend([now] * (state.restarts - known.restarts))
                known.restarts, known.last_exit = state.restarts, state.last_exit
                is_away = state.state == "restarting"
                known.away_since = (known.away_since or now) if is_away else None

    def check(self) -> None:
        now = self._monotonic()
        with self._lock:
            found = {name: self._sentence(name, known, now) for name, known in self._known.items()}
        for name, sentence in found.items():
            if sentence is None:
                self._reporter.clear_fault(name, "system_error")
            else:
                self._reporter.raise_fault(name, "system_error", sentence)

    def run(self, stopping: threading.Event) -> None:
        """In a thread, until `stopping`."""
        while not stopping.wait(CHECK_EVERY_S):
            self.check()

    @staticmethod
    def _sentence(name: str, known: _RestartHistory, now: float) -> str | None:
        while known.at and now - known.at[0] > WINDOW_S:
            known.at.popleft()
        if known.away_since is not None and now - known.away_since > AWAY_S:
            return f"The process {name} does not run: {known.last_exit}. It is started again."
        if len(known.at) < RESTARTS:
            return None
        return (
            f"The process {name} was started again {len(known.at)} times within {WINDOW_S / 60:.0f} minutes:"
            f" {known.last_exit}."
        )
