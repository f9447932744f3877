"""A clock that a scenario sets for the processes of its rig: they read it from a file, so it steps while they run."""

import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path


class FileClock:
    """Shows a chosen moment that goes on with the machine's time; who has no file shows the machine's."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = -1
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        try:
            stamp = self._path.stat().st_mtime_ns
        except FileNotFoundError:
            return datetime.now(UTC)
        if stamp != self._stamp:
            self._ahead = timedelta(seconds=json.loads(self._path.read_text())["ahead_s"])
            self._stamp = stamp
        return datetime.now(UTC) + self._ahead

    def show(self, moment: datetime) -> None:
        """From now on, for everybody who reads this file."""
        self._write(moment.timestamp() - time.time())

    def step(self, seconds: float) -> None:
        self._write((self() - datetime.now(UTC)).total_seconds() + seconds)

    def _write(self, ahead_s: float) -> None:
        draft = self._path.with_suffix(".draft")
        draft.write_text(json.dumps({"ahead_s": ahead_s}))
        os.replace(draft, self._path)  # noqa: PTH105 - atomic, whoever reads meanwhile
