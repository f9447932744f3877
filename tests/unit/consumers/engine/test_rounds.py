"""The rounds of a process of consumers: apart while there is little, without a pause while it catches up."""

import threading
from functools import partial
from pathlib import Path

import pytest

from consumers.engine.consumer_loop import Paces, loop
from consumers.engine.follower import BATCH
from consumers.engine.head_listener import POLL_S
from consumers.registry import consumer_registry
from tests.following import hub_in


class Stopping(threading.Event):
    """Stops after so many rounds, and remembers for how long each rested; `now_s` is when it is asked."""

    def __init__(self, rounds: int, consumers: int) -> None:
        """It is asked before each round, and before each consumer of it."""
        super().__init__()
        self.rests: list[float | None] = []
        self.left = rounds * (1 + consumers)
        self.now_s = 0.0

    def is_set(self) -> bool:
        self.left -= 1
        return self.left < 0

    def wait(self, timeout: float | None = None) -> bool:
        self.rests.append(timeout)
        self.now_s += timeout or 0.0
        return False


class Wakeup(threading.Event):
    """There is news whenever it is waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout)
        return True


def test_rounds_that_find_little_are_apart_and_catching_up_is_not() -> None:
    found = iter([BATCH, 3, 700, BATCH])
    stopping, wakeup = Stopping(rounds=4, consumers=2), Wakeup()
    paces = Paces({"slow": 0.2, "busy": 0.2}, lambda: stopping.now_s)

    loop({"slow": lambda: 0, "busy": lambda: next(found)}, wakeup, stopping, paces)

    assert stopping.rests == [0.2, 0.2]
    # In the second round the slow one was not due yet, and has its turn without news.
    assert wakeup.waits == [0.0, POLL_S]


def test_behind_a_round_that_reached_the_head_none_is_made_before_there_is_news() -> None:
    found = iter([3, 0, BATCH, 5])
    stopping, wakeup = Stopping(rounds=4, consumers=1), Wakeup()

    loop({"busy": lambda: next(found)}, wakeup, stopping, Paces({"busy": 0.0}))

    assert wakeup.waits == [POLL_S, POLL_S, POLL_S]
    assert stopping.rests == []


def test_a_consumer_that_may_rest_costs_one_that_may_not_nothing_and_misses_no_news() -> None:
    stopping, wakeup, asked = Stopping(rounds=5, consumers=2), Wakeup(), list[str]()

    def ask(name: str) -> int:
        asked.append(name)
        stopping.now_s += 0.03
        return 1

    consumers = {name: partial(ask, name) for name in ("calm", "hasty")}
    loop(consumers, wakeup, stopping, Paces({"calm": 0.08, "hasty": 0.0}, lambda: stopping.now_s))

    assert asked == ["calm", "hasty", "hasty", "hasty", "hasty", "calm", "hasty"]
    assert wakeup.waits == [POLL_S, pytest.approx(0.05), pytest.approx(0.02), 0.0, POLL_S]
    assert stopping.rests == []


def test_a_round_ends_before_its_next_consumer_once_the_process_is_to_stop() -> None:
    stopping, asked = threading.Event(), list[str]()

    def ask(name: str) -> int:
        asked.append(name)
        stopping.set()
        return 1

    names = ("first", "second")
    loop({name: partial(ask, name) for name in names}, Wakeup(), stopping, Paces(dict.fromkeys(names, 0.0)))

    assert asked == ["first"]


def test_who_decides_what_people_are_told_does_not_rest(tmp_path: Path) -> None:
    paces = {consumer.name: consumer.pace_s for consumer in consumer_registry(hub_in(tmp_path)).projections()}

    assert {name for name, pace in paces.items() if not pace} == {"alerting"}
