"""Checks that the columns of each stored event agree with its body."""

from datetime import datetime

import msgspec

from consumers.engine.findings import Findings
from consumers.store.journal.clock_ahead import wrong_by
from consumers.store.journal.day_reader import OpenDay
from consumers.store.journal.store import JournalStore
from producer.times import micros


class _StoredEnvelope(msgspec.Struct):
    id: str
    source: str
    type: str
    time: datetime
    epoch: str | None = None
    sequence: int | None = None


_WRITTEN_US = 1000
"""Bodies tell the time to the millisecond, columns as precisely as it came."""

_envelope = msgspec.json.Decoder(_StoredEnvelope)


def check_bodies(journal: JournalStore) -> Findings:
    """Reads everything: a few microseconds an event."""
    findings = Findings("bodies")
    count = sum(_check_day(day, findings) for day in journal.each_day())
    findings.note(f"{count:,} events say what their columns say")
    return findings


def _check_day(day: OpenDay, findings: Findings) -> int:
    count = 0
    for position, source, epoch, sequence, received, kind, time, event_id, body in day.events():
        count += 1
        try:
            event = _envelope.decode(body)
        except (msgspec.DecodeError, RecursionError) as error:
            findings.fault(f"the event at position {position:,} cannot be read: {error}")
            continue
        columns = (source, epoch, sequence, kind, event_id)
        stored = (event.source, event.epoch or "", event.sequence, event.type, event.id)
        if stored != columns or not _is_filed_right(micros(event.time), time, received):
            findings.fault(f"the event at position {position:,} says {stored}, its columns {columns}")
    return count


def _is_filed_right(stored: int, filed: int, received: int) -> bool:
    """Under the time that it says, as older releases did always, or under its arrival where its clock was wrong."""
    return abs(stored - filed) < _WRITTEN_US or (filed == received and wrong_by(stored + _WRITTEN_US, received) != 0)
