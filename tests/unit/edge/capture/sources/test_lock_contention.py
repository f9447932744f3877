"""Whether threads wait for each other is measured."""

import threading

import pytest

from edge.capture.sources.lock_contention import CALLS_PER_MEASUREMENT, WAIT_S, LockContention
from tests.eventually import eventually


class Waits:
    """A lock that is had again after so many seconds."""

    def __init__(self) -> None:
        self.now = self.takes_s = 0.0
        self.contention = LockContention(self._release, lambda: self.now)

    def _release(self) -> None:
        self.now += self.takes_s

    def is_high_after(self, measurements: int, takes_s: float) -> bool:
        self.takes_s = takes_s
        for _ in range(measurements * CALLS_PER_MEASUREMENT):
            self.contention.measure()
        return self.contention.is_high


def test_contention_is_high_until_it_was_low_for_a_while_and_again_when_most_have_to_wait() -> None:
    waits = Waits()

    assert waits.is_high_after(5, WAIT_S / 5)
    assert not waits.is_high_after(20, WAIT_S / 5)
    assert not waits.is_high_after(2, 20 * WAIT_S)
    assert not waits.is_high_after(10, WAIT_S / 5)
    assert waits.is_high_after(4, 20 * WAIT_S)


@pytest.mark.thorough
def test_threads_that_keep_the_lock_are_contention() -> None:
    ended, contention = threading.Event(), LockContention()
    contention.is_high, contention._share = False, 0.0

    def work() -> None:
        while not ended.is_set():
            sum(range(1000))

    def is_high() -> bool:
        contention.measure()
        return contention.is_high

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        eventually(is_high)
    finally:
        ended.set()
        for thread in threads:
            thread.join()
