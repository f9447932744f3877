"""An MLX90640 on the I2C bus: 24 x 32 temperatures with emissivity 1, corrected later and only once."""

import importlib
from collections.abc import Callable
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from edge.sources.source import Pause, SourceUnreachable, ThermalFrame
from producer.ids import Clock

ADDRESS: Final = 0x33
BUS_HERTZ: Final = 400_000
RATES: Final = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
DEFAULT_RATE: Final = 8.0
ATTEMPTS: Final = 3
RETRY_SECONDS: Final = 0.1
_BROKEN: Final = -200.0  # the driver writes -273.15 for pixels that the sensor's EEPROM lists
_PIXELS: Final = 768


class Sensor(Protocol):
    """What is needed of a driver."""

    def temperatures(self) -> list[float]:
        """768 temperatures of a whole frame for emissivity 1. Raises `OSError`, `RuntimeError` or `ValueError`."""

    def listed_bad(self) -> list[int]: ...


class Mlx90640Source:
    """The only reader of its sensor: a health check that read frames too would tear the halves of one apart."""

    def __init__(self, connect: Callable[[], Sensor], clock: Clock, pause: Pause) -> None:
        self._connect = connect
        self._clock = clock
        self._pause = pause
        self._sensor: Sensor | None = None
        self._sequence = 0

    def open(self) -> None:
        try:
            self._sensor = self._connect()
        except (OSError, RuntimeError, ValueError, ImportError) as error:
            raise SourceUnreachable(f"MLX90640: {error}") from error

    def read(self) -> ThermalFrame | None:
        """`None` after three attempts: one lost frame is no lost sensor, which is for the caller to count."""
        if self._sensor is None:
            raise SourceUnreachable("MLX90640 is not open")
        for attempt in range(ATTEMPTS):
            if attempt:
                self._pause(RETRY_SECONDS)
            try:
                values = self._sensor.temperatures()
            except (OSError, RuntimeError, ValueError):
                continue
            self._sequence += 1
            return ThermalFrame(self._clock(), self._sequence, frame_of(values))
        return None

    def listed_bad(self) -> list[int]:
        """Indices of the pixels that the sensor itself knows to be broken."""
        return self._sensor.listed_bad() if self._sensor else []

    def close(self) -> None:
        self._sensor = None


def frame_of(values: list[float]) -> NDArray[np.float32]:
    frame = np.array(values, np.float32).reshape(24, 32)
    frame[frame < _BROKEN] = np.nan
    return frame


def refresh_rate(hertz: float) -> int:
    """The sensor's code for a rate; one that it does not have is read as 8 Hz."""
    return RATES.index(hertz if hertz in RATES else DEFAULT_RATE)


class AdafruitSensor:
    """`adafruit-circuitpython-mlx90640`, of which `getFrame` would apply an emissivity of 0.95 that cannot be set."""

    def __init__(self, hertz: float = DEFAULT_RATE, address: int = ADDRESS) -> None:
        board, busio = importlib.import_module("board"), importlib.import_module("busio")
        self._driver: Any = importlib.import_module("adafruit_mlx90640")
        bus = busio.I2C(board.SCL, board.SDA, frequency=BUS_HERTZ)
        self._sensor: Any = self._driver.MLX90640(bus, address)
        self._sensor.refresh_rate = refresh_rate(hertz)
        self._values = [0.0] * _PIXELS

    def temperatures(self) -> list[float]:
        """Two half frames, a chessboard each. With emissivity 1 the reflected temperature cancels out."""
        raw = [0] * 834
        for _ in range(2):
            if self._sensor._GetFrameData(raw) < 0:
                raise RuntimeError("the sensor gave no frame")
            reflected = self._sensor._GetTa(raw) - self._driver.OPENAIR_TA_SHIFT
            self._sensor._CalculateTo(raw, 1.0, reflected, self._values)
        return list(self._values)

    def listed_bad(self) -> list[int]:
        listed = [*self._sensor.brokenPixels, *self._sensor.outlierPixels]
        return sorted({int(pixel) for pixel in listed if 0 <= int(pixel) < _PIXELS})
