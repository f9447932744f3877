"""One group of events as the columns of a block, and the state of the streams after it."""

from collections.abc import Mapping, Sequence

from bus_schemas.node import GapEvent
from consumers.store.clickhouse.engine import Columns
from consumers.store.journal.envelope import instant_of
from consumers.store.journal.writing import Accepted, StreamKey, StreamState


class NotNext(ValueError):
    """A sequence that its stream has passed already; nothing of the group is written."""


class Group:
    """`changed` are the streams as they are once the block is there. Raises `NotNext`."""

    def __init__(self, accepted: Sequence[Accepted], head: int, streams: Mapping[StreamKey, StreamState]) -> None:
        self.head = head + len(accepted)
        self.changed: dict[StreamKey, StreamState] = {}
        self._accepted = accepted
        self._first = head + 1
        begun = len(streams)
        for event, _, received in accepted:
            key = (event.source, event.epoch or "")
            state = self.changed.get(key) or streams.get(key)
            if state is None:
                begun += 1
                state = StreamState(begun, 0, received, 0)
            watermark = state.watermark
            if event.sequence is not None:
                if event.sequence <= watermark:
                    raise NotNext(f"{event.source} ({event.epoch}) is at {watermark:,}, and {event.sequence:,} came")
                watermark = event.sequence
            self.changed[key] = StreamState(state.stream, watermark, received, state.gaps + isinstance(event, GapEvent))

    def columns(self, day: int) -> Columns:
        events = [event for event, _, _ in self._accepted]
        return [
            range(self._first, self.head + 1),
            [day] * len(events),
            [event.source for event in events],
            [event.epoch or "" for event in events],
            [event.sequence or 0 for event in events],
            [event.type for event in events],
            [instant_of(event, received) for event, _, received in self._accepted],
            [received for _, _, received in self._accepted],
            [event.id for event in events],
            [body for _, body, _ in self._accepted],
        ]
