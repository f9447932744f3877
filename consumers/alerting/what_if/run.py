"""Runs a trial: folds its range beside the running product, compares, and stores the outcome."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Event as Flag
from typing import Protocol

from bus_schemas.codec import to_bytes
from bus_schemas.event import HUB_SOURCE, Event
from bus_schemas.node import SettingsEvent
from bus_schemas.registry import RegistryEvent
from consumers.alerting.rules import AlertRules
from consumers.alerting.what_if import files
from consumers.alerting.what_if.comparison import compare
from consumers.alerting.what_if.fold import MODELS, SCHEMA, Folding
from consumers.alerting.what_if.initial_state import before, begin
from consumers.alerting.what_if.time_range import RUN_IN, PositionRange, position_range
from consumers.alerting.what_if.trial import TrialOutcome, TrialRequest
from consumers.engine.folding import Faulty, call
from consumers.engine.follower import BATCH
from consumers.hub_config import HubConfig
from consumers.store.journal.record import JournalReader, Recorded
from consumers.store.journal.store import JournalAway
from producer.ids import Clock
from producer.transaction import transaction

FEW = 100
"""Events that are analysed between two looks at how far it is."""

Row = tuple[int, str, str, str, bytes]
"""A finding as it is kept: position, id of the original event, medium, version of the analysis, event."""

Progress = Callable[[int, int], None]
"""Called with how many positions are folded, of how many."""


class TrialInterrupted(Exception):
    """The process ends; the trial stays as it is, and is shown as interrupted."""


class Cancelled(Exception):
    """Somebody does not want it any more."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The event that an analysis made in place of the original, and the medium that it analysed."""

    event: Event
    media: str


class TrialAnalysis(Protocol):
    """Analyses archived media again. It is given every event in order, so it knows the settings of each device."""

    version: str

    def analyse(self, event: Event) -> Finding | None:
        """`None` where the event is none of an analysis, or where its medium is not kept any more."""
        ...

    def concerns(self, event: Event) -> bool:
        """Whether it is the event of an analysis."""
        ...


@dataclass(frozen=True, slots=True)
class TrialContext:
    """The surroundings of a trial: the configuration, the journal, the clock, and the event that ends it."""

    hub: HubConfig
    journal: JournalReader
    clock: Clock
    stopping: Flag
    progress: Progress = lambda done, of: None
    analysis: TrialAnalysis | None = None
    run_in: timedelta = RUN_IN


def run(file: Path, bench: TrialContext) -> None:
    """Until it is done, failed or cancelled. Raises `TrialInterrupted` where it was stopped."""
    with closing(files.connect(file)) as view:
        view.executescript(SCHEMA)
        asked = files.begun(view)
        running = _TrialRun(view, bench, asked)
        try:
            call(running.run)
        except Faulty as fault:
            if isinstance(fault.__cause__, TrialInterrupted):
                raise fault.__cause__ from None
            with suppress(Cancelled):
                running.fail(fault.__cause__ or fault)
        except JournalAway as away:
            running.fail(away)


class _TrialRun:
    def __init__(self, view: sqlite3.Connection, bench: TrialContext, asked: TrialRequest) -> None:
        self._view = view
        self._bench = bench
        self._asked = asked
        self._outcome = TrialOutcome(analysis_version=None if bench.analysis is None else bench.analysis.version)

    def run(self) -> None:
        journal = self._bench.journal
        over = position_range(journal, self._asked, self._bench.run_in)
        read = {"journal": journal.journal_id(), "first": over.first, "last": over.last}
        self._outcome = self._outcome.model_copy(update=read)
        rules = AlertRules().changed(self._asked.rule_set)
        folding = Folding(rules)
        if not over.whole:
            self._begin(rules, over)
        for records in self._batches(over):
            events = [record for record in records if self._is_of_site(record)]
            if events:
                # Pictures are looked at before anything is locked: somebody may want to cancel meanwhile.
                analysed, findings = self._analysed(events)
                with transaction(self._view):
                    self._view.executemany("insert into findings values (?, ?, ?, ?, ?)", findings)
                    folding.fold(self._view, analysed)
                folding.committed()
        with transaction(self._view):
            counts, raised = compare(self._view, self._bench.hub.data, self._asked)
            outcome = self._outcome.model_copy(update={"counts": counts})
            files.save_progress(self._view, 1.0)
            files.end(self._view, "done", files.ended_at(outcome, self._bench.clock()), raised)

    def fail(self, cause: BaseException) -> None:
        if isinstance(cause, Cancelled):
            raise cause
        error = f"{type(cause).__name__}: {cause}"
        with transaction(self._view):
            files.end(self._view, "failed", files.ended_at(self._outcome, self._bench.clock(), error))

    def _begin(self, rules: AlertRules, over: PositionRange) -> None:
        known = before(self._bench.hub.data, over.first - 1, over.start, self._asked.site)
        with transaction(self._view):
            begin(self._view, known, rules)
        for record in known.settings:
            self._show(record.event)

    def _batches(self, over: PositionRange) -> Iterator[list[Recorded]]:
        """With the progress reported after each has been folded."""
        of = max(1, over.last - over.first + 1)
        for records in self._read(over, MODELS):
            yield records
            done = min(of, records[-1].position - over.first + 1) if records else of
            files.save_progress(self._view, done / of)
            self._bench.progress(done, of)

    def _read(self, wanted: PositionRange, models: tuple[type[Event], ...]) -> Iterator[list[Recorded]]:
        after = wanted.first - 1
        while after < wanted.last:
            self._go_on()
            batch = self._bench.journal.read(after, models, BATCH if self._bench.analysis is None else FEW)
            yield [record for record in batch.records if record.position <= wanted.last]
            if batch.upto <= after:
                return
            after = batch.upto

    def _go_on(self) -> None:
        if self._bench.stopping.is_set():
            raise TrialInterrupted
        if not files.still_wanted(self._view):
            raise Cancelled

    def _is_of_site(self, record: Recorded) -> bool:
        """The hub's own ticks belong to every site: they are how time passes in it."""
        site = self._asked.site
        if site is not None and record.model is RegistryEvent:
            assert isinstance(record.event, RegistryEvent)
            return record.event.data.site == site
        return site in (None, record.where[0]) or record.source == HUB_SOURCE

    def _analysed(self, records: list[Recorded]) -> tuple[list[Recorded], list[Row]]:
        """The events to judge by: those of the analysis in the place of the originals, and what is kept of it."""
        self._count(events=len(records))
        analysis = self._bench.analysis
        if analysis is None:
            return records, []
        rows: list[Row] = []
        return [self._finding(analysis, record, rows) for record in records], rows

    def _show(self, event: Event) -> None:
        """The current settings, which the analysis must know."""
        if self._bench.analysis is not None and isinstance(event, SettingsEvent):
            self._bench.analysis.analyse(event)

    def _finding(self, analysis: TrialAnalysis, record: Recorded, rows: list[Row]) -> Recorded:
        self._go_on()
        found = analysis.analyse(record.event)
        if found is None:
            self._count(media_gone=int(analysis.concerns(record.event)))
            return record
        self._count(analysed=1)
        rows.append((record.position, record.id, found.media, analysis.version, to_bytes(found.event)))
        return Recorded(record.position, record.received, found.event)

    def _count(self, **more: int) -> None:
        counted = {name: getattr(self._outcome, name) + number for name, number in more.items()}
        self._outcome = self._outcome.model_copy(update=counted)
