"""How far one stream is sent and confirmed, and what to do when nothing moves: decisions without I/O."""

from collections import deque
from dataclasses import dataclass, field, replace
from typing import Final

from producer.backlog import Stream

PATIENCE_SECONDS: Final = 1.0
MAX_PATIENCE_SECONDS: Final = 30.0


@dataclass(slots=True)
class Cursor:
    """All times are of a monotonic clock, in seconds."""

    stream: Stream
    sent: int = 0
    news_at: float = 0.0
    retries: int = 0
    """How often it went back, since ingest last said something."""
    _progress_at: float = 0.0
    _bytes: int = 0
    _messages: deque[tuple[int, int]] = field(default_factory=deque)
    """The last sequence and the bytes of each message past the watermark."""

    def __post_init__(self) -> None:
        self.sent = self.stream.watermark

    @property
    def outstanding(self) -> int:
        """Sequences that are sent and not confirmed."""
        return self.sent - self.stream.watermark

    @property
    def outstanding_bytes(self) -> int:
        return self._bytes

    @property
    def unsent(self) -> int:
        return self.stream.sequence - self.sent

    @property
    def probing(self) -> bool:
        """Ingest is silent: one message at a time asks whether it listens, until it says something."""
        return self.retries > 0

    def saw(self, stream: Stream, now: float) -> None:
        """Take in how far the outbox reaches; the watermark is ours to know."""
        if stream.sequence > self.stream.sequence and self.unsent <= 0:
            self.news_at = now
        self.stream = replace(stream, watermark=self.stream.watermark)

    def sent_upto(self, sequence: int, size: int, now: float) -> None:
        if not self.outstanding:
            self._progress_at = now
        self.sent = sequence
        self._bytes += size
        self._messages.append((sequence, size))

    def confirmed(self, watermark: int, now: float) -> None:
        """Ingest named a watermark, above, at or below the one before."""
        back = watermark < self.stream.watermark
        heard_again = self.probing
        if watermark != self.stream.watermark:
            self._progress_at = now
        self.stream = replace(self.stream, watermark=watermark)
        self.retries = 0
        if back or heard_again:
            self.go_back()
            return
        self.sent = max(self.sent, watermark)
        while self._messages and self._messages[0][0] <= watermark:
            self._bytes -= self._messages.popleft()[1]

    def go_back(self) -> None:
        self.sent = self.stream.watermark
        self._messages.clear()
        self._bytes = 0

    def stalls_at(self) -> float | None:
        """When to lose patience: 1, 2, 4 … 30 s after the last progress; None while nothing is outstanding."""
        if not self.outstanding:
            return None
        return self._progress_at + min(PATIENCE_SECONDS * 2.0**self.retries, MAX_PATIENCE_SECONDS)

    def lose_patience(self, now: float) -> bool:
        """Go back to the watermark where it is time for that."""
        due = self.stalls_at()
        if due is None or now < due:
            return False
        self.retries = min(self.retries + 1, 10)
        self.go_back()
        return True

    def reconnected(self) -> None:
        self.retries = 0
        self.go_back()
