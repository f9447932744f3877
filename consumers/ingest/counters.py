"""The status that ingest publishes, retained, for the system page."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from bus_schemas.protocol import INGEST_RUNNING, IngestStatus
from producer.ids import Clock

EVERY_S = 2.0


@dataclass(slots=True)
class IngestCounters:
    """Counts since the start; rates and the longest commit over the time since they were reported last."""

    clock: Clock
    started: datetime
    state: str = INGEST_RUNNING
    counts: Counter[str] = field(default_factory=Counter)
    position: int = 0
    journal_id: str | None = None
    _events_before: int = 0
    _reported_at: float = float("-inf")
    _slowest_s: float = 0.0

    def add(self, seconds: float, position: int, counts: dict[str, int]) -> None:
        """One group: how long it took from its arrival to its commit, and what was in it."""
        self.position = position
        self.counts.update(counts)
        self._slowest_s = max(self._slowest_s, seconds)

    def due(self, now: float) -> bool:
        return now - self._reported_at >= EVERY_S

    def status(self, now: float) -> IngestStatus:
        events = self.counts["accepted"]
        rate = (events - self._events_before) / max(now - self._reported_at, 0.001)
        status = IngestStatus(
            time=self.clock(),
            started=self.started,
            state=self.state,
            position=self.position,
            messages=self.counts["messages"],
            accepted=events,
            rejected=self.counts["rejected"],
            media=self.counts["media"],
            received_per_s=round(rate, 1),
            lag_s=round(self._slowest_s, 4),
            journal_id=self.journal_id,
        )
        self._events_before, self._reported_at, self._slowest_s = events, now, 0.0
        return status
