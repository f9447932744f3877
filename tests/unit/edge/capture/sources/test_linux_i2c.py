"""The I2C bus of Linux: what goes to the kernel, and what is said where there is no bus."""

import errno
import fcntl
import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from edge.capture.sources import mlx90640
from edge.capture.sources.linux_i2c import DEVICE, READ, SET_TIMEOUT, TRANSFER, I2cTransfer, LinuxI2c, NoBus
from edge.capture.sources.mlx90640 import AdafruitSensor, Mlx90640Source
from edge.capture.sources.source import SourceUnreachable
from tests.required import missing
from tests.simulated_clock import SimulatedClock
from tests.simulated_mlx90640 import SimulatedBus

Sent = list[tuple[int, int, bytes]]
"""Address, flags and content of the messages that a kernel was given."""


@pytest.fixture
def device(tmp_path: Path) -> Path:
    path = tmp_path / "i2c-1"
    path.write_bytes(b"")
    return path


def kernel(answer: bytes, sent: Sent) -> Callable[[int, int, Any], int]:
    """Takes transfers, and answers each reading with the first bytes of `answer`."""

    def ioctl(device: int, request: int, argument: Any) -> int:
        if request == SET_TIMEOUT:
            return 0
        assert (request, isinstance(argument, I2cTransfer)) == (TRANSFER, True)
        for message in argument.messages[: argument.count]:
            if message.flags & READ:
                for place, byte in enumerate(answer[: message.length]):
                    message.buffer[place] = bytes([byte])
            sent.append((message.address, message.flags, message.buffer[: message.length]))
        return 0

    return ioctl


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    found: Sent = []
    monkeypatch.setattr(fcntl, "ioctl", kernel(bytes(range(1, 9)), found))
    return found


def test_what_is_written_and_then_read_is_one_transfer(device: Path, sent: Sent) -> None:
    into = bytearray(6)
    LinuxI2c(device).writeto_then_readfrom(0x33, b"\x80\x00", into, in_start=1, in_end=5)

    assert sent == [(0x33, 0, b"\x80\x00"), (0x33, READ, b"\x01\x02\x03\x04")]
    assert into == b"\x00\x01\x02\x03\x04\x00"


def test_a_part_of_a_buffer_is_written_or_read_also_none_of_it(device: Path, sent: Sent) -> None:
    bus, into = LinuxI2c(device), bytearray(3)
    bus.writeto(0x33, b"abcd", start=1, end=3)
    bus.writeto(0x33, b"")
    bus.readfrom_into(0x33, into, end=2)

    assert [content for _, _, content in sent] == [b"bc", b"", b"\x01\x02"]
    assert into == b"\x01\x02\x00"


def test_the_device_is_closed_with_the_bus(device: Path, sent: Sent, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[int] = []
    monkeypatch.setattr(os, "close", closed.append)
    bus = LinuxI2c(device)
    number = bus._device
    del bus

    assert closed == [number]
    monkeypatch.undo()
    os.close(number)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (FileNotFoundError(errno.ENOENT, "No such file"), "enable the I2C bus"),
        (PermissionError(errno.EACCES, "Permission denied"), "to the group i2c"),
        (OSError(errno.EBUSY, "Device or resource busy"), "busy"),
    ],
)
def test_without_a_bus_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, error: OSError, words: str) -> None:
    def refuse(*_: object) -> int:
        raise error

    monkeypatch.setattr(os, "open", refuse)

    with pytest.raises(NoBus, match=words):
        LinuxI2c(DEVICE)


def at_a_simulated_bus(bus: SimulatedBus) -> Callable[[int, int, Any], int]:
    """A kernel whose bus has a sensor."""

    def ioctl(device: int, request: int, argument: Any) -> int:
        if request == TRANSFER:
            first, *rest = argument.messages[: argument.count]
            written = b"" if first.flags & READ else first.buffer[: first.length]
            if not rest:
                bus.writeto(first.address, written)
            for message in rest:
                into = bytearray(message.length)
                bus.writeto_then_readfrom(message.address, written, into)
                for place, byte in enumerate(into):
                    message.buffer[place] = bytes([byte])
        return 0

    return ioctl


def without_the_library_of_the_pins(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the library of the board is on a Raspberry Pi: there, but for what drives the pins."""
    busio = ModuleType("busio")
    busio.__dict__["I2C"] = object
    typing = ModuleType("circuitpython_typing")
    typing.__dict__.update(ReadableBuffer=bytes, WriteableBuffer=bytearray)
    modules = __import__("sys").modules
    for name, module in {"board": None, "busio": busio, "circuitpython_typing": typing}.items():
        monkeypatch.setitem(modules, name, module)


def test_a_sensor_is_read_where_the_library_of_the_board_does_not_work(
    monkeypatch: pytest.MonkeyPatch, device: Path
) -> None:
    if find_spec("adafruit_mlx90640") is None:
        missing("the driver of the MLX90640 is not installed: ./dev setup")
    clock = SimulatedClock()
    bus = SimulatedBus(clock)
    bus.temperatures = 20 + np.arange(768).reshape(24, 32) / 100
    without_the_library_of_the_pins(monkeypatch)
    monkeypatch.setattr(fcntl, "ioctl", at_a_simulated_bus(bus))
    monkeypatch.setattr(mlx90640, "DEVICE", device)
    source = Mlx90640Source(lambda: AdafruitSensor(pause=clock.pause, seconds=clock.elapsed), clock, clock.pause)

    source.open()
    frame = source.read()

    assert frame is not None
    assert frame.temperatures == pytest.approx(bus.temperatures, abs=0.2)


def test_a_machine_without_a_bus_says_so_in_place_of_a_driver_that_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if find_spec("adafruit_mlx90640") is None:
        missing("the driver of the MLX90640 is not installed: ./dev setup")
    without_the_library_of_the_pins(monkeypatch)
    monkeypatch.setattr(mlx90640, "DEVICE", tmp_path / "none")
    clock = SimulatedClock()

    with pytest.raises(SourceUnreachable, match="enable the I2C bus"):
        Mlx90640Source(AdafruitSensor, clock, clock.pause).open()
