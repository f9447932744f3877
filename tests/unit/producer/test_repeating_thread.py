"""Work that a thread repeats until it is closed."""

import threading

from producer.repeating_thread import RepeatingThread
from tests.eventually import eventually


class Counted(RepeatingThread):
    def __init__(self, until: int, every_s: float = 0.001) -> None:
        super().__init__("counted", every_s)
        self.until = until
        self.count = 0

    def work(self) -> bool:
        self.count += 1
        return self.count < self.until


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate()}


def test_it_works_again_and_again_until_its_block_ends() -> None:
    with Counted(1_000_000) as counted:
        eventually(lambda: counted.count > 3)
        assert not counted.is_ending

    assert counted.is_ending
    assert "counted" not in threads()


def test_it_ends_where_there_is_nothing_more_to_do() -> None:
    with Counted(2) as counted:
        eventually(lambda: "counted" not in threads())

    assert counted.count == 2


def test_a_block_that_ends_at_once_waits_for_no_work() -> None:
    with Counted(1_000_000, every_s=600.0) as counted:
        pass

    assert counted.count == 0
