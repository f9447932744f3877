"""A clock that stands still until a test sets it."""

from datetime import datetime
from typing import Generic, TypeVar

Time = TypeVar("Time")


class SettableClock(Generic[Time]):
    def __init__(self, now: Time) -> None:
        self.now = now

    def __call__(self) -> Time:
        return self.now


WallClock = SettableClock[datetime]
