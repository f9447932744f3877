"""Starts a job in a process of its own, and ends it."""

import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from pydantic import BaseModel

from bus_schemas.limits import clip

STOP_S: Final = 5.0
"""How long a killed process is waited for."""
LONGEST_LINE: Final = 300


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

    def kill(self) -> None:
        self._process.kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_S)


def last_line(log: Path) -> str:
    """The last line that a job has written, where it has written any."""
    with suppress(OSError):
        lines = log.read_text(errors="replace").strip().splitlines()
        return clip(lines[-1], LONGEST_LINE) if lines else ""
    return ""
