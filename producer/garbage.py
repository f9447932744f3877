"""How a process collects garbage."""

import gc
from concurrent.futures import Future
from typing import Final, TypeVar

T = TypeVar("T")

THRESHOLDS: Final = (50_000, 20, 100)
"""How many objects or collections each of three generations waits for; by default the first waits for 700 objects."""


def spare_the_collector() -> None:
    """Call it after the imports: it exempts what is loaded from garbage collection.

    Folding and copying make many objects that live for a batch and no cycles; scanning all of them after every 700
    took half of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)


def results_of(jobs: list[Future[T]]) -> list[T]:
    """Those of all jobs, in their order; raises the first error. Each job is taken out of the list: one that is still
    in it as it raises would be held by the caller's frame, which its own error holds, with all that those frames hold,
    until garbage is collected. That is done after so many objects, however large one of them is.
    """
    found: list[T] = []
    jobs.reverse()
    while jobs:
        found.append(jobs.pop().result())
    return found


def let_go(error: BaseException | None) -> None:
    """Let go of the calls that failed: a library that holds its own error in one of them holds all that they had."""
    while error is not None:
        error.__traceback__ = None
        error = error.__context__
