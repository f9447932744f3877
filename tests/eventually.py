"""A bounded wait for a condition, so that no test sleeps."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(condition: Callable[[], T | None], within: float = 5.0, what: str = "") -> T:
    """The first truthy value of `condition`; AssertionError with the last value after `within` seconds."""
    deadline = time.monotonic() + within
    pause = threading.Event()
    while not (value := condition()):
        if time.monotonic() >= deadline:
            raise AssertionError(
                f"{what or 'the condition'} did not come true within {within} s; last value: {value!r}"
            )
        pause.wait(0.01)
    return value
