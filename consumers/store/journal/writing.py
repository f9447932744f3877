"""The input of every writer of a journal, and the state of its streams."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

from bus_schemas.event import Event
from consumers.store.journal.broken_days import LostDay
from consumers.store.journal.envelope import Envelope

IDS_PER_QUERY = 500


class Accepted(NamedTuple):
    """An event, the bytes in which it came, and the moment at which it came in microseconds since 1970.

    Of an event whose data nobody needs here its header is enough; a gap is always there as a whole.
    """

    event: Event | Envelope
    body: bytes
    received: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """A message that is not an event, and the reason."""

    received: int
    topic: str
    reason: str
    body: bytes


@dataclass(frozen=True, slots=True)
class StreamState:
    """The state of a stream in the journal. Without an epoch (`""`) it has no order, and its watermark stays 0."""

    stream: int
    watermark: int
    received: int
    gaps: int


StreamKey = tuple[str, str]
ForeignId = tuple[str, str]
"""Source and id: what an event without a sequence is known by, as CloudEvents has it."""
SequenceKey = tuple[str, str, int]
"""Source, epoch and sequence: what any other event is known by."""


class Writer(ABC):
    """Its last position and the state of every stream, as committed; closed at the end of its block."""

    def __init__(self) -> None:
        self._head = 0
        self._streams: dict[StreamKey, StreamState] = {}
        self.day_opening: Callable[[], Sequence[Accepted]] = tuple
        self.lost_days: Sequence[LostDay] = ()
        """Those that could not be read when it was opened."""

    @property
    def head(self) -> int:
        return self._head

    @property
    def streams(self) -> dict[StreamKey, StreamState]:
        """The state of every stream, as committed."""
        return self._streams

    def watermark(self, source: str, epoch: str) -> int:
        state = self._streams.get((source, epoch))
        return 0 if state is None else state.watermark

    @abstractmethod
    def close(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
