"""Calls of Linux that Python has no function for: adopting orphans, ending with a parent, and what `ps` shows."""

import ctypes
import os
import signal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_SET_DEATH_SIGNAL: Final = 1
_SET_MEMORY: Final = 35
_SET_MEMORY_MAP: Final = 14
_SET_SUBREAPER: Final = 36
_FIELDS_BEFORE: Final = 3
"""Fields of `/proc/PID/stat` that are cut off, number and name of the process; the manual counts from one."""


class _MemoryMap(ctypes.Structure):
    """`struct prctl_mm_map`: where the kernel finds the parts of a process."""

    _fields_ = (
        *((name, ctypes.c_uint64) for name in ("start_code", "end_code", "start_data", "end_data", "start_brk", "brk")),
        *((name, ctypes.c_uint64) for name in ("start_stack", "arg_start", "arg_end", "env_start", "env_end", "auxv")),
        ("auxv_size", ctypes.c_uint32),
        ("exe", ctypes.c_int32),
    )


def _control(option: int, *arguments: int) -> None:
    """Raises `OSError`."""
    library = ctypes.CDLL(None, use_errno=True)
    # It reads whole words, and of a shorter number the rest of its word could be anything.
    if library.prctl(option, *map(ctypes.c_ulong, arguments)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def end_with_parent() -> None:
    """Have the kernel kill this process when the thread of its parent that started or adopted it is gone."""
    _control(_SET_DEATH_SIGNAL, signal.SIGKILL)


@contextmanager
def adopting_orphans() -> Iterator[None]:
    """Meanwhile a descendant whose parent ends becomes a child of this process. Raises `OSError`."""
    _control(_SET_SUBREAPER, 1)
    try:
        yield
    finally:
        _control(_SET_SUBREAPER, 0)


class CommandLine:
    """What `ps` and `/proc` show as the command line and the environment of this process. Keep it as long as the
    process: they are read there.

    Raises `OSError` where the kernel has no way to say so.
    """

    def __init__(self, argv: Sequence[str], environ: Mapping[str, str]) -> None:
        self.change(argv, environ)

    def change(self, argv: Sequence[str], environ: Mapping[str, str]) -> None:
        arguments = _joined(argv)
        text = arguments + _joined(f"{name}={value}" for name, value in environ.items())
        memory = ctypes.create_string_buffer(text, len(text) + 1)
        at = ctypes.addressof(memory)
        parts = _memory_map()
        parts.arg_start, parts.arg_end = at, at + len(arguments)
        parts.env_start, parts.env_end = at + len(arguments), at + len(text)
        _control(_SET_MEMORY, _SET_MEMORY_MAP, ctypes.addressof(parts), ctypes.sizeof(parts), 0)
        # What was shown until now was read until now.
        self._memory = memory


def _joined(texts: Iterable[str]) -> bytes:
    return b"".join(os.fsencode(text) + b"\0" for text in texts)


def _memory_map() -> _MemoryMap:
    """As it is now."""
    numbers = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    code, data, heap, stack = 26, 45, 47, 28
    places = {
        name: int(numbers[field - _FIELDS_BEFORE])
        for name, field in {
            "start_code": code,
            "end_code": code + 1,
            "start_data": data,
            "end_data": data + 1,
            "start_brk": heap,
            "start_stack": stack,
        }.items()
    }
    library = ctypes.CDLL(None)
    library.sbrk.restype = ctypes.c_void_p
    return _MemoryMap(**places, brk=library.sbrk(ctypes.c_long(0)), exe=-1)
