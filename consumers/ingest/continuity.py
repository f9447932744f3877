"""Decides where an event belongs in its stream: known, next, or beyond a hole. Pure."""

from collections.abc import Callable
from enum import Enum

from consumers.store.journal.writing import StreamKey


class SequencePosition(Enum):
    """The position of an event relative to the watermark of its stream."""

    NEXT = "next"
    KNOWN = "known"
    BEYOND_A_HOLE = "beyond a hole"


def position_in_stream(watermark: int, first: int, last: int) -> SequencePosition:
    """The position of an event that stands for the sequences `first` to `last`; all but gaps stand for one."""
    if last <= watermark:
        return SequencePosition.KNOWN
    return SequencePosition.NEXT if first <= watermark + 1 else SequencePosition.BEYOND_A_HOLE


Refusal = Callable[[StreamKey], str | None]
"""Why a stream may not begin; `None` where it may, or is known."""


def nothing_refused(_key: StreamKey) -> None:
    return None


class GroupWatermarks:
    """The watermarks during one group: what is committed, and on top of it what the group has taken so far."""

    def __init__(self, committed: Callable[[str, str], int], refusal: Refusal = nothing_refused) -> None:
        self._committed = committed
        self._refusal = refusal
        self._taken: dict[StreamKey, int] = {}
        self.refused: dict[StreamKey, str] = {}
        self.holes: set[StreamKey] = set()
        self.repeats: set[StreamKey] = set()

    def take(self, key: StreamKey, first: int, last: int) -> bool:
        """Whether these sequences continue the stream; then they are taken."""
        watermark = self._taken.get(key)
        if watermark is not None and first == watermark + 1:
            # By far the most: the one after that which the group has taken.
            self._taken[key] = last
            return True
        if watermark is None:
            watermark = self._committed(*key)
            if not watermark and not self.may_begin(key):
                return False
        place = position_in_stream(watermark, first, last)
        if place is SequencePosition.NEXT:
            self._taken[key] = last
            return True
        (self.repeats if place is SequencePosition.KNOWN else self.holes).add(key)
        return False

    def may_begin(self, key: StreamKey) -> bool:
        """Or is known. What is refused is no hole that its producer would learn of."""
        reason = self._refusal(key)
        if reason is not None:
            self.refused[key] = reason
        return reason is None

    @property
    def advanced(self) -> set[StreamKey]:
        return set(self._taken)
