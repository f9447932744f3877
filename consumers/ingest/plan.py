"""Decides which events of a group go into the journal, and in which order. Pure: the committed state is passed in."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import NAMESPACE_URL, uuid5

from bus_schemas.codec import to_bytes
from bus_schemas.event import Event
from bus_schemas.node import Gap, GapEvent
from consumers.ingest.continuity import GroupWatermarks, Refusal, nothing_refused
from consumers.ingest.items import DescribedMedium, Item, RefusedMessage, Taken
from consumers.ingest.rejection import rejection
from consumers.store.archive.disk import Medium
from consumers.store.journal.clock_ahead import happened_at
from consumers.store.journal.envelope import Envelope, sequences_of
from consumers.store.journal.writing import Accepted, ForeignId, Rejected, SequenceKey, StreamKey
from producer.times import moment

REJECTED = "rejected"


@dataclass(slots=True)
class IngestPlan:
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
    """The events of which only their ids show whether they came before."""
    return [
        (item.event.source, item.event.id)
        for item in items
        if not isinstance(item, RefusedMessage) and item.event.sequence is None
    ]


def media_keys(items: Sequence[Item]) -> list[str]:
    """Under which the media of the group would be kept."""
    return [item.event.data.key for item in items if isinstance(item, DescribedMedium)]


def make_plan(
    items: Sequence[Item],
    watermark: Callable[[str, str], int],
    known: Collection[ForeignId],
    digests: Mapping[str, str],
    refusal: Refusal = nothing_refused,
) -> IngestPlan:
    """`known` are those of the foreign ids that the journal holds, `digests` the media keys that the archive holds;
    `refusal` says why a stream may not begin.
    """
    streams, seen, held = GroupWatermarks(watermark, refusal), set(known), dict(digests)
    plan = IngestPlan()
    for item in items:
        if isinstance(item, RefusedMessage):
            _refuse(plan, streams, item)
        elif not _is_new(item.event, streams, seen):
            _pass_over(plan, streams, item)
        elif isinstance(item, DescribedMedium):
            _take_medium(plan, item, held)
        else:
            plan.accepted.append(item)
    plan.advanced, plan.repeated, plan.holes = streams.advanced, streams.repeats, streams.holes
    return plan


def _is_new(event: Event | Envelope, streams: GroupWatermarks, seen: set[ForeignId]) -> bool:
    if event.sequence is not None and event.epoch is not None:
        return streams.take((event.source, event.epoch), *sequences_of(event, event.sequence))
    foreign = (event.source, event.id)
    if foreign in seen:
        return False
    seen.add(foreign)
    return streams.may_begin((event.source, ""))


def _pass_over(plan: IngestPlan, streams: GroupWatermarks, item: Taken) -> None:
    event = item.event
    reason = streams.refused.get((event.source, event.epoch or ""))
    if reason is not None:
        plan.rejected.append(rejection(item, reason))
    elif event.epoch is None:
        plan.repeats.append(item)
    elif not isinstance(event, GapEvent):
        plan.passed_over.append(item)


def _take_medium(plan: IngestPlan, item: DescribedMedium, held: dict[str, str]) -> None:
    """A key is kept once: the same bytes under it again are a repeat, other ones are rejected."""
    event = item.event
    if held.setdefault(event.data.key, event.data.sha256) == event.data.sha256:
        plan.accepted.append(Accepted(event, item.body, item.received))
        plan.media.append((event.data, happened_at(event.time, item.received), item.medium))
        return
    reason = f"id {event.id} of {event.source} is another medium already: {event.data.key} has other bytes"
    _reject(plan, rejection(item, reason), _sequence_key(event.source, event.epoch, event.sequence))


def _refuse(plan: IngestPlan, streams: GroupWatermarks, refused: RefusedMessage) -> None:
    """Keep it with the reason, unless its place in a stream is not the next one.

    A stream that may not begin has no place for a gap.
    """
    key = _sequence_key(refused.source, refused.epoch, refused.sequence)
    rejected = Rejected(refused.received, refused.topic, refused.reason, refused.body)
    if key is None or streams.take(key[:2], key[2], key[2]):
        _reject(plan, rejected, key)
    elif key[:2] in streams.refused:
        _reject(plan, rejected, None)


def _sequence_key(source: str | None, epoch: str | None, sequence: int | None) -> SequenceKey | None:
    return None if source is None or epoch is None or sequence is None else (source, epoch, sequence)


def _reject(plan: IngestPlan, rejected: Rejected, key: SequenceKey | None) -> None:
    """Where it had a place in a stream, a gap takes that, so that the stream goes on."""
    if key is not None:
        gap = gap_for(*key, rejected.received)
        plan.accepted.append(Accepted(gap, to_bytes(gap), rejected.received))
    plan.rejected.append(rejected)


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
