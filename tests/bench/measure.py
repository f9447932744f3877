"""Medians and 95th percentiles of many runs."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measurement:
    """Milliseconds a run; `goal_ms` is what it should take, `includes` says what was timed.

    A run of many `items` is told by its rate, whose goal is `goal_per_s`; `limit_ms` is what
    `limit` takes for the same, measured in the same process. `peak_mb` is added by whoever runs the case, unless
    memory is what is measured: then `goal_mb` is what it should be at most, and there are no milliseconds. A detector
    is given by its `precision` and `recall`, both of which should be `goal_share` at least.
    """

    case: str
    median_ms: float
    p95_ms: float
    runs: int
    includes: str
    goal_ms: float | None = None
    items: int = 1
    goal_per_s: float | None = None
    limit: str = ""
    limit_ms: float | None = None
    peak_mb: float | None = None
    goal_mb: float | None = None
    precision: float | None = None
    recall: float | None = None
    goal_share: float | None = None

    @property
    def per_s(self) -> float:
        return self.items / self.median_ms * 1000

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; `None` where there is none."""
        if self.goal_share is not None and self.precision is not None and self.recall is not None:
            return min(self.precision, self.recall) >= self.goal_share
        if self.goal_mb is not None and self.peak_mb is not None:
            return self.peak_mb <= self.goal_mb
        if self.goal_per_s is not None:
            return self.per_s >= self.goal_per_s
        return None if self.goal_ms is None else self.median_ms <= self.goal_ms

    def __str__(self) -> str:
        goal = f" (goal {self.goal_ms:g})" if self.goal_ms is not None else ""
        return f"{self.case}: {self.median_ms:.3f} ms, p95 {self.p95_ms:.3f}{goal}; {self.includes}"


def measured(
    case: str, run: Callable[[], object], includes: str, *, goal_ms: float | None = None, runs: int = 300
) -> Measurement:
    """The first tenth warms up and is not counted."""
    return summary(case, timed([run] * (runs + runs // 10))[runs // 10 :], includes, goal_ms=goal_ms)


def timed(calls: Iterable[Callable[[], object]]) -> list[float]:
    """Milliseconds of each call."""
    taken = []
    for call in calls:
        start = time.perf_counter()
        call()
        taken.append((time.perf_counter() - start) * 1000)
    return taken


def cpu_timed(calls: Iterable[Callable[[], object]]) -> list[float]:
    """Milliseconds of the CPU that each call took: the same on a busy machine."""
    taken = []
    for call in calls:
        start = time.process_time_ns()
        call()
        taken.append((time.process_time_ns() - start) / 1e6)
    return taken


def median(taken: list[float]) -> float:
    return sorted(taken)[len(taken) // 2]


def summary(case: str, taken: list[float], includes: str, *, goal_ms: float | None = None) -> Measurement:
    ordered = sorted(taken)
    return Measurement(
        case=case,
        median_ms=round(ordered[len(ordered) // 2], 4),
        p95_ms=round(ordered[int(len(ordered) * 0.95)], 4),
        runs=len(ordered),
        includes=includes,
        goal_ms=goal_ms,
    )
