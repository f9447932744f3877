"""Watches whether this process has file descriptors left: without one, new connections end without an answer."""

import errno
import os
import resource
from collections.abc import Callable
from time import monotonic
from typing import Final

from consumers.hub_faults import FaultReporter

PART: Final = "gateway"
HOLDS_S: Final = 30.0
"""So long after it last had none it is still said: clients come and go within a second."""


def has_spare() -> bool:
    """Whether one more file could be opened now."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
    except OSError as error:
        return error.errno not in (errno.EMFILE, errno.ENFILE)
    return True


class DescriptorWatch:
    """`look` is called once a second; `report` says it over a connection to the broker, which is open already."""

    def __init__(self, has_one: Callable[[], bool] = has_spare, now: Callable[[], float] = monotonic) -> None:
        self._has_one = has_one
        self._now = now
        self._none_at: float | None = None

    def look(self) -> None:
        if not self._has_one():
            self._none_at = self._now()

    def report(self, faults: FaultReporter) -> None:
        if self._none_at is not None and self._now() - self._none_at < HOLDS_S:
            limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
            sentence = (
                f"The gateway has no free file descriptor: all {limit:,} are in use, and new connections end at once."
            )
            faults.raise_fault(PART, "system_error", sentence)
        elif self._none_at is not None:
            self._none_at = None
            faults.clear_fault(PART, "system_error")
