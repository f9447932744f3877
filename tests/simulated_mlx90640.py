"""An MLX90640 at a simulated I2C bus: its registers, its EEPROM, and its half frames in a chessboard pattern."""

from math import sqrt
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.simulated_clock import SimulatedClock

EEPROM, RAM, STATUS, CONTROL = 0x2400, 0x0400, 0x8000, 0x800D
WORDS = 832
_GAIN, _VDD, _PTAT, _ART = 6000, -13056, 6000, 19_442
_CHIP = 23_321
_SCALE, _ALPHA = 8, 27_488
KELVIN = 273.15
READY = 8


def eeprom() -> list[int]:
    """Of a sensor without any deviation of its pixels."""
    words = [0] * WORDS
    words[16] = 0x0000
    words[32] = _SCALE << 12
    words[33] = _ALPHA
    words[48] = _GAIN
    words[49] = _CHIP
    words[50] = 300
    words[51] = (0x9D << 8) | 0x68
    words[52] = 0x1111
    words[54] = words[55] = 0x0101
    words[56] = 0x2363
    words[63] = 0x2363
    words[64:WORDS] = [0x0010] * 768
    return words


class SimulatedBus:
    """As `busio.I2C` looks to the driver. `failures` of the next transfers are errors, as a NACK is."""

    def __init__(self, clock: SimulatedClock, words: list[int] | None = None) -> None:
        self._clock = clock
        self.memory: dict[int, int] = dict(enumerate(eeprom() if words is None else words, EEPROM))
        self.memory |= {STATUS: 0, CONTROL: 0x1901}
        self.temperatures: NDArray[np.float64] = np.full((24, 32), 25.0)
        self.failures = 0
        self.is_frozen = False
        self.is_slow = False
        """Whether the next half frame is there whenever one has been read."""
        self.pages: list[int] = []
        """Of the next half frames; otherwise one after the other."""
        self._measured = 0
        self._page = 1

    def try_lock(self) -> bool:
        return True

    def unlock(self) -> None:
        pass

    def writeto(self, address: int, data: bytes, *, start: int = 0, end: int | None = None) -> None:
        self._transfer(address)
        command = bytes(data)[start:end]
        if len(command) == 4:
            register, word = int.from_bytes(command[:2]), int.from_bytes(command[2:])
            # The page that was measured last can only be read.
            self.memory[register] = word & ~7 | self._page if register == STATUS else word

    def writeto_then_readfrom(self, address: int, out: bytes, into: bytearray, **bounds: int | None) -> None:
        self._transfer(address)
        register, end = int.from_bytes(out[:2]), bounds.get("in_end") or len(into)
        if register == STATUS:
            self._measure()
        words = (self.memory.get(register + n, 0) for n in range(end // 2))
        into[:end] = b"".join(word.to_bytes(2) for word in words)

    def _transfer(self, address: int) -> None:
        if address != 0x33:
            raise OSError(121, "Remote I/O error")
        if self.failures:
            self.failures -= 1
            raise OSError(121, "Remote I/O error")

    def _measure(self) -> None:
        """A half frame is ready an eighth of a second after the one before."""
        number = self._measured + 1 if self.is_slow else int(self._clock.elapsed() * 8)
        if self.is_frozen or number == self._measured:
            return
        self._measured = number
        self._page = self.pages.pop(0) if self.pages else number % 2
        self.memory[STATUS] = READY | self._page
        self._write_half()

    def _write_half(self) -> None:
        rest = {776: 0, 778: _GAIN, 800: _PTAT, 768: _ART, 808: 0, 810: _VDD & 0xFFFF}
        self.memory |= {RAM + place: value for place, value in rest.items()}
        ambient = ((_PTAT / (_PTAT * 8 + _ART)) * 2**18 - _CHIP) / (300 / 8) + 25 + KELVIN
        sensitivity = (_ALPHA + 1) / 2.0 ** (_SCALE + 30)
        counts = np.round(sensitivity * ((self.temperatures + KELVIN) ** 4 - ambient**4)).astype(int)
        for pixel, count in enumerate(counts.ravel().tolist()):
            row, column = divmod(pixel, 32)
            if (row + column) % 2 == self._page:
                self.memory[RAM + pixel] = count & 0xFFFF


def resolution(celsius: float) -> float:
    """Degrees of one count."""
    sensitivity = (_ALPHA + 1) / 2.0 ** (_SCALE + 30)
    return float(sqrt(sqrt((celsius + KELVIN) ** 4 + 1 / sensitivity)) - KELVIN - celsius)


def plug_in(monkeypatch: pytest.MonkeyPatch, bus: SimulatedBus) -> None:
    """The modules of a machine with such a bus, for the real driver."""
    modules: dict[str, dict[str, Any]] = {
        "board": {"SCL": 1, "SDA": 2},
        "busio": {"I2C": lambda scl, sda, frequency: bus},
        "circuitpython_typing": {"ReadableBuffer": bytes, "WriteableBuffer": bytearray},
    }
    for name, values in modules.items():
        module = ModuleType(name)
        module.__dict__.update(values)
        monkeypatch.setitem(__import__("sys").modules, name, module)
