"""Checks that every view equals the fold of the journal (invariant 5)."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory

from consumers.engine import set_aside
from consumers.engine.findings import SHOWN, Findings
from consumers.engine.follower import ConsumerContext
from consumers.engine.rebuild.compare import Difference, verify
from consumers.engine.rebuild.retention_floor import Scope, scope
from consumers.engine.rebuild.whole import Progress, difference
from consumers.engine.set_aside import SetAsideEvent
from consumers.engine.view_files import link_of, open_view
from consumers.hub_config import HubConfig, MediaReader
from consumers.registry import consumer_registry
from consumers.store.archive.copies import OutOfReach
from consumers.store.archive.indexed_media import IndexAway
from consumers.store.journal.configured import journal_of
from producer.ids import Clock

_DRAWN = "tiles"
"""The one table whose rows depend on the bytes of media, which retention takes away."""


class _CountingArchive:
    """An archive that counts the media that are not there any more."""

    def __init__(self, archive: MediaReader) -> None:
        self._archive = archive
        self.gone = 0

    def read(self, key: str) -> bytes | None:
        try:
            body = self._archive.read(key)
        except (IndexAway, OutOfReach):
            body = None
        self.gone += body is None
        return body


def check_view(name: str, hub: HubConfig, clock: Clock, progress: Progress) -> Findings:
    """Raises `UnknownConsumer`, `NotAView` or `NoView`."""
    findings = Findings(name)
    last = 0
    projection = consumer_registry(hub).projection(name)
    with closing(journal_of(hub).reader()) as journal, _aside(hub) as (apart, archive):
        floor = journal.floor()
        with closing(open_view(hub.data, name)) as view:
            if why := difference(projection, view):
                findings.not_compared(f"{why}. Its consumer folds it again when it starts")
                return findings
            partly = scope(projection, view, journal)
            refused, count = _set_aside(view)
        if partly is not None and not partly.left_out:
            findings.leave_out(f"all of it, for it begins before the floor of the journal, position {floor:,}")
            return findings

        def report(done: int, of: int) -> None:
            nonlocal last
            last = done
            rmtree(apart.data / "tiles", ignore_errors=True)
            progress(done, of)

        differences = verify(
            consumer_registry(apart).projection(name), ConsumerContext(hub.data, journal, clock), report, partly
        )
        if journal.floor() != floor:
            findings.not_compared("days were dropped from the journal meanwhile; ask again")
            return findings
    _judge(findings, differences, last, archive.gone)
    _note_set_aside(findings, refused, count)
    if partly is not None:
        _note_scope(findings, partly)
    return findings


def _set_aside(view: sqlite3.Connection) -> tuple[Sequence[SetAsideEvent], int]:
    return set_aside.newest(view, SHOWN) if set_aside.is_there(view) else [], set_aside.total(view)


def _note_set_aside(findings: Findings, newest: Sequence[SetAsideEvent], count: int) -> None:
    """These are in neither of the two that are compared; a rebuild folds them again."""
    if count:
        findings.note(f"{count:,} events are set aside, for the consumer's code raises on them; a rebuild tries them")
    for event in newest:
        findings.note(
            f"set aside: position {event.position:,}, event {event.event_id} of {event.source}: {event.error}"
        )


def _note_scope(findings: Findings, partly: Scope) -> None:
    findings.leave_out(f"rows that may stem from before the floor of the journal, position {partly.floor:,}")
    if partly.incomparable:
        tables = ", ".join(sorted(partly.incomparable))
        findings.leave_out(f"tables that begin before the floor: {tables}")


def _judge(findings: Findings, differences: Sequence[Difference], position: int, gone: int) -> None:
    for one in differences:
        if one.table == _DRAWN and gone:
            findings.leave_out(f"tiles, for {gone:,} of their pictures are not kept any more")
            continue
        findings.fault(
            f"table {one.table}: {one.only_in_view:,} rows are only in the view,"
            f" {one.only_in_fold:,} only in the fold of the journal"
            + (f"; such as {one.example}" if one.example else "")
        )
    if not differences:
        findings.note(f"equals the fold of the journal up to position {position:,}")


@contextmanager
def _aside(hub: HubConfig) -> Iterator[tuple[HubConfig, _CountingArchive]]:
    """A hub that writes elsewhere what a fold writes beside its view."""
    archive = _CountingArchive(hub.archive())
    with TemporaryDirectory(prefix=".verify-", dir=link_of(hub.data, "any").parent) as directory:
        yield replace(hub, data=Path(directory), archive=lambda: archive), archive
