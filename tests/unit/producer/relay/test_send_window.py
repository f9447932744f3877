"""How much a connection may have on its way, over links of all kinds."""

import pytest

from producer.relay.send_window import FIRST_WINDOW_BYTES, MAX_WINDOW_BYTES, MIN_WINDOW_BYTES, SendWindow

TICK_S = 0.01


class Link:
    """Takes what the window allows, and carries so much a second."""

    def __init__(self, bytes_per_s: float, round_trip_s: float = 0.0) -> None:
        self.window = SendWindow(round_trip_s)
        self.bytes_per_s = bytes_per_s
        self.queued = 0.0
        self.now = 0.0

    def run(self, seconds: float) -> int:
        """With always something to send; returns the most that was queued in the last half of the time."""
        ends, most = self.now + seconds, 0.0
        while self.now < ends:
            while sent := self.window.room(int(self.queued), self.now):
                self.window.add(sent)
                self.queued += sent
            if self.now > ends - seconds / 2:
                most = max(most, self.queued)
            self.queued = max(0.0, self.queued - self.bytes_per_s * TICK_S)
            self.now += TICK_S
        return int(most)


@pytest.mark.parametrize("bytes_per_s", [20_000, 50_000, 500_000, 5_000_000])
def test_what_waits_is_gone_within_a_third_of_a_second_however_slow_the_link(bytes_per_s: int) -> None:
    assert Link(bytes_per_s).run(10) <= max(bytes_per_s / 3, MIN_WINDOW_BYTES)


def test_a_fast_link_is_open_after_a_moment() -> None:
    link = Link(1_000_000_000)
    link.run(0.2)

    assert link.window.bytes == MAX_WINDOW_BYTES


def test_the_rate_of_the_link_is_known_once_it_was_full() -> None:
    link = Link(50_000)
    assert link.window.bytes_per_s is None
    link.run(10)

    assert link.window.bytes_per_s == pytest.approx(50_000, rel=0.3)


def test_who_sends_little_learns_nothing_of_the_link() -> None:
    window = SendWindow()
    for second in range(100):
        window.room(0, float(second))
        window.add(300)

    assert window.bytes == FIRST_WINDOW_BYTES


def test_a_link_that_gets_slow_and_fast_again_is_followed() -> None:
    link = Link(5_000_000)
    link.run(5)
    link.bytes_per_s = 50_000
    link.run(30)
    slow = link.window.bytes
    link.bytes_per_s = 5_000_000
    link.run(5)

    assert slow < 20_000
    assert link.window.bytes > 500_000
