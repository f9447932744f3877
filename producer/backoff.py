"""Exponential backoff with jitter, for everything that is retried."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

Chance = Callable[[], float]
"""A random number of [0, 1)."""
_chance = Random().random
"""A generator of our own: tests seed the shared one, and then all retries would come at the same time."""
_MAX_STEPS = 128


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits that grow from the first to the longest, each `growth` times the one before. `jitter` is the share of each
    wait that chance may take away, so that parties which failed together do not retry together.
    """

    first_s: float
    longest_s: float
    jitter: float = 0.5
    growth: float = 2.0

    def after(self, failures: int, chance: Chance = _chance) -> float:
        """Seconds to wait after so many failures in a row."""
        steps = min(max(failures, 1) - 1, _MAX_STEPS)
        return min(self.longest_s, self.first_s * self.growth**steps) * (1 - self.jitter * chance())


class Retry:
    """Counts the failures in a row."""

    def __init__(self, backoff: Backoff, chance: Chance = _chance) -> None:
        self._backoff = backoff
        self._chance = chance
        self.failures = 0

    def next_s(self) -> float:
        """Seconds to wait after one more failure."""
        self.failures += 1
        return self._backoff.after(self.failures, self._chance)

    def reset(self) -> None:
        """The attempt has succeeded."""
        self.failures = 0
