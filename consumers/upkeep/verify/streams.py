"""Checks that each stream is complete and in order, with holes only where a gap event says so (invariant 3)."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from bus_schemas.alert import RetentionEvent
from bus_schemas.catalogue import type_of
from consumers.engine.findings import Findings, span
from consumers.store.journal.day_reader import OpenDay
from consumers.store.journal.store import JournalStore


class _GapData(msgspec.Struct):
    first: int
    last: int
    cause: str


class _GapBody(msgspec.Struct):
    type: str
    sequence: int
    data: _GapData


class _DroppedDays(msgspec.Struct):
    kind: str
    first: int | None = None
    last: int | None = None


class _DroppedDaysBody(msgspec.Struct):
    time: str
    data: _DroppedDays


_gap = msgspec.json.Decoder(_GapBody)
_dropped = msgspec.json.Decoder(_DroppedDaysBody)


@dataclass(slots=True)
class _Stream:
    """The state of a stream so far: its last `sequence`, and the `position` of that."""

    first: int
    sequence: int
    position: int
    events: int = 0
    missing: Counter[str] = field(default_factory=Counter)
    gaps: list[tuple[int, int, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _SequenceRow:
    sequence: int
    position: int


def check_streams(journal: JournalStore) -> Findings:
    """Columns alone are read."""
    check = _Streams(journal)
    for day in journal.each_day():
        check.take(day)
    check.sum_up()
    return check.findings


class _Streams:
    def __init__(self, journal: JournalStore) -> None:
        self.findings = Findings("journal")
        self._journal = journal
        self._streams: dict[int, _Stream] = {}
        self._names: dict[int, tuple[str, str]] = {}
        self._floor = 0
        self._head: int | None = None
        self._unnumbered = 0
        self._gaps: dict[int, tuple[int, int, str]] = {}

    def take(self, day: OpenDay) -> None:
        self._names = day.sources()
        self._take_positions(day)
        self._gaps = dict(self._gaps_of(day))
        self._scan(day)
        self._compare_watermarks(day)

    def _take_positions(self, day: OpenDay) -> None:
        if self._head is None:
            self._floor = day.first
        elif day.first != self._head + 1:
            self.findings.fault(f"{day.name} begins at position {day.first:,}, the day before ends at {self._head:,}")
        count, lowest, self._head = day.span() or (0, day.first, day.first - 1)
        if lowest != day.first or count != self._head - day.first + 1:
            for irregular in _irregular(day):
                self.findings.fault(irregular)

    def _gaps_of(self, day: OpenDay) -> Iterator[tuple[int, tuple[int, int, str]]]:
        """The content of each gap event, by position; the columns only help to find them."""
        for position, first, last, cause, body, sequence in day.gaps():
            gap = None if body is None else _read_gap(body)
            if gap is None or (gap.first, gap.last, gap.cause) != (first, last, cause):
                self.findings.fault(f"the gap at position {position:,} is not what its event says")
            elif sequence is not None:
                yield position, (first, last, cause)

    def _scan(self, day: OpenDay) -> None:
        number, seen, at, last = 0, _Stream(0, 0, 0), 0, 0
        count = 0
        for stream, sequence, position in day.numbered():
            if stream != number:
                seen.sequence, seen.position, seen.events = last, at, seen.events + count
                number, count = stream, 0
                seen = self._begun(day, stream, sequence)
                last, at = seen.sequence, seen.position
            if sequence != last + 1 or position <= at or position in self._gaps:
                self._check_order(stream, seen, _SequenceRow(last, at), _SequenceRow(sequence, position))
            if sequence > last:
                last, at = sequence, position
            count += 1
        seen.sequence, seen.position, seen.events = last, at, seen.events + count
        self._unnumbered += day.unnumbered()

    def _begun(self, day: OpenDay, stream: int, sequence: int) -> _Stream:
        """A stream is expected to begin with 1, unless older days are gone that may hold its beginning."""
        known = self._streams.get(stream)
        if known is None:
            first = sequence if day.first == self._floor > 1 else 1
            known = self._streams[stream] = _Stream(first, first - 1, 0)
        return known

    def _check_order(self, stream: int, seen: _Stream, before: _SequenceRow, row: _SequenceRow) -> None:
        gap = self._gaps.get(row.position)
        if gap is not None and gap[1] == row.sequence and gap[0] <= before.sequence + 1 <= gap[1]:
            seen.gaps.append((before.sequence + 1, row.sequence, gap[2]))
            seen.missing[gap[2]] += row.sequence - before.sequence
        elif row.sequence > before.sequence + 1:
            missing = span(before.sequence + 1, row.sequence - 1)
            self.findings.fault(f"{self._name(stream)}: {missing} is missing, and no gap event says why")
        elif row.sequence <= before.sequence:
            self.findings.fault(
                f"{self._name(stream)}: {row.sequence:,} is there twice, again at position {row.position:,}"
            )
        if row.sequence > before.sequence and row.position <= before.position:
            self.findings.fault(
                f"{self._name(stream)}: {row.sequence:,} at position {row.position:,} lies before"
                f" {before.sequence:,} at position {before.position:,}"
            )

    def _compare_watermarks(self, day: OpenDay) -> None:
        """Everything that a watermark covers must be there."""
        for stream, watermark in day.watermarks():
            seen = self._streams.get(stream)
            if seen is None:
                if self._floor > 1:
                    # Its last event was in a day that is gone.
                    self._streams[stream] = _Stream(watermark + 1, watermark, 0)
                elif watermark:
                    self.findings.fault(f"{self._name(stream)}: the watermark is {watermark:,}, but nothing is there")
            elif seen.sequence != watermark:
                self.findings.fault(
                    f"{self._name(stream)}: the watermark at the end of {day.name} is {watermark:,},"
                    f" the last event {seen.sequence:,}"
                )

    def _name(self, stream: int) -> str:
        source, epoch = self._names.get(stream, (f"stream {stream}", "?"))
        return f"{source} ({epoch})"

    def sum_up(self) -> None:
        head = self._head or 0
        events = sum(seen.events for seen in self._streams.values()) + self._unnumbered
        self.findings.note(
            f"{events:,} events in {len(self._streams):,} streams, positions {span(self._floor or 1, head)}"
        )
        dropped = self._sum_up_floor() if self._floor > 1 else ""
        if self._unnumbered:
            self.findings.note(f"{self._unnumbered:,} events come from devices that do not number theirs")
        for stream, seen in sorted(self._streams.items(), key=lambda pair: self._names.get(pair[0], ("", ""))):
            if seen.events or seen.gaps:
                self.findings.note(f"{self._name(stream)}: {_summary(seen, dropped)}")

    def _sum_up_floor(self) -> str:
        """The sentence for each stream that has lost its beginning."""
        dropped = sorted(_dropped_days(self._journal), key=lambda each: each.data.last or 0)
        # Events before the first of them were reported by events that are gone themselves by now.
        known = dropped[0].data.first or self._floor if dropped else 1
        for each in dropped:
            first = each.data.first or known
            if first > known:
                self._report_missing_days(known, first - 1)
            known = max(known, (each.data.last or self._floor - 1) + 1)
        if known < self._floor:
            self._report_missing_days(known, self._floor - 1)
            return ""
        newest = dropped[-1].time
        before = span(1, self._floor - 1)
        self.findings.note(f"position {before} was dropped with its days, as retention events say, last on {newest}")
        return f", before that dropped by retention on {newest}"

    def _report_missing_days(self, first: int, last: int) -> None:
        self.findings.fault(f"position {span(first, last)} is gone with its days, and no retention event says why")


def _dropped_days(journal: JournalStore) -> Iterator[_DroppedDaysBody]:
    for stored in journal.bodies(type_of(RetentionEvent)):
        found = _dropped.decode(stored.body)
        if found.data.kind == "journal":
            yield found


def _summary(seen: _Stream, dropped: str) -> str:
    whole = span(seen.first, seen.sequence) + (dropped if seen.first > 1 else "")
    if not seen.gaps:
        return f"{whole}, no gap"
    causes = ", ".join(f"{count:,} {cause}" for cause, count in seen.missing.most_common())
    shown = ", ".join(f"{span(first, last)} {cause}" for first, last, cause in seen.gaps[:3])
    more = f" and {len(seen.gaps) - 3:,} more" if len(seen.gaps) > 3 else ""
    return f"{whole}, gaps: {causes} ({shown}{more})"


def _read_gap(body: bytes) -> _GapData | None:
    try:
        return _gap.decode(body).data
    except (msgspec.DecodeError, RecursionError):
        return None


def _irregular(day: OpenDay) -> Iterator[str]:
    expected = day.first
    for position in day.positions():
        if position > expected:
            yield f"position {span(expected, position - 1)} is missing in {day.name}"
        elif position < expected:
            yield f"position {position:,} is there twice in {day.name}"
        expected = position + 1
