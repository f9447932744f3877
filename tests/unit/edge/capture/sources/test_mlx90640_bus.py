"""The MLX90640 with its real driver, at a simulated bus."""

from importlib.util import find_spec

import numpy as np
import pytest

from edge.capture.sources.mlx90640 import AdafruitSensor, BadEeprom, Mlx90640Source, check_eeprom
from edge.capture.sources.source import SourceUnreachable
from tests.required import missing
from tests.simulated_clock import SimulatedClock
from tests.simulated_mlx90640 import WORDS, SimulatedBus, eeprom, plug_in, resolution

ODD = np.indices((24, 32)).sum(axis=0) % 2 == 1


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock()


@pytest.fixture(autouse=True)
def _driver() -> None:
    if find_spec("adafruit_mlx90640") is None:
        missing("the driver of the MLX90640 is not installed: ./dev setup")


def with_words(changes: dict[int, int]) -> list[int]:
    return [changes.get(place, word) for place, word in enumerate(eeprom())]


def opened(monkeypatch: pytest.MonkeyPatch, bus: SimulatedBus, clock: SimulatedClock) -> Mlx90640Source:
    plug_in(monkeypatch, bus)
    source = Mlx90640Source(lambda: AdafruitSensor(pause=clock.pause, seconds=clock.elapsed), clock, clock.pause)
    source.open()
    return source


@pytest.mark.parametrize("level", [-30.0, 0.0, 25.0, 80.0, 250.0])
def test_a_frame_has_the_temperatures_in_front_of_the_sensor(
    monkeypatch: pytest.MonkeyPatch, clock: SimulatedClock, level: float
) -> None:
    bus = SimulatedBus(clock)
    bus.temperatures = level + np.arange(768).reshape(24, 32) / 100
    frame = opened(monkeypatch, bus, clock).read()

    assert frame is not None
    assert frame.temperatures == pytest.approx(bus.temperatures, abs=resolution(level) + 0.02)
    assert frame.listed_bad == ()


def test_both_half_frames_are_of_the_same_frame(monkeypatch: pytest.MonkeyPatch, clock: SimulatedClock) -> None:
    bus = SimulatedBus(clock)
    source = opened(monkeypatch, bus, clock)
    source.read()
    bus.temperatures = np.full((24, 32), 60.0)
    frame = source.read()

    assert frame is not None
    assert frame.temperatures == pytest.approx(np.full((24, 32), 60.0), abs=0.1)


def test_a_half_frame_that_was_missed_is_waited_for(monkeypatch: pytest.MonkeyPatch, clock: SimulatedClock) -> None:
    bus = SimulatedBus(clock)
    source = opened(monkeypatch, bus, clock)
    bus.pages = [0, 0, 1]
    bus.temperatures = np.where(ODD, 70.0, 30.0)
    frame = source.read()

    assert frame is not None
    assert frame.temperatures == pytest.approx(bus.temperatures, abs=0.1)


def test_a_sensor_with_half_frames_of_one_kind_alone_is_unreachable(
    monkeypatch: pytest.MonkeyPatch, clock: SimulatedClock
) -> None:
    bus = SimulatedBus(clock)
    source = opened(monkeypatch, bus, clock)
    bus.pages = [0] * 400

    assert [source.read() for _ in range(9)] == [None] * 9
    with pytest.raises(SourceUnreachable, match="4 half frames in a row were all of page 0"):
        source.read()


def test_a_bus_that_is_slower_than_the_sensor_is_said_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, clock: SimulatedClock
) -> None:
    bus = SimulatedBus(clock)
    source = opened(monkeypatch, bus, clock)
    bus.is_slow = True

    with pytest.raises(SourceUnreachable, match=r"i2c_arm_baudrate=400000 in config.txt, or choose a lower refresh_hz"):
        [source.read() for _ in range(10)]


def test_two_transfers_that_are_not_acknowledged_cost_no_frame(
    monkeypatch: pytest.MonkeyPatch, clock: SimulatedClock
) -> None:
    bus = SimulatedBus(clock)
    source = opened(monkeypatch, bus, clock)
    bus.failures = 2

    assert source.read() is not None
    assert clock.waited.count(0.1) == 2


def test_a_bus_on_which_nothing_is_measured_is_unreachable_after_a_bounded_time(
    monkeypatch: pytest.MonkeyPatch, clock: SimulatedClock
) -> None:
    bus = SimulatedBus(clock)
    source = opened(monkeypatch, bus, clock)
    source.read()
    bus.is_frozen = True
    begun = clock()

    assert source.read() is None
    assert 3.75 <= (clock() - begun).total_seconds() < 5
    for _ in range(8):
        source.read()
    with pytest.raises(SourceUnreachable, match=r"measured nothing for 1.25 s"):
        source.read()


def test_the_bus_is_not_asked_without_a_pause(monkeypatch: pytest.MonkeyPatch, clock: SimulatedClock) -> None:
    opened(monkeypatch, SimulatedBus(clock), clock).read()

    assert clock.waited
    assert set(clock.waited) == {1 / 8 / 8}


def test_pixels_that_the_eeprom_lists_have_no_value(monkeypatch: pytest.MonkeyPatch, clock: SimulatedClock) -> None:
    words = eeprom()
    words[64 + 5], words[64 + 700] = 0, 0x0011
    frame = opened(monkeypatch, SimulatedBus(clock, words), clock).read()

    assert frame is not None
    assert frame.listed_bad == (5, 700)
    assert np.flatnonzero(np.isnan(frame.temperatures)).tolist() == [5, 700]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([0] * WORDS, "all words of its EEPROM are 0x0000"),
        ([0xFFFF] * WORDS, "all words of its EEPROM are 0xffff"),
        (with_words({33: 0}), "no sensitivity"),
        (with_words({48: 0, 52: 0}), "no gain, no Kv"),
        (with_words({54: 0, 55: 0}), "no Kta"),
    ],
)
def test_an_eeprom_that_is_not_that_of_the_sensor_is_refused_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, clock: SimulatedClock, words: list[int], why: str
) -> None:
    with pytest.raises(SourceUnreachable, match=why):
        opened(monkeypatch, SimulatedBus(clock, words), clock)


def test_too_many_broken_pixels_in_the_eeprom_are_said(monkeypatch: pytest.MonkeyPatch, clock: SimulatedClock) -> None:
    words = eeprom()
    words[64:128:8] = [0] * 8
    with pytest.raises(SourceUnreachable, match="More than 4 broken pixels"):
        opened(monkeypatch, SimulatedBus(clock, words), clock)


@pytest.mark.thorough
def test_random_words_are_refused_or_read_in_bounded_time(monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(200):
        words = np.random.default_rng(seed).integers(0, 65_536, WORDS).tolist()
        words[np.random.default_rng(seed).integers(0, 64)] = 0
        try:
            check_eeprom(words)
        except BadEeprom:
            continue
        with pytest.raises(SourceUnreachable):
            opened(monkeypatch, SimulatedBus(SimulatedClock(), words), SimulatedClock()).read()
