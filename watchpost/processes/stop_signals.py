"""Ends a process that is told to stop before it has anything to close, as while it imports what it needs.

It imports nothing of the project, so that it is the first thing that runs.
"""

import os
import signal
import sys
from types import FrameType
from typing import Final

STOP_SIGNALS: Final = frozenset({signal.SIGTERM, signal.SIGINT})
PROCESSES: Final = frozenset({"up", "edge", "ingest", "consume", "gateway"})
"""Commands that run until they are told to stop, so that a stop is their success."""


def end_while_starting() -> None:
    """Call it before the imports. A signal that came while the agent of this process started anew is taken here."""
    if len(sys.argv) > 1 and sys.argv[1] in PROCESSES:
        for number in STOP_SIGNALS:
            signal.signal(number, _end)
    else:
        signal.signal(signal.SIGINT, _abort)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)


def take_interrupts() -> None:
    """From here on Ctrl-C is an exception, which the command line catches."""
    if signal.getsignal(signal.SIGINT) is _abort:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _abort(_number: int, _frame: FrameType | None) -> None:
    """As the command line ends a command that somebody interrupts later."""
    os.write(2, b"Aborted.\n")
    os._exit(1)


def _end(_number: int, _frame: FrameType | None) -> None:
    os._exit(0)
