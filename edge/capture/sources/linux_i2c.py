"""An I2C bus of Linux, with the methods by which drivers of CircuitPython use one. It needs no library of the board."""

import ctypes
import fcntl
import os
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

DEVICE: Final = Path("/dev/i2c-1")
"""The bus at the pins 3 and 5 of a Raspberry Pi."""
SET_TIMEOUT: Final = 0x0702
TRANSFER: Final = 0x0707
READ: Final = 0x0001
TIMEOUT_TICKS: Final = 100
"""In hundredths of a second: a sensor that holds the clock costs an error, and no thread."""


class NoBus(RuntimeError):
    """The bus cannot be used. The message says what to do."""


class I2cMessage(ctypes.Structure):
    """One direction of a transfer, as the kernel takes it."""

    _fields_ = (
        ("address", ctypes.c_uint16),
        ("flags", ctypes.c_uint16),
        ("length", ctypes.c_uint16),
        ("buffer", ctypes.POINTER(ctypes.c_char)),
    )


class I2cTransfer(ctypes.Structure):
    """Messages without a stop between them."""

    _fields_ = (("messages", ctypes.POINTER(I2cMessage)), ("count", ctypes.c_uint32))


class LinuxI2c:
    """Transfers raise `OSError`."""

    def __init__(self, path: Path) -> None:
        """Raises `NoBus`."""
        try:
            self._device = os.open(path, os.O_RDWR)
        except FileNotFoundError as error:
            raise NoBus(f"there is no {path}: enable the I2C bus of this machine, with raspi-config") from error
        except PermissionError as error:
            raise NoBus(f"{path} may not be opened: add the user of the agent to the group i2c") from error
        except OSError as error:
            raise NoBus(f"{path} cannot be opened: {error.strerror}") from error
        weakref.finalize(self, os.close, self._device)
        fcntl.ioctl(self._device, SET_TIMEOUT, TIMEOUT_TICKS)

    def try_lock(self) -> bool:
        """The kernel lets no other transfer between the messages of one."""
        return True

    def unlock(self) -> None:
        """Nothing was locked."""

    def writeto(self, address: int, buffer: Any, *, start: int = 0, end: int | None = None) -> None:
        self._transfer(address, [_writing(buffer[start:end])])

    def readfrom_into(self, address: int, buffer: Any, *, start: int = 0, end: int | None = None) -> None:
        into = memoryview(buffer)[start:end]
        reading = ctypes.create_string_buffer(max(1, len(into)))
        self._transfer(address, [(reading, READ, len(into))])
        into[:] = reading.raw[: len(into)]

    def writeto_then_readfrom(
        self,
        address: int,
        buffer_out: Any,
        buffer_in: Any,
        *,
        out_start: int = 0,
        out_end: int | None = None,
        in_start: int = 0,
        in_end: int | None = None,
    ) -> None:
        into = memoryview(buffer_in)[in_start:in_end]
        reading = ctypes.create_string_buffer(max(1, len(into)))
        self._transfer(address, [_writing(buffer_out[out_start:out_end]), (reading, READ, len(into))])
        into[:] = reading.raw[: len(into)]

    def _transfer(self, address: int, parts: Sequence[tuple[Any, int, int]]) -> None:
        pointer = ctypes.POINTER(ctypes.c_char)
        messages = (I2cMessage * len(parts))(
            *(I2cMessage(address, flags, length, ctypes.cast(buffer, pointer)) for buffer, flags, length in parts)
        )
        fcntl.ioctl(self._device, TRANSFER, I2cTransfer(ctypes.cast(messages, ctypes.POINTER(I2cMessage)), len(parts)))


def _writing(data: Any) -> tuple[Any, int, int]:
    """The buffer, the flags and the length of a message that is written."""
    return ctypes.create_string_buffer(bytes(data), max(1, len(data))), 0, len(data)
