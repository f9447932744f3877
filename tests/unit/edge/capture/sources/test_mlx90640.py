"""The thermal sensor on the I2C bus, with a driver that answers as told."""

import sys
from collections.abc import Sequence
from types import ModuleType

import numpy as np
import pytest

from edge.capture.sources.mlx90640 import TRY_DEAD_AGAIN, AdafruitSensor, Mlx90640Source, Sensor, refresh_rate
from edge.capture.sources.source import SourceUnreachable
from tests.simulated_clock import SimulatedClock


class Scripted:
    """Answers in turn: a temperature for all pixels, or an error."""

    def __init__(self, *answers: float | Exception) -> None:
        self._answers = list(answers)

    def temperatures(self) -> list[float]:
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return [answer] * 767 + [-273.15]

    def listed_bad(self) -> list[int]:
        return [767]


def source(sensor: Sensor, clock: SimulatedClock) -> Mlx90640Source:
    opened = Mlx90640Source(lambda: sensor, clock, clock.pause)
    opened.open()
    return opened


def test_a_frame_has_the_pixels_that_the_sensor_gave_and_no_others() -> None:
    frame = source(Scripted(31.5), SimulatedClock()).read()

    assert frame is not None
    assert frame.temperatures.shape == (24, 32)
    assert frame.temperatures[0, 0] == 31.5
    assert frame.listed_bad == (767,)
    assert np.isnan(frame.temperatures[23, 31])


def test_a_frame_is_tried_three_times_a_tenth_of_a_second_apart() -> None:
    clock = SimulatedClock()
    frame = source(Scripted(OSError("bus"), RuntimeError("Too many retries"), 30.0), clock).read()

    assert frame is not None
    assert clock.waited == [0.1, 0.1]


def test_after_three_failures_there_is_no_frame_and_the_next_one_is_read() -> None:
    clock = SimulatedClock()
    opened = source(Scripted(*[ValueError("half a frame")] * 3, 30.0), clock)

    assert opened.read() is None
    assert opened.read() is not None


def test_a_sensor_that_is_not_there_is_unreachable() -> None:
    def connect() -> Sensor:
        raise ValueError("No I2C device at address: 0x33")

    with pytest.raises(SourceUnreachable, match="0x33"):
        Mlx90640Source(connect, SimulatedClock(), SimulatedClock().pause).open()


def test_without_the_driver_s_package_it_is_unreachable_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "adafruit_mlx90640", None)
    with pytest.raises(SourceUnreachable, match="driver is not installed"):
        Mlx90640Source(AdafruitSensor, SimulatedClock(), SimulatedClock().pause).open()


@pytest.mark.parametrize(("hertz", "code"), [(0.5, 0), (8, 4), (64, 7), (7, 4), (0, 4)])
def test_an_unknown_refresh_rate_is_read_as_eight_hertz(hertz: float, code: int) -> None:
    assert refresh_rate(hertz) == code


class Driver:
    """As `adafruit_mlx90640.MLX90640` looks to us."""

    brokenPixels: Sequence[int] = (3,)  # noqa: N815 - the driver's name
    outlierPixels: Sequence[int] = (9, 3)  # noqa: N815 - the driver's name
    emissivities: list[float] = []  # noqa: RUF012 - of the class, as the product makes the instance

    def __init__(self, bus: object, address: int) -> None:
        self.refresh_rate = -1
        self._page = 1

    def _I2CReadWords(self, register: int, words: list[int]) -> None:  # noqa: N802 - the driver's name
        words[0] = 0x0008

    def _GetFrameData(self, raw: list[int]) -> int:  # noqa: N802 - the driver's name
        self._page = raw[833] = 1 - self._page
        return self._page

    def _GetTa(self, raw: list[int]) -> float:  # noqa: N802 - the driver's name
        return 33.0

    def _CalculateTo(self, raw: list[int], emissivity: float, reflected: float, result: list[float]) -> None:  # noqa: N802 - the driver's name
        self.emissivities.append(emissivity)
        result[:] = [reflected] * 768


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> type["PixelDriver"]:
    modules = {name: ModuleType(name) for name in ("board", "busio", "adafruit_mlx90640")}
    modules["board"].__dict__.update(SCL=1, SDA=2)
    modules["busio"].__dict__.update(I2C=lambda scl, sda, frequency: frequency)
    modules["adafruit_mlx90640"].__dict__.update(MLX90640=PixelDriver, OPENAIR_TA_SHIFT=8)
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(PixelDriver, "brokenPixels", [])
    monkeypatch.setattr(PixelDriver, "dead", {})
    return PixelDriver


class PixelDriver(Driver):
    """Calculates pixel by pixel as the real one does, a half frame at a time, and gives up at one that it cannot."""

    brokenPixels: Sequence[int] = []  # noqa: N815 - the driver's name
    outlierPixels: Sequence[int] = []  # noqa: N815 - the driver's name
    dead: dict[int, Exception] = {}  # noqa: RUF012 - of the class, as the product makes the instance

    def __init__(self, bus: object, address: int) -> None:
        super().__init__(bus, address)
        assert isinstance(self.brokenPixels, list)
        self.brokenPixels.append(700)

    def _GetFrameData(self, raw: list[int]) -> int:  # noqa: N802 - the driver's name
        self._page = 1 - self._page
        raw[832], raw[833] = 0x1000, self._page
        return self._page

    def _CalculateTo(self, raw: list[int], emissivity: float, reflected: float, result: list[float]) -> None:  # noqa: N802 - the driver's name
        for pixel in range(768):
            if pixel in self.brokenPixels or pixel in self.outlierPixels:
                result[pixel] = -273.15
            elif (pixel // 32 + pixel) % 2 == raw[833]:
                if pixel in self.dead:
                    raise self.dead[pixel]
                result[pixel] = 20.0 + pixel / 100


@pytest.mark.parametrize("error", [ValueError("math domain error"), ZeroDivisionError("float division by zero")])
def test_a_pixel_with_which_the_driver_cannot_calculate_costs_itself(
    driver: type[PixelDriver], error: Exception
) -> None:
    driver.dead = {5: error, 6: error, 767: error}
    clock = SimulatedClock()
    opened = Mlx90640Source(AdafruitSensor, clock, clock.pause)
    opened.open()
    frames = [opened.read() for _ in range(3)]

    for frame in frames:
        assert frame is not None
        assert sorted(np.flatnonzero(np.isnan(frame.temperatures)).tolist()) == [5, 6, 700, 767]
        assert frame.temperatures[0, 4] == pytest.approx(20.04)
        assert frame.temperatures[23, 30] == pytest.approx(27.66)
        assert frame.listed_bad == (700,)
    assert clock.waited == []


def test_a_dead_pixel_that_works_again_is_read_again(driver: type[PixelDriver]) -> None:
    driver.dead = {5: ValueError("math domain error")}
    sensor = AdafruitSensor()
    sensor.temperatures()
    driver.dead = {}
    values = [sensor.temperatures()[5] for _ in range(TRY_DEAD_AGAIN)]

    assert values[0] == -273.15
    assert values[-1] == pytest.approx(20.05)


def test_a_sensor_that_is_opened_again_lists_its_broken_pixels_once(driver: type[PixelDriver]) -> None:
    assert [AdafruitSensor().listed_bad() for _ in range(6)] == [[700]] * 6


@pytest.mark.parametrize("error", [ZeroDivisionError(), IndexError(), OSError("bus"), ValueError("half a frame")])
def test_a_sensor_of_which_no_frame_can_be_read_is_unreachable_after_ten(error: Exception) -> None:
    opened = source(Scripted(*[error] * 30), SimulatedClock())

    assert [opened.read() for _ in range(9)] == [None] * 9
    with pytest.raises(SourceUnreachable, match=f"10 frames in a row.*{type(error).__name__}"):
        opened.read()


def test_a_short_frame_is_none() -> None:
    class Short(Scripted):
        def temperatures(self) -> list[float]:
            return [20.0] * 700

    assert source(Short(), SimulatedClock()).read() is None


def test_the_driver_is_asked_for_emissivity_one(monkeypatch: pytest.MonkeyPatch) -> None:
    modules = {name: ModuleType(name) for name in ("board", "busio", "adafruit_mlx90640")}
    modules["board"].__dict__.update(SCL=1, SDA=2)
    modules["busio"].__dict__.update(I2C=lambda scl, sda, frequency: frequency)
    modules["adafruit_mlx90640"].__dict__.update(MLX90640=Driver, OPENAIR_TA_SHIFT=8)
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    sensor = AdafruitSensor()

    assert sensor.temperatures() == [25.0] * 768
    assert Driver.emissivities == [1.0, 1.0]
    assert sensor.listed_bad() == [3, 9]
