"""Schedules the faults of a drawn scene."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

FaultKind = Literal["freeze", "black", "silence", "hot_spot", "corrupt_rows", "macroblocks", "zap"]


@dataclass(frozen=True, slots=True)
class SceneFault:
    """From `start_s` after the schedule's origin for `duration_s`, and again after every `every_s` if that is given."""

    kind: FaultKind
    start_s: float
    duration_s: float
    every_s: float | None = None

    def began(self, seconds: float) -> float | None:
        """When the fault that is active at `seconds` began; `None` while none is."""
        if seconds < self.start_s:
            return None
        start = self.start_s
        if self.every_s:
            start += (seconds - start) // self.every_s * self.every_s
        return start if seconds < start + self.duration_s else None


@dataclass(frozen=True, slots=True)
class Schedule:
    origin: datetime
    faults: Sequence[SceneFault] = ()

    def age(self, kind: FaultKind, time: datetime) -> float | None:
        """For how many seconds a fault of that kind has been active at `time`; `None` while none is."""
        seconds = (time - self.origin).total_seconds()
        begun = [began for fault in self.faults if fault.kind == kind and (began := fault.began(seconds)) is not None]
        return seconds - min(begun) if begun else None
