"""What ingest says of itself, retained, for the page about the system."""

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from bus_schemas.event import HUB, iso
from bus_schemas.topics import ROOT
from producer.ids import Clock

TOPIC = f"{ROOT}/{HUB}/ingest"
EVERY_SECONDS = 2.0
RUNNING, STOPPED = "running", "stopped"


@dataclass(slots=True)
class Figures:
    """Counts since the start; rates and the longest commit over the time since they were told last."""

    clock: Clock
    started: datetime
    state: str = RUNNING
    counts: Counter[str] = field(default_factory=Counter)
    position: int = 0
    _events_before: int = 0
    _told_at: float = float("-inf")
    _slowest_s: float = 0.0

    def add(self, seconds: float, position: int, counts: dict[str, int]) -> None:
        """One group: how long it took from its arrival to its commit, and what was in it."""
        self.position = position
        self.counts.update(counts)
        self._slowest_s = max(self._slowest_s, seconds)

    def due(self, now: float) -> bool:
        return now - self._told_at >= EVERY_SECONDS

    def tell(self, now: float) -> bytes:
        """`lag_s` is the longest that an event waited here before it was durable."""
        events = self.counts["accepted"]
        rate = (events - self._events_before) / max(now - self._told_at, 0.001)
        told = {
            "time": iso(self.clock()),
            "started": iso(self.started),
            "state": self.state,
            "position": self.position,
            **{name: self.counts[name] for name in ("messages", "accepted", "rejected", "media")},
            "received_per_s": round(rate, 1),
            "lag_s": round(self._slowest_s, 4),
        }
        self._events_before, self._told_at, self._slowest_s = events, now, 0.0
        return json.dumps(told, separators=(",", ":")).encode()
