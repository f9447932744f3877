"""Limits how many new streams a source may begin. Streams are kept for ever, so they could fill the hub.

A node begins an epoch when its outbox is new: when its disk was wiped, or replaced. The epochs of a source are counted
from its streams in the journal, so that a restart changes nothing. Streams that are known always go on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from heapq import nlargest

from bus_schemas.event import HUB_SOURCE, RESERVED, place
from bus_schemas.streams import Traffic, outbox_epoch, stream_epoch
from consumers.store.journal.writing import StreamKey, StreamState

_SECOND = 1_000_000
"""Microseconds."""


@dataclass(frozen=True, slots=True)
class EpochLimit:
    """How many epochs of one source may send within a time in microseconds before another one may begin."""

    within: int
    epochs: int
    words: str


LIMITS = (EpochLimit(3600 * _SECOND, 30, "hour"), EpochLimit(86_400 * _SECOND, 100, "day"))
LONGEST = max(limit.within for limit in LIMITS)
MAX_SOURCES = 5000
"""The most devices that may be known."""
KNOWN_FOR = 30 * 86_400 * _SECOND
"""Microseconds. Sources that were silent for longer leave their room to others; their streams go on all the same."""
COUNT_AGAIN_AFTER = 60 * _SECOND
"""Microseconds, where there is no room for another source."""

_NO_ROOM = (
    f"{{}} is new, and {MAX_SOURCES} devices sent something within 30 days: no more are taken in; those that are known "
    "go on"
)
_TOO_MANY = (
    "a new epoch of {}, of which {} epochs sent something within the last {}: no more are taken in until then; a node "
    "begins an epoch only when its outbox is new"
)


class Admission:
    """Decides whether a new stream may begin. Streams that the journal knows always go on."""

    def __init__(self, streams: Mapping[StreamKey, StreamState]) -> None:
        """`streams` is what the journal holds now, and at any later moment."""
        self._streams = streams
        self._counted_at = 0
        self._read(since=0)

    def refusal(self, now: int, key: StreamKey) -> str | None:
        """Why the stream may not begin at `now`, in microseconds since 1970; `None` where it may, or is known."""
        source, epoch = key
        if key in self._streams or _is_own(source):
            return None
        epochs = self._epochs.get(source)
        if epochs is None:
            if not self._has_room(now):
                return _NO_ROOM.format(source)
            epochs = self._epochs[source] = {}
            self._known += 1
        outbox = outbox_epoch(epoch)
        if not epoch or outbox in epochs or self._received(source, outbox):
            return None
        reason = self._too_many(source, now)
        if reason is None:
            epochs[outbox] = now
        return reason

    def _read(self, since: int) -> None:
        """Read the streams of the journal. Only sources with events since then are held in memory."""
        self._epochs: dict[str, dict[str, int]] = {}
        """When each outbox of a source began; 0 where the journal says it."""
        self._closed: dict[str, tuple[int, str]] = {}
        lately = set()
        for (source, epoch), state in self._streams.items():
            epochs = self._epochs.setdefault(source, {})
            if epoch:
                epochs[outbox_epoch(epoch)] = 0
            if state.received >= since and not _is_own(source):
                lately.add(source)
        self._known = len(lately)

    def _has_room(self, now: int) -> bool:
        if self._known >= MAX_SOURCES and abs(now - self._counted_at) >= COUNT_AGAIN_AFTER:
            self._counted_at = now
            self._read(since=now - KNOWN_FOR)
        return self._known < MAX_SOURCES

    def _too_many(self, source: str, now: int) -> str | None:
        """Counted only when the count may be another one: what a device floods us with costs next to nothing."""
        until, reason = self._closed.get(source, (0, ""))
        if until - LONGEST <= now < until:
            return reason
        sent = {outbox: max(begun, self._received(source, outbox)) for outbox, begun in self._epochs[source].items()}
        self._epochs[source].clear()
        self._epochs[source].update((outbox, at) for outbox, at in sent.items() if abs(now - at) < LONGEST)
        for limit in LIMITS:
            most = limit.epochs
            lately = [at for at in sent.values() if abs(now - at) < limit.within]
            if len(lately) >= most:
                reason = _TOO_MANY.format(source, most, limit.words)
                self._closed[source] = (nlargest(most, lately)[-1] + limit.within, reason)
                return reason
        self._closed.pop(source, None)
        return None

    def _received(self, source: str, outbox: str) -> int:
        """When the journal last took in something of an outbox; 0 where it knows nothing of it."""
        states = (self._streams.get((source, stream_epoch(outbox, traffic))) for traffic in Traffic)
        return max((state.received for state in states if state is not None), default=0)


def _is_own(source: str) -> bool:
    """The hub's own: its consumers share a source, and begin outboxes with each rebuild. Only its users may write
    there, and whoever could use up a limit in its name would keep its alerts out.
    """
    return source == HUB_SOURCE or place(source)[1] in RESERVED
