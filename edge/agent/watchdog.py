"""Resets the timers of systemd and of the hardware watchdog, which restart what has stopped working."""

import fcntl
import os
import socket
import struct
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

import structlog

HARDWARE_TIMEOUT_S: Final = 60
RESET_EVERY_S: Final = 5.0
_SET_TIMEOUT: Final = 0xC0045706
"""`WDIOC_SETTIMEOUT` of Linux."""
_MAGIC_CLOSE: Final = b"V"
"""Written before the device is closed, so that the machine goes on without its watchdog."""

log = structlog.get_logger(__name__)


class Timer(Protocol):
    """It acts when `reset` is not called for its time."""

    def reset(self) -> None: ...

    def end(self) -> None: ...


class SystemdTimer:
    """`WatchdogSec` of the unit: systemd kills and starts the process again. Ends with the process."""

    def __init__(self, address: str) -> None:
        self._address = "\0" + address[1:] if address.startswith("@") else address

    @staticmethod
    def of(environ: Mapping[str, str]) -> "SystemdTimer | None":
        """`None` where the unit has no `WatchdogSec`, or the process is a child of the one that systemd watches."""
        address, usec = environ.get("NOTIFY_SOCKET"), environ.get("WATCHDOG_USEC")
        if not address or not usec or environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
            return None
        return SystemdTimer(address)

    def reset(self) -> None:
        self._notify(b"WATCHDOG=1")

    def end(self) -> None:
        self._notify(b"STOPPING=1")

    def _notify(self, state: bytes) -> None:
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
            wire.sendto(state, self._address)


class HardwareTimer:
    """A device such as `/dev/watchdog`: the machine starts again. It runs on over a crash of the process."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        with suppress(OSError):
            # Not every driver takes another time than its own.
            fcntl.ioctl(self._file, _SET_TIMEOUT, struct.pack("i", HARDWARE_TIMEOUT_S))

    def reset(self) -> None:
        with suppress(OSError):
            os.write(self._file, b"\0")

    def end(self) -> None:
        with suppress(OSError):
            os.write(self._file, _MAGIC_CLOSE)
        os.close(self._file)


class Watchdog:
    """All timers of one agent, as a context manager that ends them with it. Used by its main thread."""

    def __init__(self, timers: Sequence[Timer]) -> None:
        self._timers = timers
        self.reset()

    @staticmethod
    def of(environ: Mapping[str, str], device: Path | None) -> "Watchdog":
        """A device that cannot be opened is logged: without it the agent works all the same."""
        timers: list[Timer] = []
        systemd = SystemdTimer.of(environ)
        if systemd is not None:
            timers.append(systemd)
        if device is not None:
            try:
                timers.append(HardwareTimer(device))
            except OSError as error:
                log.error("hardware watchdog cannot be used", device=str(device), reason=error.strerror)
        return Watchdog(timers)

    def reset(self) -> None:
        for timer in self._timers:
            timer.reset()

    def wait(self, stopping: threading.Event, seconds: float) -> None:
        """Wait for so long, or for `stopping`: what waits to begin anew does not hang, and a machine that starts again
        would find the same disk.
        """
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not stopping.wait(min(left, RESET_EVERY_S)):
            self.reset()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for timer in self._timers:
            timer.end()
