"""Asks the kernel whether the clock of this machine follows another one, as by NTP."""

import ctypes
from typing import Final

_TIME_ERROR: Final = 5
"""The return value of `adjtimex` for a clock that is not synchronised."""
_BUFFER_BYTES: Final = 512
"""More than `struct timex` has on any machine; all zero, so that nothing is changed."""


def is_synchronised() -> bool | None:
    """`None` where it is unknown."""
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_BUFFER_BYTES))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else bool(state != _TIME_ERROR)
