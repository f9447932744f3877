"""Writes the state of the supervised processes to a file, which the gateway shows."""

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from bus_schemas.event import iso


@dataclass(frozen=True)
class ProcessState:
    name: str
    pid: int | None
    state: Literal["running", "restarting", "stopped"]
    restarts: int
    since: datetime
    last_exit: str | None


def write_states(path: Path, states: Sequence[ProcessState]) -> None:
    """Replaces the file as a whole, because the gateway reads it at any moment. Raises `OSError`."""
    processes = [{**asdict(state), "since": iso(state.since)} for state in states]
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".tmp")
    try:
        half.write_text(json.dumps({"supervisor": os.getpid(), "processes": processes}))
        half.replace(path)
    except OSError:
        with suppress(OSError):
            half.unlink(missing_ok=True)
        raise
