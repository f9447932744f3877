"""How busy the machine's processors were while lanes ran: more of them side by side only help while some are idle."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise

import psutil

STEP_S = 60.0


@dataclass(frozen=True)
class ProcessorTimes:
    """Seconds since the machine was started, of all processors together."""

    busy_s: float
    idle_s: float


@dataclass
class ProcessorSamples:
    times: list[ProcessorTimes] = field(default_factory=list)
    """At the begin, after each step and at the end."""

    def summary(self) -> str:
        """What whoever works on the lanes reads: also what processes computed that nobody waited for is in it."""
        first, last = self.times[0], self.times[-1]
        busy_s, idle_s = last.busy_s - first.busy_s, last.idle_s - first.idle_s
        steps = " ".join(f"{_idle_percent(one, next_one):.0f}" for one, next_one in pairwise(self.times))
        return (
            f"the processors were busy for {busy_s:.0f} s and idle for {idle_s:.0f} s; idle minute by minute: {steps} %"
        )


def _idle_percent(one: ProcessorTimes, next_one: ProcessorTimes) -> float:
    idle_s = next_one.idle_s - one.idle_s
    return 100 * idle_s / max(idle_s + next_one.busy_s - one.busy_s, 0.01)


def now() -> ProcessorTimes:
    times = psutil.cpu_times()
    idle_s = times.idle + getattr(times, "iowait", 0.0)
    # What guests compute is in `user` and `nice`, too.
    return ProcessorTimes(sum(times[:8]) - idle_s, idle_s)


@contextmanager
def processor_use(step_s: float = STEP_S, read: Callable[[], ProcessorTimes] = now) -> Iterator[ProcessorSamples]:
    """The use during the block, known once it has ended."""
    use, ended = ProcessorSamples([read()]), threading.Event()

    def watch() -> None:
        while not ended.wait(step_s):
            use.times.append(read())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield use
    finally:
        ended.set()
        watcher.join()
        use.times.append(read())
