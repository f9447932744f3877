"""Reads an MLX90640 on the I2C bus: 24 x 32 float32 in °C for emissivity 1; the regions correct that later."""

import importlib
import math
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from bus_schemas.thermal import COLUMNS, PIXELS, ROWS
from edge.capture.sources.linux_i2c import DEVICE, LinuxI2c
from edge.capture.sources.source import Pause, SourceUnreachable, ThermalFrame
from producer.ids import Clock

ADDRESS: Final = 0x33
BUS_HERTZ: Final = 400_000
RATES: Final = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
DEFAULT_RATE: Final = 8.0
ATTEMPTS: Final = 3
FRAMES_LOST: Final = 10
RETRY_S: Final = 0.1
TRY_DEAD_AGAIN: Final = 480
"""Frames after which to retry a pixel that the driver could not calculate: a minute at 8 frames a second."""
MOST_DEAD: Final = 32
STATUS: Final = 0x8000
READY: Final = 0x0008
"""A half frame has been measured that nobody has read."""
ASKED_PER_HALF: Final = 8
MOST_HALVES: Final = 4
"""To read, until there is one of each kind: a host that is late misses some."""
SLOW_BUS: Final = (
    f"the bus is slower than the sensor: set it to {BUS_HERTZ} Hz, on a Raspberry Pi by"
    f" dtparam=i2c_arm_baudrate={BUS_HERTZ} in config.txt, or choose a lower refresh_hz"
)
_BROKEN: Final = -200.0  # the driver writes -273.15 for pixels that the sensor's EEPROM lists


class Sensor(Protocol):
    """The part of a driver that is used."""

    def temperatures(self) -> list[float]:
        """768 temperatures of a whole frame for emissivity 1. Raises `OSError`, `RuntimeError` or `ValueError`."""

    def listed_bad(self) -> list[int]:
        """Indices of the pixels that the sensor itself knows to be broken."""


class Mlx90640Source:
    """The only reader of its sensor: a second one, such as a health check, would tear the halves of a frame apart."""

    def __init__(self, connect: Callable[[], Sensor], clock: Clock, pause: Pause) -> None:
        self._connect = connect
        self._clock = clock
        self._pause = pause
        self._sensor: Sensor | None = None
        self._listed: tuple[int, ...] = ()
        self._sequence = 0
        self._lost = 0

    def open(self) -> None:
        try:
            self._sensor = self._connect()
            self._listed = tuple(self._sensor.listed_bad())
        except (ImportError, NameError) as error:
            # The driver names a class of another package, which it does not miss before.
            raise SourceUnreachable(
                f"MLX90640: its driver is not installed ({error}): pip install 'watchpost[mlx90640]'"
            ) from error
        except (OSError, RuntimeError, ValueError, ArithmeticError, LookupError) as error:
            why = str(error) or type(error).__name__
            raise SourceUnreachable(f"MLX90640: {why}") from error
        self._lost = 0

    def read(self) -> ThermalFrame | None:
        """`None` after three attempts: one lost frame is not a lost sensor, but ten in a row are."""
        if self._sensor is None:
            raise SourceUnreachable("MLX90640 is not open")
        why = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                self._pause(RETRY_S)
            try:
                frame = frame_of(self._sensor.temperatures())
            except (OSError, RuntimeError, ValueError, ArithmeticError, LookupError) as error:
                why = f"{type(error).__name__}: {error}"
                continue
            self._sequence += 1
            self._lost = 0
            return ThermalFrame(self._clock(), self._sequence, frame, self._listed)
        self._lost += 1
        if self._lost >= FRAMES_LOST:
            raise SourceUnreachable(f"MLX90640: it is there, but {self._lost} frames in a row cannot be read ({why})")
        return None

    def close(self) -> None:
        self._sensor = None


def frame_of(values: list[float]) -> NDArray[np.float32]:
    frame = np.array(values, np.float32).reshape(ROWS, COLUMNS)
    frame[frame < _BROKEN] = np.nan
    return frame


def refresh_rate(hertz: float) -> int:
    """The sensor's code for a rate; an unsupported rate becomes 8 Hz."""
    return RATES.index(hertz if hertz in RATES else DEFAULT_RATE)


class BadEeprom(ValueError):
    """The calibration that was read is not that of an MLX90640."""


def check_eeprom(words: Sequence[int]) -> None:
    """Raise `BadEeprom`. With such words the driver would divide by zero, or never return: it doubles a value until it
    is large enough, also where the value is zero.
    """
    if len(set(words)) == 1:
        raise BadEeprom(f"all words of its EEPROM are 0x{words[0]:04x}: is it an MLX90640, and is the bus connected?")
    pixels = words[64:832]
    parts = {
        "gain": words[48] != 0,
        "supply voltage": words[51] & 0xFF00 != 0,
        "temperature of the chip": words[50] & 0x03FF != 0,
        "sensitivity": _sensitivity(words) > 0,
        "Kta": words[54] != 0 or words[55] != 0 or any(word & 0x000E for word in pixels),
        "Kv": words[52] != 0,
    }
    missing = [name for name, is_there in parts.items() if not is_there]
    if missing:
        raise BadEeprom(f"its EEPROM is not that of an MLX90640: it has no {', no '.join(missing)}")


def _sensitivity(words: Sequence[int]) -> float:
    """The value of the average pixel, less that of the compensation pixel."""
    scale = words[32] >> 12
    compensation = _signed(words[57] & 0x03FF, 10) / 2.0 ** (scale + 27)
    return words[33] / 2.0 ** (scale + 30) - _signed(words[60] & 0x00FF, 8) / 32 * compensation


def _signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >= 1 << (bits - 1) else value


class AdafruitSensor:
    """`adafruit-circuitpython-mlx90640`, whose `getFrame` would apply a fixed emissivity of 0.95, and would wait for
    ever for a sensor that measures nothing.
    """

    def __init__(
        self,
        hertz: float = DEFAULT_RATE,
        address: int = ADDRESS,
        pause: Pause = time.sleep,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._driver: Any = importlib.import_module("adafruit_mlx90640")
        for listed in ("brokenPixels", "outlierPixels"):
            # The driver appends to lists of its class: pixels of an earlier opening would count again.
            if isinstance(getattr(self._driver.MLX90640, listed), list):
                setattr(self._driver.MLX90640, listed, [])
        self._sensor: Any = _with_checked_eeprom(self._driver)(_open_bus(), address)
        self._sensor.refresh_rate = refresh_rate(hertz)
        self._half_s = 1 / RATES[refresh_rate(hertz)]
        self._pause = pause
        self._seconds = seconds
        self._broken = [int(pixel) for pixel in self._sensor.brokenPixels]
        self._dead: set[int] = set()
        self._frames = 0
        self._values = [0.0] * PIXELS

    def temperatures(self) -> list[float]:
        """Two half frames in a chessboard pattern. With emissivity 1 the reflected temperature cancels out."""
        raw = [0] * 834
        self._frames += 1
        if self._frames % TRY_DEAD_AGAIN == 0:
            self._dead.clear()
        pages: set[int] = set()
        for _ in range(MOST_HALVES):
            self._wait()
            self._read_half(raw)
            reflected = self._sensor._GetTa(raw) - self._driver.OPENAIR_TA_SHIFT
            self._calculate(raw, reflected)
            pages.add(raw[833] & 1)
            if len(pages) == 2:
                return list(self._values)
        raise RuntimeError(f"{MOST_HALVES} half frames in a row were all of page {pages.pop()}")

    def _read_half(self, raw: list[int]) -> None:
        try:
            status = self._sensor._GetFrameData(raw)
        except RuntimeError as error:
            # Each time that the driver had read a half frame, the sensor had measured the next one.
            raise RuntimeError(SLOW_BUS) from error
        if status < 0:
            raise RuntimeError("the sensor gave no frame")

    def _wait(self) -> None:
        """Wait for a half frame. The driver itself would ask without a pause and without an end."""
        status, end = [0], self._seconds() + 2 * self._half_s + 1
        while True:
            self._sensor._I2CReadWords(STATUS, status)
            if status[0] & READY:
                return
            if self._seconds() >= end:
                raise RuntimeError(f"the sensor has measured nothing for {2 * self._half_s + 1:g} s")
            self._pause(self._half_s / ASKED_PER_HALF)

    def listed_bad(self) -> list[int]:
        listed = [*self._broken, *self._sensor.outlierPixels]
        return sorted({int(pixel) for pixel in listed if 0 <= int(pixel) < PIXELS})

    def _calculate(self, raw: list[int], reflected: float) -> None:
        """The driver gives up the whole frame at a pixel that it cannot calculate. Exclude this pixel, like those that
        the sensor lists, and let the driver calculate the same data again.
        """
        for _ in range(MOST_DEAD):
            self._sensor.brokenPixels = [*self._broken, *self._dead]
            half: list[float] = [math.nan] * PIXELS
            try:
                self._sensor._CalculateTo(raw, 1.0, reflected, half)
            except (ArithmeticError, ValueError, TypeError):
                dead = _first_missing(half, raw)
                if dead is None or dead in self._dead:
                    raise
                self._dead.add(dead)
                continue
            for pixel, value in enumerate(half):
                if not math.isnan(value):
                    self._values[pixel] = value
            return
        raise RuntimeError(f"the driver cannot calculate with more than {MOST_DEAD} pixels")


def _open_bus() -> Any:
    """The bus of the library of the board. On a Raspberry Pi that library needs another one for the pins, which it does
    not install, and it does not know every board: then it is the bus of Linux. Raises `NoBus`.
    """
    try:
        board, busio = importlib.import_module("board"), importlib.import_module("busio")
        return busio.I2C(board.SCL, board.SDA, frequency=BUS_HERTZ)
    except (ImportError, NotImplementedError, AttributeError, ValueError):
        return LinuxI2c(DEVICE)


def _with_checked_eeprom(driver: Any) -> Any:
    class CheckedMlx90640(driver.MLX90640):  # type: ignore[misc]  # no types come with the driver
        def _ExtractParameters(self) -> None:  # noqa: N802 - the name is the driver's
            check_eeprom(driver.eeData)
            super()._ExtractParameters()

    return CheckedMlx90640


def _first_missing(half: Sequence[float], raw: Sequence[int]) -> int | None:
    """The first pixel of this half frame without a value: the driver goes through them in order, and ended there."""
    page, chess = raw[833] & 1, raw[832] & 0x1000
    for pixel, value in enumerate(half):
        row, column = divmod(pixel, 32)
        of_page = (row ^ column) & 1 if chess else row & 1
        if of_page == page and math.isnan(value):
            return pixel
    return None
