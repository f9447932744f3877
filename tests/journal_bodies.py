"""Bodies as a journal hands them to consumers, however they were written, and the same by way of the models."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import strategies as st
from pydantic import ValidationError

from bus_schemas.codec import read_stored, to_bytes
from bus_schemas.event import Event
from bus_schemas.upcasts import upcast
from consumers.store.journal.reader import SqliteJournalReader
from consumers.store.journal.record import Recorded, RecordedRow
from consumers.store.journal.writer import Journal
from consumers.store.journal.writing import Accepted
from producer.times import moment
from tests.builders import START, at

RECEIVED = 1_767_693_600_123_457
"""Microseconds since 1970."""

_ODD_MOMENTS: tuple[Any, ...] = (
    "2026-01-05T12:00:00.1239999+02:00", "2026-01-05T10:00:00.123456Z", "2026-01-05T10:00:09.0004567Z",
    "2026-01-05 10:00:00.123Z", "2026-01-05T10:00:00Z", "2026-01-05T09:00:00.500-01:00", 1_767_600_000,
    1_767_600_000_123, "1767600000.5", 1767600000.25,
)  # fmt: skip
_ODD_VALUES: tuple[Any, ...] = (
    "7", 7, 7.0, "7.5", -0.0, 1e-9, 2**62, "1e3", float("inf"), float("nan"), True, False, 1, 0, "yes", "off", None,
    [], "", 'ä "\u2028\\ \u0000', ["thermal"], ["visual", "thermal"], ["CROWD", "DOOR_OPEN"], "thermal", "start",
    {"fps": "25", "width": 1.0, "height": 7}, {"fps": float("inf"), "width": 1, "height": 7}, [[0, "0.5", 1, True]],
)  # fmt: skip


def journaled(bodies: Sequence[bytes]) -> list[Recorded]:
    """These bodies in a journal, read again."""
    events = read_stored(bodies)
    accepted = [Accepted(event, body, RECEIVED) for event, body in zip(events, bodies, strict=True)]
    with TemporaryDirectory() as directory:
        with Journal(Path(directory), lambda: START) as journal:
            journal.append(accepted)
        with closing(SqliteJournalReader(Path(directory))) as reader:
            return list(reader.read(0).records)


def recorded(bodies: Sequence[bytes]) -> list[Recorded]:
    """As they would be read of a journal, without one."""
    return [_recorded(position, body) for position, body in enumerate(bodies, 1)]


def _recorded(position: int, body: bytes) -> Recorded:
    [event] = read_stored([body])
    current = upcast(event)
    if current is not event:
        return Recorded(position, moment(RECEIVED), current)
    whole = Recorded(position, moment(RECEIVED), event)
    reported = whole.time_us, whole.time_s, whole.model, whole.source, whole.where, whole.epoch, whole.id
    return RecordedRow(position, None, None, RECEIVED, *reported, body)


def through_models(records: Iterable[Recorded]) -> list[Recorded]:
    """The same without the bodies that were read."""
    return [Recorded(record.position, record.received, record.event) for record in records]


@st.composite
def bodies(draw: st.DrawFn, events: st.SearchStrategy[Event], most: int = 8) -> list[bytes]:
    """Bodies of events whose values are written in any way that is accepted, also in those in which we never do."""
    found = []
    for number, event in enumerate(draw(st.lists(events, max_size=most))):
        body = draw(
            _otherwise_written(event.model_copy(update={"epoch": f"epoch-{number % 2}", "sequence": number + 1}))
        )
        with suppress(ValidationError):
            read_stored([body])
            found.append(body)
    return found


def moments(most_s: float = 100.0) -> st.SearchStrategy[Any]:
    """To the microsecond."""
    return st.floats(0, most_s).map(at)


@st.composite
def _otherwise_written(draw: st.DrawFn, event: Event) -> bytes:
    document = json.loads(to_bytes(event))
    fields = type(event).model_fields["data"].annotation
    assert fields is not None
    places = [(document, "time"), *((document["data"], name) for name in fields.model_fields), *_inner(document)]
    for _ in range(draw(st.integers(0, 3))):
        holder, name = draw(st.sampled_from(places))
        holder[name] = draw(st.sampled_from(_ODD_MOMENTS) | st.sampled_from(_ODD_VALUES))
    return json.dumps(document, indent=draw(st.none() | st.just(1))).encode()


def _inner(document: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """What stands in objects within the data."""
    for inner in document["data"].values():
        if isinstance(inner, dict):
            yield from ((inner, name) for name in inner)
