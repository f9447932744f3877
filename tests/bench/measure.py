"""What a benchmark case measured: the spread of its samples, its rate, its memory, and the goal that it is held to."""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure of PERFORMANCE.md, as a number: `at_most` for times and sizes, else at least."""

    value: float
    at_most: bool = True
    text: str = ""

    def met_by(self, measured: float) -> bool:
        return measured <= self.value if self.at_most else measured >= self.value


@dataclass(frozen=True, slots=True)
class Measurement:
    """One row of the table. `median` and `p95` are in `unit`; `limit` was measured beside it in the same run."""

    case: str
    what: str
    unit: str
    median: float
    p95: float
    samples: int
    peak_memory_mb: float | None = None
    limit: float | None = None
    goal: Goal | None = None
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def met(self) -> bool | None:
        return None if self.goal is None else self.goal.met_by(self.median)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "met": self.met}


def spread(samples: Sequence[float]) -> tuple[float, float]:
    """Median and 95th percentile; of rates, the slow end is the 5th, so negate them first."""
    ordered = sorted(samples)
    return statistics.median(ordered), ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]


def durations_ms(act: Callable[[], object], *, times: int, warm: int = 1) -> list[float]:
    """How long each of `times` calls takes, in milliseconds, after `warm` calls that do not count."""
    for _ in range(warm):
        act()
    samples = []
    for _ in range(times):
        begin = time.perf_counter()
        act()
        samples.append((time.perf_counter() - begin) * 1e3)
    return samples


def rates(act: Callable[[], int], *, times: int, warm: int = 1) -> list[float]:
    """How many things a second each of `times` calls gets done; a call says how many it did."""
    for _ in range(warm):
        act()
    samples = []
    for _ in range(times):
        begin = time.perf_counter()
        done = act()
        samples.append(done / (time.perf_counter() - begin))
    return samples


@contextmanager
def peak_memory() -> Iterator[Callable[[], float]]:
    """Peak resident memory of this process in MB since the block was entered."""
    Path("/proc/self/clear_refs").write_text("5")
    yield _high_water_mb


def _high_water_mb() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("the kernel tells no peak of resident memory")
