"""Describes a child of the supervisor: its command, its environment, and how urgently it needs a processor."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum


class ProcessPriority(Enum):
    """How urgently a child needs a processor: what it adds to its niceness, and whether it is batch work."""

    URGENT = (0, False)
    INTERACTIVE = (5, False)
    """Somebody waits for it, but what takes in and decides goes first."""
    BATCH = (10, True)
    """It takes no processor from a process that has just been woken."""

    @property
    def command(self) -> tuple[str, ...]:
        """The command that starts another one with this priority."""
        niceness, is_batch = self.value
        nice = ("nice", "-n", str(niceness)) if niceness else ()
        return (*nice, "chrt", "--batch", "0") if is_batch else nice

    def take(self) -> None:
        """Give it to this process."""
        niceness, is_batch = self.value
        os.nice(niceness)
        if is_batch:
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


@dataclass(frozen=True)
class ProcessSpec:
    """One child; higher stages are stopped first, and `start_when` holds a start back until something else is there."""

    name: str
    argv: tuple[str, ...]
    stage: int = 0
    priority: ProcessPriority = ProcessPriority.URGENT
    env: Mapping[str, str] | None = field(default=None, repr=False)
    """All of its environment; default that of the supervisor."""

    start_when: Callable[[], bool] | None = None
    module: str | None = None
    """The module whose `main` a Python process of ours runs, as `argv` says too. It can be forked."""
