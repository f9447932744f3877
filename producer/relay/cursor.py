"""Tracks how far one stream is sent and confirmed, and from where to send again. No I/O."""

from collections import deque
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from producer.outbox.backlog import OutboxStream


@dataclass(slots=True)
class Window:
    """Events and bytes in flight of one kind of traffic; `waiting` also counts events that are not sent yet."""

    events: int = 0
    bytes: int = 0
    waiting: int = 0

    @property
    def unsent(self) -> int:
        return self.waiting - self.events


class SentMessage(NamedTuple):
    """A message: last sequence, bytes, number on its connection, and the time of sending if it was sent once."""

    last: int
    size: int
    number: int
    at: float | None


@dataclass(slots=True)
class Cursor:
    """Times are seconds of a monotonic clock."""

    stream: OutboxStream
    window: Window = field(default_factory=Window)
    sent: int = 0
    highest: int = 0
    """The highest sequence that was ever sent: nobody else can have later ones."""
    news_at: float = 0.0
    progress_at: float = 0.0
    retries: int = 0
    """How often it was sent again since the watermark moved."""
    _messages: deque[SentMessage] = field(default_factory=deque)
    """Messages in flight, past the watermark."""
    _doubted: deque[SentMessage] = field(default_factory=deque)
    """Messages from the watermark on that may be lost. Ingest may also be slow, and still receive them."""
    _allowed: int | None = None
    """How many messages may be in flight until it is clear what is lost."""
    _bytes: int = 0
    _counted: tuple[int, int, int] = (0, 0, 0)

    def __post_init__(self) -> None:
        self.sent = self.highest = self.stream.watermark
        self._count()

    @property
    def outstanding(self) -> int:
        """How many sequences are in flight."""
        return self.sent - self.stream.watermark

    @property
    def is_waiting(self) -> bool:
        """Whether something was sent that no watermark covers yet."""
        return bool(self.outstanding or self._doubted)

    @property
    def unsent(self) -> int:
        return self.stream.sequence - self.sent

    @property
    def first_number(self) -> int | None:
        """The number of the first message past the watermark; `None` where it is not sent yet."""
        return self._messages[0].number if self._messages else None

    @property
    def has_room(self) -> bool:
        return self._allowed is None or len(self._messages) < self._allowed

    def saw(self, stream: OutboxStream, now: float) -> None:
        """Take in how far the outbox reaches. The watermark is tracked here."""
        if stream.sequence > self.stream.sequence and self.unsent <= 0:
            self.news_at = now
        if stream.sequence != self.stream.sequence:
            self.stream = replace(stream, watermark=self.stream.watermark)
            self._count()

    def sent_upto(self, sequence: int, size: int, now: float, number: int = 0) -> None:
        if not self.outstanding:
            self.progress_at = now
        again = bool(self._doubted) and self.sent < self._doubted[-1].last
        self._messages.append(SentMessage(sequence, size, number, None if again else now))
        self._bytes += size
        self.sent = sequence
        self.highest = max(self.highest, sequence)
        if sequence > self.stream.sequence:
            # It was put after the outbox was last asked how far it reaches, which is not said of what is confirmed.
            self.stream = replace(self.stream, sequence=sequence)
        self._count()

    def confirmed(self, watermark: int, now: float) -> float | None:
        """Take in a watermark. Returns the round trip of the last message that it covers, where it is known."""
        before = self.stream.watermark
        self.stream = replace(self.stream, watermark=watermark)
        if watermark < before:
            self.go_back()
        if watermark <= before:
            return None
        self.progress_at, self.retries = now, 0
        if self._doubted and watermark > self.sent:
            self._trust()
        took = self._take_off(watermark, now)
        self._allowed = None if self._allowed is None or not self._doubted else 2 * self._allowed
        self._count()
        return took

    def _take_off(self, watermark: int, now: float) -> float | None:
        took = None
        while self._messages and self._messages[0].last <= watermark:
            message = self._messages.popleft()
            self._bytes -= message.size
            took = None if message.at is None else now - message.at
        self.sent = max(self.sent, watermark)
        if self._doubted and self._doubted[-1].last <= watermark:
            self._doubted.clear()
        return took

    def _trust(self) -> None:
        """More arrived than was sent again, so nothing was lost, and the rest is still to come."""
        self._messages = deque(one if one.last > self.sent else one._replace(at=None) for one in self._doubted)
        self._bytes = sum(one.size for one in self._messages)
        self.sent = self._doubted[-1].last
        self._doubted = deque()

    def probe(self, now: float) -> None:
        """Send the first message past the watermark again, and no more until it is clear whether it was lost."""
        self._doubted = self._doubted or self._messages
        self._allowed = 1
        self.retries = min(self.retries + 1, 10)
        self.progress_at = now
        self._rewind()

    def go_back(self) -> None:
        """Everything past the watermark is certainly lost: send it again."""
        self._doubted = deque()
        self._allowed = None
        self._rewind()

    def _rewind(self) -> None:
        self._messages = deque()
        self._bytes = 0
        self.sent = self.stream.watermark
        self._count()

    def _count(self) -> None:
        """Update the window, which all streams of one kind share."""
        events, size, waiting = self._counted
        self._counted = self.outstanding, self._bytes, self.stream.sequence - self.stream.watermark
        self.window.events += self._counted[0] - events
        self.window.bytes += self._counted[1] - size
        self.window.waiting += self._counted[2] - waiting
