"""Computes rates of counters, from one query to the next."""

import threading
from collections.abc import Hashable, Mapping
from typing import TypeVar

K = TypeVar("K", bound=Hashable)

SHORTEST_S = 1.0


class CounterRates:
    """May be asked from any thread. Questions that follow each other closely get the same answer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[Hashable, int] = {}
        self._at = 0.0
        self._rates: dict[Hashable, float] = {}

    def of(self, counts: Mapping[K, int], now: float) -> dict[K, float]:
        """Growth a second; what was not there before has none yet. `now` in seconds, from any start."""
        with self._lock:
            elapsed = now - self._at
            if elapsed >= SHORTEST_S:
                before = self._counts
                self._rates = {key: (count - before.get(key, count)) / elapsed for key, count in counts.items()}
                self._counts, self._at = {key: count for key, count in counts.items()}, now  # noqa: C416 - widens the type of the keys
            return {key: round(max(self._rates.get(key, 0.0), 0.0), 2) for key in counts}
