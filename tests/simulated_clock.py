"""A clock that moves only when someone waits."""

from datetime import UTC, datetime, timedelta


class SimulatedClock:
    def __init__(self, now: datetime = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)) -> None:
        self.now = now
        self.waited: list[float] = []

    def __call__(self) -> datetime:
        return self.now

    def pause(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.now += timedelta(seconds=seconds)

    def elapsed(self) -> float:
        return self.now.timestamp()
