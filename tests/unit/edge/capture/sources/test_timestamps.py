"""What cameras do to their timestamps, and what is made of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import pytest

from edge.capture.sources.timestamps import FileClock, LiveClock

FPS = 25
HOUR = 3600.0
WRAP = 2**32 / 90_000


@dataclass(frozen=True)
class Sent:
    """A packet as it left the camera: when it was taken, its timestamp, and when it arrived."""

    taken: float
    stamp: float | None
    arrival: float


def stream(
    stamp: Callable[[int], float | None],
    *,
    real_fps: float = FPS,
    seconds: float = 60,
    late: Callable[[int], float] = lambda _: 0.0,
    begins: float = 1000.0,
) -> Iterator[Sent]:
    """Packets that arrive in order: one that is held up holds up those behind it."""
    latest = 0.0
    for index in range(round(seconds * real_fps)):
        taken = begins + index / real_fps
        latest = max(latest, taken + late(index))
        yield Sent(taken, stamp(index), latest)


def stall(first: int, seconds: float) -> Callable[[int], float]:
    return lambda index: seconds if index == first else 0.0


def at(index: int) -> float:
    return 7.0 + index / FPS


LIVE = {
    "as it should be": stream(at),
    "two pictures with one timestamp": stream(lambda i: at(i - 1 if i % 50 == 26 else i)),
    "a picture 100 ms back": stream(lambda i: at(i) - 0.14 * (i % 50 == 26)),
    "a lone picture hours ahead": stream(lambda i: at(i) + 2.9 * HOUR * (i % 50 == 25)),
    "a lone picture hours back": stream(lambda i: at(i) - 2.9 * HOUR * (i % 50 == 25)),
    "two pictures hours ahead": stream(lambda i: at(i) + 2.9 * HOUR * (i % 50 in (25, 26))),
    "stamped 25, delivered 21": stream(at, real_fps=21),
    "stamped 25, delivered 28": stream(at, real_fps=28),
    "stamped 25, delivered 10": stream(at, real_fps=10),
    "a jump ahead that stays": stream(lambda i: at(i) + HOUR * (i > 300)),
    "a jump back that stays": stream(lambda i: at(i) - HOUR * (i > 300)),
    "timestamps that wrap around": stream(lambda i: (WRAP - 10 + i / FPS) % WRAP),
    "timestamps that begin anew": stream(lambda i: i % 500 / FPS),
    "no timestamps at all": stream(lambda _: None),
    "no timestamp now and then": stream(lambda i: None if i % 40 == 39 else at(i)),
    "a clock that drifts by a thousandth": stream(lambda i: at(i) * 1.001, seconds=600),
    "jitter of the network": stream(at, late=lambda i: 0.004 * (i * 7 % 5)),
    "a keyframe that takes 150 ms to come": stream(at, late=lambda i: 0.15 * (i % 50 == 20)),
    "one picture in 12 s": stream(lambda i: at(i) * 300, real_fps=1 / 12, seconds=600),
}


@pytest.mark.parametrize("packets", LIVE.values(), ids=LIVE.keys())
def test_times_grow_and_are_true_within_a_tenth_of_a_second(packets: Iterator[Sent]) -> None:
    clock = LiveClock()
    sent = list(packets)
    times = [clock.time(packet.stamp, packet.arrival) for packet in sent]
    wrong = [abs(time - packet.taken) for time, packet in zip(times, sent, strict=True)]

    assert all(later > earlier for earlier, later in pairwise(times))
    assert max(wrong) < 0.1
    assert max(later - earlier for earlier, later in pairwise(times)) < 0.2 + 1.5 * (sent[1].taken - sent[0].taken)
    assert times[-1] - times[0] == pytest.approx(sent[-1].taken - sent[0].taken, rel=0.01)


def test_pictures_that_the_network_held_up_keep_the_times_at_which_they_were_taken() -> None:
    clock = LiveClock()
    sent = list(stream(at, late=stall(500, 3.0)))
    times = [clock.time(packet.stamp, packet.arrival) for packet in sent]

    assert max(packet.arrival - packet.taken for packet in sent) == pytest.approx(3.0)
    assert max(abs(time - packet.taken) for time, packet in zip(times, sent, strict=True)) < 0.02


@pytest.mark.parametrize("counted", [True, False], ids=["which its clock counts", "which its clock does not count"])
def test_after_a_pause_a_microphone_is_at_the_right_time_again(counted: bool) -> None:
    clock = LiveClock()
    before = list(stream(at, seconds=10))
    after = list(stream(lambda i: at(250 + i) + 5.0 * counted, seconds=10, begins=1015.0))
    for packet in before:
        clock.time(packet.stamp, packet.arrival)
    wrong = [abs(clock.time(packet.stamp, packet.arrival) - packet.taken) for packet in after]

    assert max(wrong[2:]) < 0.1


def test_sound_that_begins_later_with_a_clock_of_its_own_is_at_its_time() -> None:
    pictures, sound = LiveClock(), LiveClock()
    seen = [(pictures.time(one.stamp, one.arrival), one.taken) for one in stream(lambda i: i / FPS)]
    received = [(sound.time(one.stamp, one.arrival), one.taken) for one in stream(lambda i: i / FPS, begins=1004.0)]

    assert all(time == pytest.approx(taken, abs=0.02) for time, taken in seen + received)


SHOWN = (0, 3, 1, 2, 6, 4, 5, 9, 7, 8)


def test_pictures_that_are_shown_in_another_order_keep_it() -> None:
    clock = LiveClock()
    order = [group * 10 + place for group in range(30) for place in SHOWN]
    times = [clock.time(7.0 + shown / FPS, 1000.0 + index / FPS, reordered=True) for index, shown in enumerate(order)]

    assert sorted(range(300), key=lambda index: times[index]) == sorted(range(300), key=lambda index: order[index])
    assert times[200] == pytest.approx(1000.0 + 200 / FPS, abs=0.1)


def test_what_was_buffered_before_it_was_read_is_put_back_to_when_it_came() -> None:
    clock = LiveClock()
    held: list[tuple[float | None, float]] = [(None if index == 0 else at(index), 1000.8) for index in range(21)]
    arrivals = clock.prime(held)
    times = [clock.time(stamp, arrival) for (stamp, _), arrival in zip(held, arrivals, strict=True)]

    assert times == pytest.approx([1000.0 + index / FPS for index in range(21)], abs=0.02)
    assert clock.time(at(21), 1000.84) == pytest.approx(1000.84, abs=0.02)


def test_a_file_keeps_its_own_times() -> None:
    clock = FileClock(start=50.0, zero=7.0)

    assert [clock.time(stamp) for stamp in (7.0, 7.04, 7.5, 12.0)] == pytest.approx([50.0, 50.04, 50.5, 55.0])
    assert clock.end == pytest.approx(55.04)


@pytest.mark.parametrize(
    ("stamps", "expected"),
    [
        ((0.0, 0.04, 9000.0, 0.12, 0.16), (0.0, 0.04, 0.08, 0.12, 0.16)),
        ((0.0, 0.04, 9000.0, 9000.04, 9000.08, 9000.12), (0.0, 0.04, 0.08, 0.12, 0.16, 0.2)),
        ((0.0, 0.04, 0.04, 0.12), (0.0, 0.04, 0.041, 0.12)),
        ((5.0, 5.04, 0.0, 0.04, 0.08, 0.12), (5.0, 5.04, 5.08, 5.12, 5.16, 5.2)),
        ((0.0, None, 0.08), (0.0, 0.04, 0.08)),
    ],
    ids=["a lone outlier", "a jump that stays", "one timestamp twice", "a jump back that stays", "none"],
)
def test_what_jumps_in_a_file_is_left_out(stamps: tuple[float | None, ...], expected: tuple[float, ...]) -> None:
    clock = FileClock(start=expected[0], zero=stamps[0] or 0.0)

    assert [clock.time(stamp) for stamp in stamps] == pytest.approx(expected)
