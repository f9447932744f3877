"""Starts a job in a process of its own, sees whether it stands still, and ends it."""

import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil
from pydantic import BaseModel

from bus_schemas.limits import clip
from producer.clock import Elapsed

STOP_S: Final = 5.0
"""How long a killed process is waited for."""
LONGEST_LINE: Final = 300
STALLED_S: Final = 300.0
"""A job that makes no progress for so long is ended: it waits for something that never answers, and others for it."""
STALLED: Final = f"it made no progress for {STALLED_S:.0f} s"


class RunningJob:
    """It gets its order on standard input, and writes into a log. `kill` may be called from any thread."""

    def __init__(self, command: Sequence[str], order: BaseModel, log: Path) -> None:
        """Raises `OSError` where it cannot be started."""
        with log.open("wb") as written:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=written, stderr=written, start_new_session=True
            )
        assert self._process.stdin is not None
        with suppress(BrokenPipeError), self._process.stdin as pipe:
            pipe.write(order.model_dump_json().encode())

    def exit_code(self) -> int | None:
        """`None` while it runs; negative where a signal has ended it."""
        return self._process.poll()

    def computed_s(self) -> float:
        """The CPU time of its first thread: whoever works computes, also where it says nothing of how far it is. Other
        threads only look from time to time whether this process is still there.
        """
        with suppress(psutil.Error):
            process = psutil.Process(self._process.pid)
            return sum(one.user_time + one.system_time for one in process.threads() if one.id == process.pid)
        return 0.0

    def kill(self) -> None:
        self._process.kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_S)


class Standstill:
    """Since when the progress of a job is what it is. Not by the clock of the machine, which may be set meanwhile."""

    def __init__(self, elapsed: Elapsed = time.monotonic) -> None:
        self._elapsed = elapsed
        self._moved_at = elapsed()
        self._progress: object = 0.0

    def is_too_long(self, progress: object) -> bool:
        """Ask at each look, with the progress that is seen."""
        if progress != self._progress:
            self._progress, self._moved_at = progress, self._elapsed()
        return self._elapsed() - self._moved_at >= STALLED_S


def last_line(log: Path) -> str:
    """The last line that a job has written, where it has written any."""
    with suppress(OSError):
        lines = log.read_text(errors="replace").strip().splitlines()
        return clip(lines[-1], LONGEST_LINE) if lines else ""
    return ""
