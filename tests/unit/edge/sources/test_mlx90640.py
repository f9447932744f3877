"""The thermal sensor on the I2C bus, with a driver that answers as told."""

import sys
from types import ModuleType

import numpy as np
import pytest

from edge.sources.mlx90640 import AdafruitSensor, Mlx90640Source, Sensor, refresh_rate
from edge.sources.source import SourceUnreachable
from tests.simulated import SimulatedClock


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


def test_without_the_driver_s_package_it_is_unreachable_and_says_so() -> None:
    with pytest.raises(SourceUnreachable, match="board"):
        Mlx90640Source(AdafruitSensor, SimulatedClock(), SimulatedClock().pause).open()


@pytest.mark.parametrize(("hertz", "code"), [(0.5, 0), (8, 4), (64, 7), (7, 4), (0, 4)])
def test_an_unknown_refresh_rate_is_read_as_eight_hertz(hertz: float, code: int) -> None:
    assert refresh_rate(hertz) == code


class Driver:
    """As `adafruit_mlx90640.MLX90640` looks to us."""

    brokenPixels = (3,)  # noqa: N815
    outlierPixels = (9, 3)  # noqa: N815
    emissivities: list[float] = []  # noqa: RUF012

    def __init__(self, bus: object, address: int) -> None:
        self.refresh_rate = -1

    def _GetFrameData(self, raw: list[int]) -> int:  # noqa: N802
        return 1

    def _GetTa(self, raw: list[int]) -> float:  # noqa: N802
        return 33.0

    def _CalculateTo(self, raw: list[int], emissivity: float, reflected: float, result: list[float]) -> None:  # noqa: N802
        self.emissivities.append(emissivity)
        result[:] = [reflected] * 768


def test_d4_04_the_driver_is_asked_for_emissivity_one(monkeypatch: pytest.MonkeyPatch) -> None:
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
