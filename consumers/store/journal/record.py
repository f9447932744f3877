"""Recorded events, and the protocol by which consumers read them from the journal in batches."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from msgspec import MsgspecError, Struct
from msgspec.json import Decoder

from bus_schemas.codec import read_stored_as, to_bytes
from bus_schemas.event import Event, place
from consumers.store.journal.clock_ahead import happened, wrong_by
from producer.times import micros, moment

DeviceKey = tuple[str, str]
Part = TypeVar("Part")


class Recorded(Struct, gc=False, eq=False):
    """An event of the current version, its position in the journal, and the moment at which ingest took it.

    What the journal knows of an event besides its body is there for nothing; `event` may have to be parsed first.
    """

    position: int
    _received: datetime | None
    _event: Event | None

    @property
    def received(self) -> datetime:
        if self._received is None:
            self._received = moment(self.received_us)
        return self._received

    @property
    def event(self) -> Event:
        """Raises `ValidationError`: then our store is damaged."""
        if self._event is None:
            self._event = read_stored_as(self.model, self.body)
        return self._event

    @property
    def received_us(self) -> int:
        """In microseconds since 1970."""
        return micros(self.received)

    @property
    def received_s(self) -> float:
        """The same in seconds."""
        return self.received_us / 1e6

    @property
    def time_us(self) -> int:
        """When it happened, in microseconds since 1970: its arrival where its own clock cannot be right."""
        return happened(micros(self.event.time), self.received_us)

    @property
    def time_s(self) -> float:
        """The same in seconds."""
        return self.time_us / 1e6

    @property
    def known_us(self) -> int:
        """The earlier of when it happened and when it arrived: what orders events by how new they are."""
        time, received = self.time_us, self.received_us
        return time if time < received else received

    @property
    def ahead_s(self) -> float:
        """By how much its own clock is ahead of its arrival, below 0 if it was never set; 0 if it may be right."""
        # What was filed under its arrival has this in common with hardly any other event.
        if self.time_us != self.received_us:
            return 0.0
        return wrong_by(micros(self.event.time), self.received_us) / 1e6

    @property
    def model(self) -> type[Event]:
        return type(self.event)

    @property
    def source(self) -> str:
        return self.event.source

    @property
    def where(self) -> DeviceKey:
        """Site and device."""
        return place(self.event.source)

    @property
    def epoch(self) -> str | None:
        return self.event.epoch

    @property
    def id(self) -> str:
        return self.event.id

    @property
    def body(self) -> bytes:
        """JSON of the current version."""
        return to_bytes(self.event)

    def decode(self, decoder: Decoder[Part]) -> Part:
        """Some of what the event says, at a fraction of the cost of all of it.

        A decoder knows one way to write a value. Where it does not take a body, that has another which is
        accepted too, such as "1" for 1; then it reads the body as we would have written it.
        """
        try:
            return decoder.decode(self.body)
        except (MsgspecError, RecursionError):
            return decoder.decode(to_bytes(self.event))

    def may_contain(self, text: bytes) -> bool:
        """Whether this text may be in a string of the event, at a fraction of the cost of looking where."""
        body = self.body
        return text in body or b"\\" in body

    def as_written(self, decoder: Decoder[Part]) -> Part | None:
        """The same, only out of the body as it came, which says all to the last digit: what we would write does not.

        `None` where there is none, or the decoder does not take it: then the event has to be asked.
        """
        return None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Recorded):
            return NotImplemented
        return (self.position, self.received, self.event) == (other.position, other.received, other.event)

    def __hash__(self) -> int:
        return hash((self.position, self.id))


class RecordedRow(Recorded, gc=False, eq=False):
    """A recorded event as it lies in a journal, with what its columns say; no event is parsed that nobody asks for."""

    received_us: int
    time_us: int
    time_s: float
    model: type[Event]
    source: str
    where: DeviceKey
    epoch: str | None
    id: str
    body: bytes

    def as_written(self, decoder: Decoder[Part]) -> Part | None:
        try:
            return decoder.decode(self.body)
        except (MsgspecError, RecursionError):
            return None


@dataclass(frozen=True, slots=True)
class Batch:
    """The wanted events after a position, and `upto`: the last position that was looked at to find them."""

    records: tuple[Recorded, ...]
    upto: int


class JournalReader(Protocol):
    """Reads in commit order. Safe to use from one thread at a time; open one reader a thread."""

    def head(self) -> int:
        """The last position, 0 in an empty journal."""
        ...

    def journal_id(self) -> int:
        """A number that this journal keeps, and another journal does not have; 0 where nobody knows."""
        ...

    def floor(self) -> int:
        """The first position that is kept, 1 where nothing was dropped."""
        ...

    def latest_dropped(self) -> Mapping[str, int] | None:
        """The time of the newest event of each source that was dropped, in microseconds since 1970.

        `None` where something was dropped and nobody knows.
        """
        ...

    def span(self, start: datetime, end: datetime) -> tuple[int, int] | None:
        """The first and the last position of events that happened in this time range, its end excluded."""
        ...

    def read(self, after: int, models: Collection[type[Event]] | None = None, limit: int = 1000) -> Batch:
        """The events of these models (old versions upcast), or of all, in positions after `after`, at most `limit`.

        `upto` reaches the head where fewer than `limit` were found, so that a reader of rare events keeps up.
        """
        ...

    def close(self) -> None: ...


def journal_id_text(journal_id: int) -> str | None:
    """The number that a journal keeps, as it is published on the bus."""
    return f"{journal_id:x}" if journal_id else None
