"""A bounded wait for a condition, so that no test sleeps."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
WITHIN_S = 60.0
"""A bound is there to end a test that fails, and a machine that does twenty things at once is slow: it does not say how
soon something happens.
"""
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.01, 0.25


def eventually(condition: Callable[[], T | None], within: float = WITHIN_S, what: str = "") -> T:
    """The first truthy value of `condition`; AssertionError with the last value after `within` seconds.

    The longer it waits, the less often it asks: most conditions ask a process or a database, which would have nothing
    else to do for a minute.
    """
    began = time.monotonic()
    pause = threading.Event()
    while not (value := condition()):
        waited = time.monotonic() - began
        if waited >= within:
            raise AssertionError(
                f"{what or 'the condition'} did not come true within {within} s; last value: {value!r}"
            )
        pause.wait(min(max(SHORTEST_PAUSE_S, waited / 20), LONGEST_PAUSE_S))
    return value
