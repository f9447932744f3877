"""Decides how soon to reconnect to a regular camera that falls silent."""

from collections import deque
from typing import Final

KNOWN_AFTER_S: Final = 20.0
"""How long a connection must have been without pauses."""
WINDOW_S: Final = 60.0
SHORTEST_LIMIT_S: Final = 2.0
PAUSES: Final = 5
LONG_OUTAGE_S: Final = 5.0
LENIENT_S: Final = 600.0


class Regularity:
    """For the pictures of one camera, over all its connections. With RTSP interleaved in TCP, one damaged length makes
    FFmpeg misread everything that follows: bytes come, but no packets, until it reconnects. That looks like a network
    that stalls for a moment, in which case waiting is better. So a short silence ends only a connection whose pauses
    were all much shorter, and after an outage that reconnecting did not end, no connection is ended so soon for a
    while.
    """

    def __init__(self) -> None:
        self._since: float | None = None
        self._latest: float | None = None
        self._pauses: deque[tuple[int, float]] = deque()
        self._lenient_until = float("-inf")

    def connected(self) -> None:
        self._since = None
        self._pauses.clear()

    def packet(self, at_s: float) -> None:
        """A packet that was decoded; others may be misread data."""
        pause_s = 0.0 if self._latest is None else at_s - self._latest
        if self._since is None:
            self._since = at_s
            if pause_s > LONG_OUTAGE_S:
                self._lenient_until = at_s + LENIENT_S
        else:
            self._note(int(at_s), pause_s)
        self._latest = at_s

    def limit_s(self) -> float | None:
        """How long the next packet may take; `None` where nothing is known."""
        if self._since is None or self._latest is None or self._latest < self._lenient_until:
            return None
        if self._latest - self._since < KNOWN_AFTER_S:
            return None
        return max(SHORTEST_LIMIT_S, PAUSES * max(pause for _, pause in self._pauses))

    def _note(self, second: int, pause_s: float) -> None:
        if self._pauses and self._pauses[-1][0] == second:
            pause_s = max(pause_s, self._pauses.pop()[1])
        self._pauses.append((second, pause_s))
        while self._pauses[0][0] < second - WINDOW_S:
            self._pauses.popleft()
