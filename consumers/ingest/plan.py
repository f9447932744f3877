"""Decides what of a group goes into the journal, in which order. Pure: what is committed already is passed in."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from uuid import NAMESPACE_URL, uuid5

from bus_schemas.codec import to_bytes
from bus_schemas.event import Event
from bus_schemas.node import Gap, GapEvent
from consumers.archive.disk import Medium
from consumers.ingest.continuity import Streams, span
from consumers.ingest.decoding import Described, Item, Refused, Taken
from consumers.journal.ahead import happened_at
from consumers.journal.days import moment
from consumers.journal.header import Header
from consumers.journal.writing import Accepted, ForeignId, Rejected, StreamKey

REJECTED = "rejected"


@dataclass(slots=True)
class Plan:
    """Media first, then accepted and rejected together, then the watermarks of `advanced`, and again of the others."""

    accepted: list[Accepted] = field(default_factory=list)
    media: list[Medium] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    advanced: set[StreamKey] = field(default_factory=set)
    repeated: set[StreamKey] = field(default_factory=set)
    holes: set[StreamKey] = field(default_factory=set)
    passed_over: list[Taken] = field(default_factory=list)
    """Numbered events that do not continue their stream: what is known, or behind a hole."""
    repeats: list[Taken] = field(default_factory=list)
    """Events without a sequence whose ids are known."""


def foreign_ids(items: Sequence[Item]) -> list[ForeignId]:
    """The events that only their ids can tell from what came before."""
    return [
        (item.event.source, item.event.id)
        for item in items
        if not isinstance(item, Refused) and item.event.sequence is None
    ]


def make_plan(items: Sequence[Item], watermark: Callable[[str, str], int], known: Collection[ForeignId]) -> Plan:
    """`known` are those of the foreign ids that the journal holds."""
    streams, seen = Streams(watermark), set(known)
    plan = Plan()
    for item in items:
        if isinstance(item, Refused):
            _refuse(plan, streams, item)
        elif not _is_news(item.event, streams, seen):
            if item.event.epoch is None:
                plan.repeats.append(item)
            elif not isinstance(item.event, GapEvent):
                plan.passed_over.append(item)
        elif isinstance(item, Described):
            plan.accepted.append(Accepted(item.event, item.body, item.received))
            plan.media.append((item.event.data, happened_at(item.event.time, item.received), item.medium))
        else:
            plan.accepted.append(item)
    plan.advanced, plan.repeated, plan.holes = streams.advanced, streams.repeats, streams.holes
    return plan


def _is_news(event: Event | Header, streams: Streams, seen: set[ForeignId]) -> bool:
    if event.sequence is not None and event.epoch is not None:
        return streams.take((event.source, event.epoch), *span(event, event.sequence))
    foreign = (event.source, event.id)
    if foreign in seen:
        return False
    seen.add(foreign)
    return True


def _refuse(plan: Plan, streams: Streams, refused: Refused) -> None:
    """Keep it with the reason; where it had a place in a stream, a gap takes that, so that the stream goes on."""
    source, epoch, sequence = refused.source, refused.epoch, refused.sequence
    if source is not None and epoch is not None and sequence is not None:
        if not streams.take((source, epoch), sequence, sequence):
            return
        gap = gap_for(source, epoch, sequence, refused.received)
        plan.accepted.append(Accepted(gap, to_bytes(gap), refused.received))
    plan.rejected.append(Rejected(refused.received, refused.topic, refused.reason, refused.body))


def gap_for(source: str, epoch: str, sequence: int, received: int) -> GapEvent:
    """The same id, however often it is made."""
    return GapEvent(
        id=str(uuid5(NAMESPACE_URL, f"watchpost:{REJECTED}:{source}:{epoch}:{sequence}")),
        source=source,
        time=moment(received),
        epoch=epoch,
        sequence=sequence,
        data=Gap(first=sequence, last=sequence, count=1, cause=REJECTED),
    )
