"""Finds events without a sequence that bear the id of another event of their source.

Such events are distinguished by their ids alone. The same event again is a repeat, and costs nothing; another one would
vanish without a trace, so it is kept as rejected with the reason.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from pydantic_core import from_json

from consumers.ingest.items import DescribedMedium, Taken
from consumers.ingest.rejection import rejection
from consumers.store.journal.writing import Accepted, ForeignId, Rejected

MAX_COMPARED = 1000
"""The repeats of one group that are looked at."""

Bodies = Callable[[Sequence[ForeignId]], Mapping[ForeignId, bytes]]
"""The stored bodies of these events, as far as the journal has them."""


def find_reused(repeats: Sequence[Taken], accepted: Iterable[Accepted], stored: Bodies) -> list[Rejected]:
    """Find the repeats of a group that are another event; `accepted` are the events that the group adds."""
    some = repeats[:MAX_COMPARED]
    wanted = {_key(item) for item in some}
    bodies = {key: one.body for one in accepted if (key := (one.event.source, one.event.id)) in wanted}
    bodies |= stored([key for key in wanted if key not in bodies])
    return [_refused(item) for item in some if (body := bodies.get(_key(item))) and not _is_same(item, body)]


def _key(item: Taken) -> ForeignId:
    return item.event.source, item.event.id


def _is_same(item: Taken, body: bytes) -> bool:
    """However it is written. A medium is its bytes: without a time of its own it says another one at each arrival."""
    if item.body == body:
        return True
    before = from_json(body)
    if isinstance(item, DescribedMedium):
        data = before.get("data")
        return isinstance(data, dict) and data.get("sha256") == item.event.data.sha256
    return bool(before == from_json(item.body))


def _refused(item: Taken) -> Rejected:
    event = item.event
    reason = (
        f"id {event.id} of {event.source} is another event already: events without epoch and sequence differ "
        "by their ids"
    )
    return rejection(item, reason)
