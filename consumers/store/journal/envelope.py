"""The envelope of an event: the fields by which the journal files it, decoded without making its model."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct, field

from bus_schemas.event import MAX_EPOCH, MAX_SEQUENCE, Event
from bus_schemas.node import GapEvent
from consumers.store.journal.clock_ahead import happened
from producer.times import micros, moment


class Instant(int):
    """Microseconds since 1970, within the bounds of a `Moment`."""

    __slots__ = ()


class Envelope(Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    """The envelope of an event whose model would take it.

    Its `source` may be any text: whoever reads it compares that with one that is known.
    """

    type: ClassVar[str]

    instant: Instant = field(name="time")
    id: Annotated[str, Meta(min_length=1, max_length=128)]
    source: str
    epoch: Annotated[str, Meta(min_length=1, max_length=MAX_EPOCH)] | None = None
    sequence: Annotated[int, Meta(ge=1, le=MAX_SEQUENCE)] | None = None
    specversion: Literal["1.0"] = "1.0"
    datacontenttype: Literal["application/json"] = "application/json"

    @property
    def time(self) -> datetime:
        return moment(self.instant)


def instant_of(event: Event | Envelope, received: int) -> int:
    """When an event happened that arrived then; in microseconds since 1970."""
    # A plain int: SQLite's module asks around what else to store of any other.
    return happened(int(event.instant) if isinstance(event, Envelope) else micros(event.time), received)


def sequences_of(event: Event | Envelope, sequence: int) -> tuple[int, int]:
    """The first and the last sequence that an event stands for: all but gaps stand for one."""
    return (event.data.first, sequence) if isinstance(event, GapEvent) else (sequence, sequence)
