"""Holds messages that are sent beside the streams: an answer, a preview that comes now or never, live video.

Each fragment of live video builds on the one before: one that is dropped costs its viewers all that follow up to the
next keyframe, which may be a minute away. So it waits for a moment, as while a picture is written.
"""

from collections import deque
from collections.abc import Callable
from typing import Final

from producer.relay.bus_messages import Outgoing

MOST_MESSAGES: Final = 256
MOST_BYTES: Final = 32_000_000


class UnqueuedMessages:
    """`add` and `clear` may be called by any thread, `send` by that of the relay. Times are seconds of a monotonic
    clock.
    """

    def __init__(self) -> None:
        self._waiting: deque[tuple[Outgoing, float]] = deque(maxlen=MOST_MESSAGES)

    def add(self, message: Outgoing, now: float) -> None:
        self._waiting.append((message, now + message.waits_s))

    def clear(self) -> None:
        self._waiting.clear()

    def send(self, publish: Callable[[Outgoing], bool], now: float) -> None:
        """Give `publish` what waits, in order within each topic. What it does not take waits on, or is dropped."""
        kept: deque[tuple[Outgoing, float]] = deque()
        topics: set[str] = set()
        size = 0
        for _ in range(len(self._waiting)):
            message, until = self._waiting.popleft()
            if message.topic not in topics and publish(message):
                continue
            if now < until and size + len(message.payload) <= MOST_BYTES:
                size += len(message.payload)
                kept.append((message, until))
                topics.add(message.topic)
        self._waiting.extendleft(reversed(kept))
