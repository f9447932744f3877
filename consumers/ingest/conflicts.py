"""Notices where two producers write one stream: a sequence that the journal holds comes again as another event.

That is what a copied disk does: two outboxes with one epoch. The journal keeps what came first, whatever it is; what
came second is kept as rejected, with a reason that says so.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Sequence

from bus_schemas.catalogue import short_name
from bus_schemas.media import MediaEvent
from bus_schemas.topics import event_topic, media_topic
from consumers.ingest.decoding import Taken
from consumers.journal.writing import Rejected, StreamKey

SAMPLES = 32
"""Repeats are common, and nearly always the same again: so many of a stream and group are compared."""
MAX_REMEMBERED = 10_000

Held = Callable[[str, str, Sequence[int]], dict[int, str]]
"""The ids of the events of a stream with these sequences, as far as the journal has them; gaps left out."""


class Conflicts:
    """Tells of each event once, however often its producer repeats it."""

    def __init__(self, held: Held) -> None:
        self._held = held
        self._told: OrderedDict[tuple[StreamKey, str], None] = OrderedDict()

    def find(self, passed_over: Iterable[Taken]) -> list[Rejected]:
        """Of the events of a group that did not continue their streams."""
        streams: defaultdict[StreamKey, list[Taken]] = defaultdict(list)
        for item in passed_over:
            streams[item.event.source, item.event.epoch or ""].append(item)
        return [refused for key, items in streams.items() for refused in self._of_stream(key, items)]

    def _of_stream(self, key: StreamKey, items: list[Taken]) -> list[Rejected]:
        some = items if len(items) <= SAMPLES else [*items[:: len(items) // SAMPLES], items[-1]]
        differing = self._differing(key, some)
        if differing and len(some) < len(items):
            differing = self._differing(key, items)
        return [self._refused(item, held) for item, held in differing if self._is_new(key, item)]

    def _differing(self, key: StreamKey, items: Sequence[Taken]) -> list[tuple[Taken, str]]:
        held = self._held(*key, [item.event.sequence or 0 for item in items])
        pairs = ((item, held.get(item.event.sequence or 0)) for item in items)
        return [(item, other) for item, other in pairs if other is not None and other != item.event.id]

    def _is_new(self, key: StreamKey, item: Taken) -> bool:
        known = (key, item.event.id)
        if known in self._told:
            return False
        self._told[known] = None
        if len(self._told) > MAX_REMEMBERED:
            self._told.popitem(last=False)
        return True

    def _refused(self, item: Taken, held: str) -> Rejected:
        event = item.event
        reason = (
            f"sequence {event.sequence} of {event.source}, epoch {event.epoch}, is another event already ({held}): two "
            "producers write one stream, of which one has a copy of the other's outbox"
        )
        if isinstance(event, MediaEvent):
            topic = media_topic(event.source, event.data.kind)
        else:
            topic = event_topic(event.source, short_name(event.type))
        return Rejected(item.received, topic, reason, item.body)
