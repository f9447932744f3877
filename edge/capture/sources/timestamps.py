"""Turns the timestamps of a stream into times that grow strictly and follow the clock of this machine.

Timestamps of cameras cannot be trusted: their clocks run slow, jump, repeat themselves, wrap around, and differ between
sound and pictures. Each stream therefore has a clock of its own. All times are seconds of a monotonic clock.
"""

from collections import deque
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

WINDOW_S: Final = 0.15
"""The least delayed packet of this time shows when the others were sent."""
SLACK_S: Final = 0.015
"""A difference that is not followed, so that network jitter does not become jitter of the recording."""
EARLY_S: Final = 0.2
EARLY_REORDERED_S: Final = 2.0
"""No packet arrives before it was sent: a timestamp that far ahead of its arrival is wrong."""
AGREEING: Final = 3
"""How many packets in a row confirm a jump of the timestamps."""
ALIKE_S: Final = 0.5
STEP_S: Final = 0.001
LONGEST_FILE_STEP_S: Final = 10.0
DEFAULT_INTERVAL_S: Final = 0.04
_WINDOW_PACKETS: Final = 2
_WINDOW_PACKETS_REORDERED: Final = 8
_AHEAD_REORDERED: Final = 3
_SLEW_REORDERED: Final = 0.2
"""Share of the interval for each packet: more would change the order in which neighbours are shown."""


class LiveClock:
    """The times of one live stream: `stamp + offset`, where the offset is the smallest delay of the last packets.

    A packet can be late but not early, so the least delayed one shows the delay of the others. If a timestamp is
    impossible, the time since the packet before counts.
    """

    def __init__(self) -> None:
        self._offset: float | None = None
        self._latest = float("-inf")
        self._stamp = 0.0
        self._arrival = 0.0
        self._delays: deque[tuple[float, float]] = deque()
        self._candidates: list[float] = []
        self.interval_s = DEFAULT_INTERVAL_S
        """Between two packets, as they arrive."""

    def prime(self, packets: Sequence[tuple[float | None, float]]) -> list[float]:
        """The corrected arrivals of packets (timestamp, arrival) that were buffered before anybody read them."""
        stamps = [stamp for stamp, _ in packets if stamp is not None]
        spaces = sorted(later - earlier for earlier, later in pairwise(stamps) if later > earlier)
        if spaces and spaces[len(spaces) // 2] < LONGEST_FILE_STEP_S:
            self.interval_s = spaces[len(spaces) // 2]
        delays = sorted(arrival - stamp for stamp, arrival in packets if stamp is not None)
        if not delays:
            return [arrival for _, arrival in packets]
        # A lone timestamp far ahead of the others is no measure of them.
        least = next(one for one in delays if abs(one - delays[len(delays) // 2]) < LONGEST_FILE_STEP_S)
        # The first few are seldom the fastest of all.
        self._offset = least - SLACK_S
        arrivals = [arrival if stamp is None else min(arrival, stamp + least) for stamp, arrival in packets]
        for index, (stamp, _) in reversed(list(enumerate(packets[:-1]))):
            if stamp is None:
                arrivals[index] = arrivals[index + 1] - self.interval_s
        return arrivals

    def time(self, stamp: float | None, arrival: float, *, reordered: bool = False) -> float:
        """`reordered` streams show pictures in another order than they come; that order is kept."""
        time = self._by_stamp(stamp, arrival, reordered=reordered) if stamp is not None else None
        back = EARLY_REORDERED_S if reordered else -STEP_S / 2
        if time is None or time < self._latest - back:
            time = self._by_arrival(arrival)
        passed = arrival - self._arrival
        if self._latest > float("-inf") and STEP_S < passed < LONGEST_FILE_STEP_S:
            self.interval_s += (passed - self.interval_s) / 16
        self._arrival = arrival
        self._latest = max(self._latest, time)
        return time

    def _by_stamp(self, stamp: float, arrival: float, *, reordered: bool) -> float | None:
        """`None` where the timestamp is impossibly far ahead."""
        delay = arrival - stamp
        if self._offset is None:
            self._offset = delay - (_AHEAD_REORDERED * self.interval_s if reordered else 0.0)
        if delay < self._offset - (EARLY_REORDERED_S if reordered else EARLY_S):
            if not self._believes(delay):
                return None
            self._offset = delay
            self._delays.clear()
        self._candidates.clear()
        self._follow(stamp, arrival, reordered=reordered)
        return stamp + self._offset

    def _believes(self, delay: float) -> bool:
        if self._candidates and abs(delay - self._candidates[-1]) > ALIKE_S:
            self._candidates.clear()
        self._candidates.append(delay)
        return len(self._candidates) >= AGREEING

    def _follow(self, stamp: float, arrival: float, *, reordered: bool) -> None:
        assert self._offset is not None
        delay = arrival - stamp
        # Packets that come faster than they were taken make up for a stall of the network: they are certainly late.
        catching_up = arrival - self._arrival < (stamp - self._stamp) / 2
        self._stamp = stamp
        if catching_up and delay > self._offset:
            return
        self._delays.append((arrival, delay))
        kept = _WINDOW_PACKETS_REORDERED if reordered else _WINDOW_PACKETS
        while len(self._delays) > kept and self._delays[0][0] < arrival - WINDOW_S:
            self._delays.popleft()
        least = min(delay for _, delay in self._delays)
        wanted = min(max(self._offset, least - SLACK_S), least)
        if reordered:
            most = self.interval_s * _SLEW_REORDERED
            wanted = min(max(wanted, self._offset - most), self._offset + most)
        if wanted < self._offset or len(self._delays) >= kept:
            self._offset = wanted

    def _by_arrival(self, arrival: float) -> float:
        if self._latest == float("-inf"):
            return arrival
        onward = self._latest + max(arrival - self._arrival, STEP_S)
        return max(min(onward, arrival), self._latest + STEP_S)


class FileClock:
    """The times of one stream of a file: its own, from `start` on, without jumps.

    A step of up to ten seconds belongs to the recording. A longer one, or one back, is removed once several packets
    confirm it.
    """

    def __init__(self, start: float, zero: float, interval_s: float = DEFAULT_INTERVAL_S) -> None:
        self._offset = start - zero
        self._interval_s = interval_s
        self._stamp: float | None = None
        self._candidates: list[float] = []
        self._first = start
        self._latest: float | None = None

    @property
    def end(self) -> float:
        """When the next packet is due."""
        return self._first if self._latest is None else self._latest + self._interval_s

    def shift(self, seconds: float) -> None:
        """Delay everything that follows: the reader of the file could not keep up."""
        self._offset += seconds

    def time(self, stamp: float | None, *, reordered: bool = False) -> float:
        back = EARLY_REORDERED_S if reordered else -STEP_S / 2
        time = self.end if stamp is None or not self._is_plausible(stamp) else stamp + self._offset
        if self._latest is not None and time < self._latest - back:
            time = self._latest + STEP_S
        self._latest = time if self._latest is None else max(self._latest, time)
        return time

    def _is_plausible(self, stamp: float) -> bool:
        if self._stamp is None or _is_step(stamp - self._stamp):
            self._stamp = stamp
            self._candidates.clear()
            return True
        if self._candidates and not _is_step(stamp - self._candidates[-1]):
            self._candidates.clear()
        self._candidates.append(stamp)
        if len(self._candidates) < AGREEING:
            return False
        self._stamp = stamp
        self._offset = self.end - stamp
        self._candidates.clear()
        return True


def _is_step(seconds: float) -> bool:
    return -EARLY_REORDERED_S < seconds < LONGEST_FILE_STEP_S
