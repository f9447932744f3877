"""The loop of one process over its projections: each goes on at its pace while there is news, the most urgent first."""

import threading
import time
from collections.abc import Callable, Mapping

from consumers.engine.follower import BATCH
from consumers.engine.head_listener import POLL_S
from consumers.engine.retrying import Attempts

Advance = Callable[[], int]
"""Takes a consumer one batch on; by how many positions it went on."""

URGENT_TURN_S = 1.0
"""The most urgent consumer that is behind goes on for this long before the others have their turn."""


class Paces:
    """When each consumer of a loop may go on: so many seconds after a round in which it did, or at once where it is far
    behind. Each batch costs a commit and several looks at files, however little it holds.
    """

    def __init__(self, paces_s: Mapping[str, float], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._paces_s = paces_s
        self._monotonic = monotonic
        self._due = dict.fromkeys(paces_s, 0.0)
        self._waiting: set[str] = set()
        """Those that may have had news before they were due."""

    def is_due(self, name: str) -> bool:
        """Whether it may go on now. If not, another round begins once it may."""
        if self._monotonic() >= self._due[name]:
            self._waiting.discard(name)
            return True
        self._waiting.add(name)
        return False

    def end_round(self, moved: Mapping[str, int]) -> None:
        """`moved` are those that went on, and by how much."""
        now = self._monotonic()
        for name, positions in moved.items():
            self._due[name] = now + (self._paces_s[name] if positions < BATCH else 0.0)

    def rest_s(self) -> float:
        """How long none of them may go on, whatever comes."""
        return max(0.0, min(self._due.values(), default=0.0) - self._monotonic())

    def poll_s(self) -> float:
        """How long to wait for news: until one of those that may have had some is due, or for the slow poll."""
        soonest = min((self._due[name] for name in self._waiting), default=None)
        return POLL_S if soonest is None else min(POLL_S, max(0.0, soonest - self._monotonic()))


def loop(
    consumers: Mapping[str, Advance],
    wakeup: threading.Event,
    stopping: threading.Event,
    paces: Paces,
    attempts: Attempts | None = None,
) -> None:
    """Keep all of them at the head, the most urgent first, each at its pace. One that fails waits and is tried again,
    and the others go on.

    Of those that are far behind, the first goes on for a while before the others take a batch each.
    """
    attempts = attempts or Attempts()
    others_due = time.monotonic() + URGENT_TURN_S
    while not stopping.is_set():
        wakeup.clear()
        moved: dict[str, int] = {}
        for name, step in consumers.items():
            if stopping.is_set():
                return
            if paces.is_due(name):
                moved[name] = attempts.act(name, step) or 0
            if moved.get(name, 0) >= BATCH and time.monotonic() < others_due:
                break
        else:
            others_due = time.monotonic() + URGENT_TURN_S
        paces.end_round(moved)
        if max(moved.values(), default=0) < BATCH:
            rest(wakeup, stopping, paces.rest_s(), paces.poll_s)


def rest(
    wakeup: threading.Event, stopping: threading.Event, pace_s: float, poll_s: Callable[[], float] = lambda: POLL_S
) -> None:
    """At the head: what was committed since the round began sets `wakeup`; no empty round has to look for it."""
    if pace_s:
        stopping.wait(pace_s)
    wakeup.wait(poll_s())
