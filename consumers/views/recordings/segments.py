"""Collects the segments of a batch and writes them into the view together."""

import sqlite3

from bus_schemas.alert import RetentionEvent
from bus_schemas.media import Segment, SegmentEvent
from consumers.engine import partial
from consumers.store.journal.clock_ahead import wrong_by
from consumers.store.journal.record import Recorded
from consumers.views.recordings.numbering import count_dropped
from consumers.views.recordings.recorded import Quarter, count_again, forget, quarter_of

_Row = tuple[str, str, float, float, str, int, int, int, str]


class BatchSegments:
    """Not in the view before `save`."""

    def __init__(self, view: sqlite3.Connection) -> None:
        self._view = view
        self._rows: list[_Row] = []
        self._quarters: set[Quarter] = set()

    def add(self, record: Recorded) -> None:
        site, device = record.where
        start, data = _begun(record)
        if wrong_by(round(start * 1e6), record.received_us):
            # Of a clock that is wrong: it was over when it arrived, as far as anybody knows.
            start = record.received_s - data.duration_s
        # Of a segment shorter than that, a moment of today cannot say where it ends.
        end, key = start + max(data.duration_s, 1e-3), data.media[0] if data.media else ""
        self._quarters.add((site, device, quarter_of(start)))
        row = (site, device, start, end, key, data.size, int(data.discontinuity), record.position, data.codec)
        self._rows.append(row)

    def forget(self, record: Recorded) -> None:
        """Segments that retention has dropped from the archive can no longer be played."""
        event = record.event
        assert isinstance(event, RetentionEvent)
        gone = event.data
        if gone.kind != "segment":
            return
        self.save()
        span = gone.start.timestamp(), gone.end.timestamp()
        count_dropped(self._view, gone.site, gone.device, *span, record.position)
        self._view.execute(
            "delete from segments where (?1 is null or site = ?1) and (?2 is null or device = ?2) "
            "and start >= ?3 and start < ?4",
            (gone.site, gone.device, *span),
        )
        forget(self._view, gone.site, gone.device, *span)
        self._view.execute(
            "insert or replace into dropped values (?, ?, ?, ?, ?, ?)",
            (gone.site or "", gone.device or "", *span, gone.rule, record.position),
        )

    def save(self) -> None:
        """The last of several segments of a device with the same begin stays."""
        if self._rows:
            self._view.executemany("insert or replace into segments values (?, ?, ?, ?, ?, ?, ?, ?, ?)", self._rows)
            count_again(self._view, self._quarters)
            self._rows.clear()
            self._quarters.clear()


def _begun(record: Recorded) -> tuple[float, partial.SegmentPart | Segment]:
    """When the segment begins, in seconds since 1970; of the event where that may be more exact than we write it."""
    plain = record.as_written(partial.SEGMENT)
    if plain is not None:
        return partial.seconds(plain.data.start), plain.data
    assert isinstance(record.event, SegmentEvent)
    return record.event.data.start.timestamp(), record.event.data
