"""Detects two producers that write one stream: a sequence that the journal holds comes again with another event.

That is what a copied disk does: two outboxes with one epoch. The journal keeps what came first, whatever it is; what
came second is kept as rejected, with a reason that says so.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Sequence

from consumers.ingest.items import Taken
from consumers.ingest.rejection import rejection
from consumers.store.journal.writing import Rejected, SequenceKey, StreamKey

SAMPLES = 256
"""Repeats are common, and nearly always the same again: so many of a group are compared, at least one of a stream."""
MAX_COMPARED = 2000
"""The most events of a group that are compared after one of the samples was another event."""
MAX_REMEMBERED = 10_000

EventIds = Callable[[Sequence[SequenceKey]], dict[SequenceKey, str]]
"""The ids of the events with these sequences, as far as the journal has them; gaps left out."""


class Conflicts:
    """Reports each event once, however often its producer repeats it.

    A group costs one question to the journal, of however many streams it is, and a second where events differ.
    """

    def __init__(self, event_ids: EventIds) -> None:
        self._event_ids = event_ids
        self._reported: OrderedDict[tuple[StreamKey, str], None] = OrderedDict()

    def find(self, passed_over: Iterable[Taken]) -> list[Rejected]:
        """Find conflicts among the events of a group that did not continue their streams."""
        streams: defaultdict[StreamKey, list[Taken]] = defaultdict(list)
        for item in passed_over:
            streams[item.event.source, item.event.epoch or ""].append(item)
        samples = {key: _some(items, SAMPLES // len(streams)) for key, items in streams.items()}
        differing = self._differing([item for items in samples.values() for item in items][:MAX_COMPARED])
        suspect = {_key(item)[:2] for item, _ in differing}
        if any(len(samples[key]) < len(streams[key]) for key in suspect):
            differing = self._differing([item for key in suspect for item in streams[key]][:MAX_COMPARED])
        return [self._refused(item, other) for item, other in differing if self._is_new(item)]

    def _differing(self, items: Sequence[Taken]) -> list[tuple[Taken, str]]:
        if not items:
            return []
        there = self._event_ids([_key(item) for item in items])
        pairs = ((item, there.get(_key(item))) for item in items)
        return [(item, other) for item, other in pairs if other is not None and other != item.event.id]

    def _is_new(self, item: Taken) -> bool:
        known = (_key(item)[:2], item.event.id)
        if known in self._reported:
            return False
        self._reported[known] = None
        if len(self._reported) > MAX_REMEMBERED:
            self._reported.popitem(last=False)
        return True

    def _refused(self, item: Taken, held: str) -> Rejected:
        event = item.event
        reason = (
            f"sequence {event.sequence} of {event.source}, epoch {event.epoch}, is another event already ({held}): two "
            "producers write one stream, of which one has a copy of the other's outbox"
        )
        return rejection(item, reason)


def _some(items: list[Taken], count: int) -> list[Taken]:
    """About this many of them, evenly from the first to the last."""
    if len(items) <= count or len(items) == 1:
        return items
    return [*items[:: -(-len(items) // count)], items[-1]] if count else items[-1:]


def _key(item: Taken) -> SequenceKey:
    return item.event.source, item.event.epoch or "", item.event.sequence or 0
