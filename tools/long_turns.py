"""Runs a command that only computes in longer turns than what waits for somebody has.

Lanes that take turns of a few milliseconds fill the processors' caches anew each time: six of them together computed a
tenth less in turns of 30 ms. `python -m tools.long_turns COMMAND…` becomes the command, whose children have them too.
"""

import ctypes
import os
import platform
import struct
import sys
from typing import Final

TURN_NS: Final = 30_000_000
CALLS: Final = {"x86_64": 314, "aarch64": 274}
"""The numbers of sched_setattr, which the C library does not have."""
_ATTRIBUTES: Final = struct.Struct("=IIQiIQQQ")
_SCHED_OTHER: Final = 0


def take_long_turns(turn_ns: int = TURN_NS) -> bool:
    """Whether the kernel accepted it. Linux before 6.12 ignores the length of turns."""
    call = CALLS.get(platform.machine())
    if call is None:
        return False
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    attributes = _ATTRIBUTES.pack(_ATTRIBUTES.size, _SCHED_OTHER, 0, nice, 0, turn_ns, 0, 0)
    return bool(ctypes.CDLL(None).syscall(call, 0, attributes, 0) == 0)


def main(command: list[str]) -> None:
    take_long_turns()
    os.execvp(command[0], command)  # noqa: S606 - there is no shell in it


if __name__ == "__main__":
    main(sys.argv[1:])
