"""Limits how many messages of pictures, evidence or recordings are on their way while events are slow. No I/O."""

from typing import Final

from producer.mqtt import MAX_IN_FLIGHT

SLOW_S: Final = 0.5
"""An event that takes so much longer waits behind something."""
FIRST_MESSAGES: Final = 4


class BulkWindow:
    """One for each connection. Times are seconds of a monotonic clock."""

    def __init__(self) -> None:
        self.messages = FIRST_MESSAGES
        self._acknowledged = 0
        self._again_at = 0.0

    def update(self, acknowledged: int, in_flight: int, delay_s: float, now: float) -> None:
        """`acknowledged` messages in all; `delay_s` is how long events are behind what the kernel sees. The window
        doubles with each round trip in which it was used up, and is halved once for each delay.
        """
        new, self._acknowledged = acknowledged - self._acknowledged, acknowledged
        if delay_s > SLOW_S:
            if now >= self._again_at:
                self.messages = max(1, self.messages // 2)
                self._again_at = now + delay_s
        elif new > 0 and in_flight + new >= self.messages:
            self.messages = min(MAX_IN_FLIGHT, self.messages + new)
