"""Tracks the faults that the processes of the hub report, and which of their changes the journal does not have yet."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ValidationError

from bus_schemas.hub import MAX_FAULTS, PROCESS_SILENT_AFTER_S, Fault, FaultKind, OpenFault
from bus_schemas.protocol import ProcessFaults
from bus_schemas.topics import FAULTS
from consumers.hub_faults import Key, open_fault
from consumers.store.journal.broken_days import LostDay
from producer.ids import Clock

FORGOTTEN_AFTER_S: Final = 3600.0
"""By then it is taken away; that a consumer stands still is reported by the gateway."""
ENDED_FORGOTTEN_AFTER_S: Final = 600.0
"""A process that was stopped on purpose comes back sooner, or has no faults any more."""
CLEAR_AFTER_S: Final = 5.0
"""A fault is over when nobody has reported it for this long; one that comes and goes in between stays one fault."""
STARTING_S: Final = 90.0
"""For so long a process that was started anew may not know yet that what its predecessor had reported still holds."""
BRIEF_S: Final = 5.0
"""A fault of ingest itself that is over sooner is not reported."""
STEP_S: Final = 0.2
LONGEST_STEP_S: Final = 1.0
MAX_PROCESSES: Final = 200
OURS: Final = "ingest"


@dataclass(slots=True)
class _Process:
    faults: tuple[OpenFault, ...] = ()
    silent_s: float = 0.0
    ended: bool = False
    run: str | None = None
    run_s: float = 0.0
    """How long this run of it has been known."""
    reported: set[Key] = field(default_factory=set)
    """All that this run of it has found: it knows when that is over."""

    @classmethod
    def of(cls, report: ProcessFaults, before: "_Process | None" = None) -> "_Process":
        """After a report, and the one before it."""
        it = cls(report.faults, ended=report.ended, run=report.run)
        if before is not None and before.run == report.run:
            it.run_s, it.reported = before.run_s, before.reported
        it.reported |= {(one.part, one.kind) for one in report.faults}
        return it

    def may_know(self, key: Key) -> bool:
        """Whether it means something that it does not report this fault."""
        return key in self.reported or self.run is None or self.run_s >= STARTING_S

    @property
    def is_forgotten(self) -> bool:
        return self.silent_s > (ENDED_FORGOTTEN_AFTER_S if self.ended else FORGOTTEN_AFTER_S)


class _Saved(BaseModel):
    """The state that outlives a restart: the reports, and the faults that are open in the journal."""

    reports: list[ProcessFaults] = []
    written: list[OpenFault] = []


@dataclass(slots=True)
class FaultTracker:
    """Levels in, changes out. Time counts only while the bus is received: see `pass_time`."""

    clock: Clock
    file: Path
    _processes: dict[str, _Process] = field(default_factory=dict)
    _written: dict[Key, OpenFault] = field(default_factory=dict)
    _absent_s: dict[Key, float] = field(default_factory=dict)
    _reporters: dict[Key, str] = field(default_factory=dict)
    """The process that reported it last."""
    _own: dict[Key, OpenFault] = field(default_factory=dict)
    _missed: list[Fault] = field(default_factory=list)
    _received_at: float | None = None

    def load(self, journaled: Iterable[Fault] | None = None) -> None:
        """Go on where the process before this one ended. Where its file is gone, the events in the journal say it."""
        with suppress(OSError, ValidationError):
            saved = _Saved.model_validate_json(self.file.read_bytes())
            for report in saved.reports:
                self._note(report)
            self._written = {(one.part, one.kind): one for one in saved.written}
            return
        for fault in journaled or ():
            self.wrote(fault, save=False)

    def take(self, topic: str, payload: bytes) -> str | None:
        """A report of a process; the sentence says why it is none."""
        try:
            report = ProcessFaults.model_validate_json(payload)
        except ValidationError as error:
            return f"not a report of faults: {error.error_count()} errors, the first: {error.errors()[0]['msg']}"
        if topic != f"{FAULTS}{report.process}":
            return f"a report of {report.process} does not belong on topic {topic}"
        if len(self._processes) >= MAX_PROCESSES and report.process not in self._processes:
            return f"{MAX_PROCESSES} processes report faults already"
        self._note(report)
        if report.ended:
            # Ingest ends next, where all is stopped, and then must know that this one may be silent.
            self._save()
        return None

    def _note(self, report: ProcessFaults) -> None:
        self._processes[report.process] = _Process.of(report, self._processes.get(report.process))
        self._reporters |= {(one.part, one.kind): report.process for one in report.faults}

    def raise_own(self, part: str, kind: FaultKind, reason: str) -> None:
        """A fault that ingest itself has found. It keeps the moment at which it began."""
        fault = open_fault(part, kind, reason, self.clock())
        before = self._own.get((fault.part, kind))
        self._own[fault.part, kind] = fault if before is None else fault.model_copy(update={"since": before.since})

    def clear_own(self, part: str, kind: FaultKind) -> None:
        """It works again. What could not be written meanwhile is written as raised and cleared."""
        fault = self._own.pop((part, kind), None)
        if fault is None or (part, kind) in self._written:
            return
        if self._is_worth_reporting(fault):
            self._add_missed(fault)

    def note_standstill(self, seconds: float) -> None:
        """Ingest could receive nothing for so long, and did not know it meanwhile."""
        since = self.clock() - timedelta(seconds=seconds)
        reason = f"Ingest stood still for {seconds:.0f} s. What was sent meanwhile was received late."
        self._add_missed(open_fault(OURS, "system_error", reason, since))

    def note_lost_day(self, lost: LostDay, known: int | None) -> None:
        """A day of the journal could not be read. Events up to the position `known` were in it, if that is given."""
        last = known if lost.last is None else lost.last
        count = "an unknown number of" if last is None else f"{max(0, last - lost.first + 1):,}"
        source = "Producers send again what they still have." if lost.is_newest else "They are in no rebuild any more."
        reason = (
            f"The journal of {lost.date} could not be read ({lost.reason}): {count} events from position"
            f" {lost.first:,} on are lost. {source} The file is kept as {lost.kept}."
        )
        self._add_missed(open_fault("journal", "database_error", reason, self.clock()))

    def _is_worth_reporting(self, fault: OpenFault) -> bool:
        """One that is yet to come has begun by a clock that was set back since."""
        return abs((self.clock() - fault.since).total_seconds()) >= BRIEF_S

    def _add_missed(self, fault: OpenFault) -> None:
        self._missed += [Fault(**dict(fault), state="raised"), Fault(**dict(fault), state="cleared")]
        del self._missed[: -2 * MAX_FAULTS]

    def own(self) -> tuple[Key, ...]:
        return tuple(self._own)

    def lost_contact(self) -> None:
        """Nothing can be received: what is silent now is not silent by itself."""
        self._received_at = None

    def is_due(self, now: float) -> bool:
        return self._received_at is None or now - self._received_at >= STEP_S

    def pass_time(self, now: float) -> None:
        """`now` in seconds of the monotonic clock, passed in often while the bus is received.

        A step is short, however long ingest itself stood still: what others said meanwhile is still to be read.
        """
        step = 0.0 if self._received_at is None else min(now - self._received_at, LONGEST_STEP_S)
        self._received_at = now
        for process in self._processes.values():
            process.silent_s += step
            process.run_s += step
        self._processes = {name: it for name, it in self._processes.items() if not it.is_forgotten}
        held = self._held()
        self._absent_s = {key: self._absent_s.get(key, 0.0) + step for key in self._written.keys() - held.keys()}

    def changes(self) -> Iterator[Fault]:
        """The changes to write into the journal, oldest first; the caller confirms each with `wrote`."""
        yield from list(self._missed)
        held = self._held()
        for key in sorted(held.keys() - self._written.keys()):
            yield Fault(**dict(held[key]), state="raised")
        for key in sorted(self._written.keys() - held.keys()):
            if self._absent_s.get(key, 0.0) >= CLEAR_AFTER_S and self._is_over(key):
                yield Fault(**dict(self._written[key]), state="cleared")

    def _is_over(self, key: Key) -> bool:
        """Whether nobody reports it who would know."""
        reporter = self._processes.get(self._reporters.get(key, OURS))
        return reporter is None or reporter.may_know(key)

    def wrote(self, fault: Fault, *, save: bool = True) -> None:
        """The journal says so now."""
        if fault in self._missed:
            self._missed.remove(fault)
        key = (fault.part, fault.kind)
        if fault.state == "raised":
            self._written[key] = OpenFault(**fault.model_dump(exclude={"state"}))
        else:
            self._written.pop(key, None)
            self._reporters.pop(key, None)
        if save:
            self._save()

    def _save(self) -> None:
        reports = [
            ProcessFaults(process=name, time=self.clock(), run=it.run, ended=it.ended, faults=it.faults)
            for name, it in self._processes.items()
        ]
        half = self.file.with_suffix(".tmp")
        # On a full disk the journal says it, once it can be read from the beginning.
        with suppress(OSError):
            half.write_text(_Saved(reports=reports, written=list(self._written.values())).model_dump_json())
            half.replace(self.file)

    def _held(self) -> Mapping[Key, OpenFault]:
        """Every fault that somebody reports, since the earliest moment that anybody names."""
        held: dict[Key, OpenFault] = {}
        for fault in self._all():
            known = held.get((fault.part, fault.kind))
            if known is None or fault.since < known.since:
                held[fault.part, fault.kind] = fault
        return held

    def _all(self) -> Iterator[OpenFault]:
        yield from filter(self._is_worth_reporting, self._own.values())
        for name, process in self._processes.items():
            yield from process.faults
            if process.silent_s > PROCESS_SILENT_AFTER_S and not process.ended:
                key: Key = (name, "system_error")
                since = self._written[key].since if key in self._written else self.clock()
                reason = f"The process {name} has reported nothing for more than {PROCESS_SILENT_AFTER_S:.0f} s."
                yield open_fault(name, "system_error", reason, since)
