"""Decides what to restart when a source keeps failing or a driver hangs: the device first, then the agent.

Opening a source again is up to its capture loop. Every rung has a pause before it is taken again.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, Literal

from edge.agent.health import Facts, Kind
from edge.agent.outbox_place import MemoryFolder
from producer.backoff import Backoff, Retry

FAILURES: Final = 3
"""In a row, before its device is restarted."""
HANGS_AFTER_S: Final = 60.0
"""Every call of a driver returns sooner, or never."""
DEVICE_PAUSE: Final = Backoff(first_s=300.0, longest_s=3600.0, jitter=0.0)
AGENT_PAUSE_S: Final = 900.0

Rung = Literal["restart", "restart_agent"]


@dataclass(frozen=True, slots=True)
class RecoveryStep:
    """A restart and its reason: of a device only its sensors of these kinds, the others work on."""

    rung: Rung
    reason: str
    kinds: tuple[Kind, ...] = ()


@dataclass(slots=True)
class DeviceRecovery:
    """For one device. Times are seconds of a monotonic clock."""

    retry: Retry = field(default_factory=partial(Retry, DEVICE_PAUSE))
    again_at: float = float("-inf")
    restarts: int = 0

    def step(self, sources: Sequence[Facts], hangs: Sequence[str], now: float) -> RecoveryStep | None:
        """`hangs` are the names of the capture threads that have made no step for too long."""
        if hangs:
            return RecoveryStep("restart_agent", f"{', '.join(hangs)} has made no step for {HANGS_AFTER_S:g} s")
        if all(one.status(now) == "healthy" for one in sources):
            self.retry.reset()
            return None
        failing = [one for one in sources if one.failures >= FAILURES or one.status(now) == "stale"]
        if not failing or now < self.again_at:
            return None
        self.again_at = now + self.retry.next_s()
        self.restarts += 1
        worst = max(failing, key=lambda one: one.failures)
        why = f"{worst.kind}: {worst.why(now) or 'it gives nothing'}"
        return RecoveryStep("restart", why, tuple(one.kind for one in failing))


class AgentRestarts:
    """Remembers over a restart when the agent restarted itself last, by the time since the machine began: on its disk,
    or in memory where the disk takes nothing. A card that wears out must not keep a driver that hangs.
    """

    def __init__(self, path: Path, memory: MemoryFolder) -> None:
        self._path = path
        self._memory = memory

    def may_restart(self, since_boot_s: float) -> bool:
        """Not within a quarter of an hour of the last time; a machine that has started since then counts anew."""
        return not any(0 <= since_boot_s - last_s < AGENT_PAUSE_S for last_s in self._last_times_s())

    def note(self, since_boot_s: float) -> None:
        """Raises `OSError`: what cannot be remembered is not done."""
        text = json.dumps({"restarted_s": since_boot_s})
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(text)
        except OSError:
            if (folder := self._memory.make()) is None:
                raise
            (folder / self._path.name).write_text(text)

    def _last_times_s(self) -> Iterator[float]:
        folder = self._memory.find()
        for path in (self._path,) if folder is None else (self._path, folder / self._path.name):
            with suppress(OSError, ValueError, RecursionError):
                found = json.loads(path.read_text())
                if isinstance(found, Mapping) and isinstance(found.get("restarted_s"), int | float):
                    yield float(found["restarted_s"])
