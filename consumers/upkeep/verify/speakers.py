"""Checks that every event in the journal is one that its source may emit; older releases accepted others too."""

import msgspec

from bus_schemas.catalogue import MODELS
from bus_schemas.event import GATEWAY, HUB
from bus_schemas.speakers import depends_on_data, is_gateway_as_hub, violation
from consumers.engine.findings import Findings
from consumers.store.journal.day_reader import EventColumns, OpenDay
from consumers.store.journal.store import JournalStore

PART = "speakers"


class _Data(msgspec.Struct):
    """The parts of data that say of whom an event is, and what."""

    state: str | None = None
    site: str | None = None
    device: str | None = None
    key: str = ""
    media: tuple[str, ...] = ()
    last_3_media: tuple[str, ...] = ()


class _SubjectBody(msgspec.Struct):
    data: _Data


_subject = msgspec.json.Decoder(_SubjectBody)
_NOTHING = _Data()


def check_speakers(journal: JournalStore) -> Findings:
    """Reads every event, and the data of those of which they matter."""
    findings = Findings(PART)
    count = earlier = 0
    for day in journal.each_day():
        total, of_before = _check_day(day, findings)
        count, earlier = count + total, earlier + of_before
    if earlier:
        findings.note(f"{earlier:,} events are the gateway's under the name {HUB}, which it had before {GATEWAY}")
    if not findings.count:
        findings.note(f"{count:,} events are said by who may say them")
    return findings


def _check_day(day: OpenDay, findings: Findings) -> tuple[int, int]:
    """How many events there are, and how many of them the gateway said before it had a name of its own."""
    count = earlier = 0
    for event in day.events():
        count += 1
        reason = _violation(event.source, event.type, event.body)
        if reason is None:
            continue
        if _is_of_the_gateway_before(event):
            earlier += 1
        else:
            findings.fault(f"the event at position {event.position:,} ({event.id}): {reason}")
    return count, earlier


def _violation(source: str, kind: str | None, body: bytes) -> str | None:
    """An event that cannot be read is reported by the check of bodies."""
    if kind not in MODELS:
        return None
    if not depends_on_data(source, kind):
        return violation(source, kind, _NOTHING)
    try:
        return violation(source, kind, _subject.decode(body).data)
    except (msgspec.DecodeError, RecursionError):
        return None


def _is_of_the_gateway_before(event: EventColumns) -> bool:
    if event.sequence is not None or event.type is None:
        return False
    return is_gateway_as_hub(event.source, event.type, _subject.decode(event.body).data)
