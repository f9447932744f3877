"""The state of all streams: saved now and then up to a position, and counted from the events beyond it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bus_schemas.node import GapEvent
from consumers.store.clickhouse.engine import Parameter
from consumers.store.journal.clickhouse.log import one_of
from consumers.store.journal.reader import stored_types
from consumers.store.journal.writing import StreamKey

Query = Callable[[str, dict[str, Parameter]], list[list[Any]]]

GAP_TYPES = stored_types(frozenset({GapEvent}))
LAST_POSITION = 2**63 - 1


@dataclass(frozen=True, slots=True)
class KnownStream:
    """One stream: its highest sequence, when its last event arrived in microseconds since 1970, and its gaps."""

    watermark: int
    received: int
    gaps: int


@dataclass(frozen=True, slots=True)
class StreamSummary:
    """All streams, in the order of their beginning; `saved` is where the newest summary stands, `beyond` who is not
    in it as they are."""

    saved: int
    known: dict[StreamKey, KnownStream]
    beyond: set[StreamKey]


def load(query: Query, database: str, upto: int = LAST_POSITION) -> StreamSummary:
    """The streams as of a position."""
    saved, known = _saved(query, database, upto)
    gap = one_of("type", GAP_TYPES)
    found = query(
        "select source, epoch, max(sequence), argMax(received, position), "
        f"countIf({gap.text}), min(position) as first from {database}.events"
        " where position > {saved:UInt64} and position <= {upto:UInt64} group by source, epoch order by first",
        {**gap.parameters, "saved": saved, "upto": upto},
    )
    beyond = set()
    for source, epoch, watermark, received, gaps, _ in found:
        before = known.get((source, epoch), KnownStream(0, 0, 0))
        known[source, epoch] = KnownStream(max(watermark, before.watermark), received, before.gaps + gaps)
        beyond.add((source, epoch))
    return StreamSummary(saved, known, beyond)


def _saved(query: Query, database: str, upto: int) -> tuple[int, dict[StreamKey, KnownStream]]:
    """A summary is one block, so it is there whole; each stream is as the last summary has it that names it."""
    rows = query(
        "select source, epoch, argMax(watermark, upto), argMax(received, upto), argMax(gaps, upto), "
        f"max(upto), min(upto) as begun from {database}.streams"
        " where upto <= {upto:UInt64} group by source, epoch order by begun, source, epoch",
        {"upto": upto},
    )
    saved = max((row[5] for row in rows), default=0)
    return int(saved), {(source, epoch): KnownStream(*known) for source, epoch, *known, _, _ in rows}
