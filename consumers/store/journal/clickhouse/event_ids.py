"""Finds the ids of events by source, epoch and sequence in a table that is in the order of positions."""

from collections.abc import Sequence
from time import monotonic

from consumers.store.clickhouse.engine import Engine, Parameter
from consumers.store.journal.clickhouse.log import one_of
from consumers.store.journal.clickhouse.summary import GAP_TYPES
from consumers.store.journal.writing import IDS_PER_QUERY, SequenceKey

RECENT_POSITIONS = 200_000
"""Nearly all that comes again is among these, and the primary key leads there: a few milliseconds."""
SEARCH_PAUSE = 20.0
"""After a search through everything, as many times as long nothing is searched: it never takes more than 5 %."""


class EventIds:
    """For the one writer, in its thread."""

    def __init__(self, engine: Engine, database: str) -> None:
        self._engine = engine
        self._events = f"{database}.events"
        self._gap = one_of("type", GAP_TYPES)
        self._search_at = 0.0

    def find(self, keys: Sequence[SequenceKey], head: int, since: int) -> dict[SequenceKey, str]:
        """The ids in the days from `since` on; gaps are left out, and old ones may be.

        Raises `EngineError`.
        """
        floor = max(0, head - RECENT_POSITIONS)
        found = self._after(floor, keys, since)
        missing = [key for key in keys if key not in found]
        if floor and missing and monotonic() >= self._search_at:
            began = monotonic()
            found |= self._after(0, missing, since)
            self._search_at = monotonic() + SEARCH_PAUSE * (monotonic() - began)
        return found

    def _after(self, position: int, keys: Sequence[SequenceKey], since: int) -> dict[SequenceKey, str]:
        found: dict[SequenceKey, str] = {}
        for start in range(0, len(keys), IDS_PER_QUERY):
            some = keys[start : start + IDS_PER_QUERY]
            sequences = ", ".join(f"{sequence:d}" for _, _, sequence in some)
            # The sequences as numbers: a parameter each would cost more than the question.
            triples = ", ".join(f"({{s{n}:String}}, {{e{n}:String}}, {key[2]:d})" for n, key in enumerate(some))
            given: dict[str, Parameter] = {f"s{n}": key[0] for n, key in enumerate(some)}
            given |= {f"e{n}": key[1] for n, key in enumerate(some)}
            rows = self._engine.query(
                f"select source, epoch, sequence, id from {self._events} prewhere sequence in ({sequences})"
                " where position > {position:UInt64} and day >= {since:UInt32}"
                f" and (source, epoch, sequence) in ({triples}) and not ({self._gap.text})",
                {**self._gap.parameters, **given, "position": position, "since": since},
            )
            found.update(((source, epoch, sequence), event_id) for source, epoch, sequence, event_id in rows)
        return found
