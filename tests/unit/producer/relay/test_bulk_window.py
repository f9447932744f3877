"""How many pictures are on their way while events are slow."""

from collections import deque

from producer.mqtt import MAX_IN_FLIGHT
from producer.relay.bulk_window import FIRST_MESSAGES, SLOW_S, BulkWindow
from producer.relay.hidden_delay import HiddenDelay

PICTURE_BYTES, EVENT_BYTES = 20_000, 1_000
TICKS_PER_S = 10


class Tunnel:
    """Takes all bytes at once, and carries so many a second, in the order in which they came."""

    def __init__(self, bytes_per_s: int) -> None:
        self.window, self._hidden = BulkWindow(), HiddenDelay()
        self._bytes_per_s = bytes_per_s
        self._queue: deque[tuple[bool, float, float]] = deque()
        """Whether it is a picture, when it came, and when it has been carried."""
        self._free_at = 0.0
        self.pictures = 0

    def run(self, seconds: int) -> list[float]:
        """With always a picture to send, and an event each fifth of a second; how long events took in the last half."""
        took: list[float] = []
        for tick in range(seconds * TICKS_PER_S):
            now = tick / TICKS_PER_S
            took += self._arrive(now)
            if tick % 2 == 0:
                self._put(now, EVENT_BYTES, is_picture=False)
            while self._in_flight() < self.window.messages and self._hidden.overdue_s(self._oldest(), now) <= SLOW_S:
                self._put(now, PICTURE_BYTES, is_picture=True)
        return took[len(took) // 2 :]

    def _put(self, now: float, size: int, *, is_picture: bool) -> None:
        self._free_at = max(self._free_at, now) + size / self._bytes_per_s
        self._queue.append((is_picture, now, self._free_at))

    def _arrive(self, now: float) -> list[float]:
        took = []
        while self._queue and self._queue[0][2] <= now:
            is_picture, sent, _ = self._queue.popleft()
            self.pictures += is_picture
            if not is_picture:
                self._hidden.acknowledge(sent, now)
                took.append(now - sent)
        self.window.update(self.pictures, self._in_flight(), self._hidden.delay_s(self._oldest(), now), now)
        return took

    def _in_flight(self) -> int:
        return sum(is_picture for is_picture, _, _ in self._queue)

    def _oldest(self) -> float | None:
        return next((sent for is_picture, sent, _ in self._queue if not is_picture), None)


def test_events_are_quick_through_a_tunnel_that_takes_everything_and_pictures_fill_what_is_left() -> None:
    tunnel = Tunnel(50_000)
    took = tunnel.run(120)

    assert sorted(took)[len(took) * 99 // 100] < 2.0
    assert tunnel.pictures * PICTURE_BYTES > 0.6 * 120 * 50_000


def test_through_a_fast_one_pictures_wait_for_nothing() -> None:
    tunnel = Tunnel(5_000_000)
    tunnel.run(10)

    assert tunnel.window.messages == MAX_IN_FLIGHT


def test_a_window_that_is_not_used_up_stays_as_it_is() -> None:
    window = BulkWindow()
    for number in range(1, 50):
        window.update(number, 0, 0.0, float(number))

    assert window.messages == FIRST_MESSAGES


def test_one_delay_halves_it_once_and_one_message_is_always_allowed() -> None:
    window = BulkWindow()
    for acknowledged in range(4, 30, 2):
        window.update(acknowledged, window.messages, 0.0, 0.0)
    wide = window.messages
    for tenth in range(40):
        window.update(30, 1, 5.0, 1 + tenth / 10)

    assert window.messages == wide // 2
    for second in range(5, 100, 5):
        window.update(30, 1, 5.0, 1.0 + second)
    assert window.messages == 1
