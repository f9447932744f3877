"""Limits the silence of a camera, and counts the share of damaged packets."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from edge.capture.sources.regularity import Regularity

LONGEST_SILENCE_S: Final = 30.0
UNDECODED_S: Final = 90.0
"""How long packets may come of which none could be decoded yet; a keyframe a minute is not rare."""
DAMAGE_WINDOW_S: Final = 60.0
DAMAGE_SHARE: Final = 0.05
MOST_HELD: Final = 1
"""A decoder may keep a picture until the next one comes."""
_OFF: Final = -1.0
_INTERVALS: Final = 8
_FEWEST: Final = 20


@dataclass(slots=True)
class ReadLimit:
    """How long a camera may be silent, for the thread that reads it. `is_off` keeps FFmpeg from asking for it."""

    seconds: float
    is_off: bool = False

    def __float__(self) -> float:
        return _OFF if self.is_off else self.seconds


class Liveness:
    """A camera must send pictures, not only sound. It is given up after three of its own intervals, within
    `timeout_s` and half a minute.
    """

    def __init__(self, timeout_s: float, now_s: float, regularity: Regularity | None = None) -> None:
        self._timeout_s = timeout_s
        self._regularity = regularity
        if regularity is not None:
            regularity.connected()
        self._since = self._decoded = now_s
        self._intervals: deque[float] = deque(maxlen=_INTERVALS)
        self._came = self._has_decoded = False
        self._heard: float | None = None
        self._undecoded = 0

    @property
    def read_limit_s(self) -> float:
        """How long any packet may take."""
        known = self._regularity.limit_s() if self._regularity is not None else None
        return float(self.limit_s if known is None else min(known, self.limit_s))

    @property
    def limit_s(self) -> float:
        """How long the next packet of video may take. A single packet shows no interval."""
        if not self._came:
            return self._timeout_s
        longest = max(self._intervals, default=LONGEST_SILENCE_S)
        return max(self._timeout_s, min(3 * longest, LONGEST_SILENCE_S))

    def packet(self, at_s: float) -> None:
        """A packet of video came. At the end of a stream the last one may be handed out much later."""
        if self._came:
            self._intervals.append(at_s - self._since)
        self._came = True
        self._undecoded += 1
        self._since = at_s

    def sound(self, now_s: float) -> None:
        self._heard = now_s

    def decoded(self, now_s: float) -> None:
        self._decoded = now_s
        self._has_decoded = True
        if self._regularity is not None and self._undecoded:
            self._regularity.packet(self._since)
        self._undecoded = 0

    def complaint(self, now_s: float) -> str | None:
        """The fault with which reading continues all the same."""
        silent_s = now_s - self._since
        if silent_s > self.limit_s:
            is_heard = self._heard is not None and now_s - self._heard < self.limit_s
            return f"no pictures for {silent_s:.0f} s" + (", although there is sound" if is_heard else "")
        if self._undecoded > MOST_HELD and now_s - self._decoded > self.read_limit_s < self._timeout_s:
            return f"what it sends could not be decoded for {now_s - self._decoded:.0f} s, although it could before"
        undecoded_s = LONGEST_SILENCE_S if self._has_decoded else UNDECODED_S
        if now_s - self._decoded > max(undecoded_s, self.limit_s):
            return f"what it sends could not be decoded for {now_s - self._decoded:.0f} s"
        return None


class DamageCount:
    """Counts damaged packets of the last minute."""

    def __init__(self, elapsed: Callable[[], float]) -> None:
        self._elapsed = elapsed
        self._counts: deque[tuple[int, int, int]] = deque()

    def count(self, *, damaged: bool) -> None:
        second = int(self._elapsed())
        if self._counts and self._counts[-1][0] == second:
            _, packets, bad = self._counts.pop()
            self._counts.append((second, packets + 1, bad + damaged))
        else:
            self._counts.append((second, 1, int(damaged)))
        while self._counts[0][0] < second - DAMAGE_WINDOW_S:
            self._counts.popleft()

    @property
    def share(self) -> float:
        packets = sum(packets for _, packets, _ in self._counts)
        return sum(bad for _, _, bad in self._counts) / packets if packets >= _FEWEST else 0.0

    def sentence(self, what: str) -> str | None:
        """A sentence above a share of damaged packets."""
        share = self.share
        if share <= DAMAGE_SHARE:
            return None
        return f"{share:.0%} of {what} in the last minute was damaged and is missing"
