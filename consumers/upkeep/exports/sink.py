"""The sink of exports: makes one after the other, in a process of its own, and deletes them after their time."""

import shutil
import sqlite3
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import ClassVar, Final
from uuid import NAMESPACE_URL, uuid5

import structlog

from bus_schemas.event import HUB, Event, device_source
from bus_schemas.footage import Export, ExportEvent
from bus_schemas.node import HeartbeatEvent
from consumers.engine.sink import Sink
from consumers.job_process import job_command
from consumers.running_job import STALLED, RunningJob, Standstill, last_line
from consumers.store.journal.record import JournalReader, Recorded
from consumers.upkeep.exports.order import (
    PROGRESS,
    RESULT,
    ExportOrder,
    ExportResult,
    ExportScope,
    NotAFolder,
    bytes_in,
    folder_of,
)
from consumers.upkeep.exports.queue import next_export, too_large, too_many, waiting
from producer.clock import Elapsed
from producer.ids import Clock, utc_now
from producer.times import moment_of_seconds

COMMAND: Final = job_command("consumers.upkeep.exports.job")
REPORT_COMMAND: Final = job_command("consumers.reports.job")
"""A process of a room above this one: it reads incidents too."""
TRIES: Final = 5
COPIES: Final = 2
"""The parts of a ZIP lie beside it while it is made."""
_NAMESPACE = uuid5(NAMESPACE_URL, "watchpost:export")

log = structlog.get_logger()


class ExportSink(Sink):
    """One export at a time. One that was not finished when the process ended is made again after a restart."""

    name: ClassVar[str] = "exporter"
    models: ClassVar[tuple[type[Event], ...]] = (ExportEvent, HeartbeatEvent)
    emits: ClassVar[tuple[type[Event], ...]] = (ExportEvent,)
    schema: ClassVar[str] = """
    create table if not exists jobs (
        export_id text primary key, position integer not null, site text not null, asked real not null,
        export text not null, state text not null, tries integer not null, progress real not null, ended real,
        result text, is_emitted integer not null
    ) strict;
    """

    def __init__(
        self,
        scope: ExportScope,
        clock: Clock = utc_now,
        command: Sequence[str] = COMMAND,
        elapsed: Elapsed = time.monotonic,
    ) -> None:
        self._scope = scope
        self._clock = clock
        self._command = tuple(command)
        self._job: RunningJob | None = None
        self._export_id = ""
        self._elapsed = elapsed
        self._standstill = Standstill(elapsed)
        self._received = ""

    def begins_after(self, journal: JournalReader) -> int:
        """Nobody else makes what was asked for before it was there."""
        waiting: dict[str, int] = {}
        after = 0
        while True:
            batch = journal.read(after, (ExportEvent,))
            for record in batch.records:
                if isinstance(event := record.event, ExportEvent):
                    if event.data.state == "asked":
                        waiting.setdefault(event.data.export_id, record.position)
                    else:
                        waiting.pop(event.data.export_id, None)
            if batch.upto <= after:
                return min(waiting.values(), default=journal.head() + 1) - 1
            after = batch.upto

    def deliver(self, state: sqlite3.Connection, batch: Sequence[Recorded]) -> Sequence[Event]:
        for record in batch:
            if isinstance(event := record.event, ExportEvent):
                self._take(state, record, event.data)
        rows = state.execute(
            "select export_id, site, export, state, ended, result from jobs where is_emitted = 0 and ended is not null"
            " and state in ('done', 'failed', 'expired') order by ended, export_id"
        )
        return [_ended(*row) for row in rows]

    def settle(self, state: sqlite3.Connection) -> None:
        state.execute("update jobs set is_emitted = 1 where ended is not null")

    def idle(self, state: sqlite3.Connection) -> None:
        if self._job is not None:
            self._follow(state, self._job)
        if self._job is None:
            self._begin_next(state)
        self._expire(state)

    def halt(self) -> None:
        """Called from another thread: the process goes, and its export is made again."""
        self._kill()

    def close(self) -> None:
        self._kill()
        self._job, self._export_id = None, ""

    def _take(self, state: sqlite3.Connection, record: Recorded, data: Export) -> None:
        if data.state == "asked":
            try:
                self._folder(data.export_id)
            except NotAFolder as error:
                # Only a journal from before such ids were rejected has one. No event may say what became of it.
                log.error("an export cannot be made", position=record.position, reason=str(error))
                return
            self._enqueue(state, record, data)
        elif data.state in ("cancelled", "removed"):
            if data.export_id == self._export_id:
                self.close()
            known = state.execute("select 1 from jobs where export_id = ?", (data.export_id,)).fetchone()
            if known is not None:
                self._remove_files(data.export_id)
                state.execute(
                    "update jobs set state = ?, ended = ?, is_emitted = 1 where export_id = ?",
                    (data.state, record.time_s, data.export_id),
                )

    def _enqueue(self, state: sqlite3.Connection, record: Recorded, data: Export) -> None:
        """A request on the bus for more than the hub takes is refused with the sentence of the gateway."""
        refusal = too_many(self._scope.policy, data.by, *waiting(state, data.by))
        row = (data.export_id, record.position, record.where[0], record.time_s, data.model_dump_json())
        added = state.execute(
            "insert or ignore into jobs values (?, ?, ?, ?, ?, 'waiting', 0, 0, null, null, 0)", row
        ).rowcount
        if added and refusal is not None:
            self._end(state, data.export_id, ExportResult(failure=refusal))

    def _begin_next(self, state: sqlite3.Connection) -> None:
        found = next_export(state)
        if found is None:
            return
        export_id, site, asked, export, tries = found
        if tries >= TRIES:
            self._end(state, export_id, ExportResult(failure=f"it was begun {tries} times, and never finished"))
            return
        order = self._scope.order(site, moment_of_seconds(asked), Export.model_validate_json(export))
        self._remove_files(export_id)
        state.execute(
            "update jobs set state = 'running', tries = tries + 1, progress = 0 where export_id = ?", (export_id,)
        )
        try:
            order.directory.mkdir(parents=True)
            self._start(order, order.directory / "log")
        except OSError as error:
            # Its folder cannot be made, or the disk is full: that costs this export alone.
            self._end(state, export_id, ExportResult(failure=f"it cannot be begun: {error.strerror or error}"))

    def _start(self, order: ExportOrder, output: Path) -> None:
        command = self._command if order.export.report is None else REPORT_COMMAND
        self._job = RunningJob(command, order, output)
        self._export_id, self._standstill = order.export.export_id, Standstill(self._elapsed)

    def _follow(self, state: sqlite3.Connection, job: RunningJob) -> None:
        directory = self._folder(self._export_id)
        code = job.exit_code()
        if code is None:
            with suppress(OSError, ValueError):
                done, _, self._received = (directory / PROGRESS).read_text().partition(" ")
                share = float(done)
                state.execute(
                    "update jobs set progress = ? where export_id = ? and progress < ?",
                    (share, self._export_id, share),
                )
            self._end_hopeless(state, directory)
            return
        export_id, self._job, self._export_id = self._export_id, None, ""
        if code < 0:
            # Killed, as where the machine ran out of memory: it is tried again.
            log.warning("an export was killed", export=export_id, signal=-code)
            return
        self._end(state, export_id, self._within_bound(_result(directory, code)))

    def _within_bound(self, made: ExportResult) -> ExportResult:
        reason = too_large(self._scope.policy, made.bytes)
        return made if reason is None else ExportResult(failure=reason)

    def _end_hopeless(self, state: sqlite3.Connection, directory: Path) -> None:
        """A decoder or a bucket that never answers costs its own export, and so does what grows beyond all bounds."""
        reason = too_large(self._scope.policy, bytes_in(directory) // COPIES)
        (progress,) = state.execute("select progress from jobs where export_id = ?", (self._export_id,)).fetchone()
        if self._standstill.is_too_long((progress, self._received)):
            reason = STALLED
        if reason is not None:
            export_id = self._export_id
            self.close()
            self._end(state, export_id, ExportResult(failure=reason))

    def _end(self, state: sqlite3.Connection, export_id: str, result: ExportResult) -> None:
        if result.failure is not None:
            self._remove_files(export_id)
        state.execute(
            "update jobs set state = ?, progress = ?, ended = ?, result = ?, is_emitted = 0 where export_id = ?",
            (
                "done" if result.failure is None else "failed",
                float(result.failure is None),
                self._clock().timestamp(),
                result.model_dump_json(),
                export_id,
            ),
        )

    def _expire(self, state: sqlite3.Connection) -> None:
        """The oldest go beyond the time and the bytes that exports may take."""
        policy, now, kept = self._scope.policy, self._clock(), 0
        rows = state.execute("select export_id, ended, result from jobs where state = 'done' order by ended desc")
        for export_id, ended, result in rows.fetchall():
            size = ExportResult.model_validate_json(result).bytes
            if now.timestamp() - ended <= policy.keep.total_seconds() and kept + size <= policy.bytes:
                kept += size
                continue
            self._remove_files(export_id)
            state.execute(
                "update jobs set state = 'expired', ended = ?, is_emitted = 0 where export_id = ?",
                (now.timestamp(), export_id),
            )

    def _folder(self, export_id: str) -> Path:
        """Raises `NotAFolder`."""
        return folder_of(self._scope.data, export_id)

    def _remove_files(self, export_id: str) -> None:
        """A file that cannot be deleted costs this export alone: it finds its folder taken."""
        try:
            shutil.rmtree(self._folder(export_id))
        except (FileNotFoundError, NotAFolder):
            return
        except OSError as error:
            log.warning("files of an export cannot be deleted", export=export_id, reason=str(error))

    def _kill(self) -> None:
        job = self._job
        if job is not None:
            job.kill()


def _result(directory: Path, code: int) -> ExportResult:
    try:
        return ExportResult.model_validate_json((directory / RESULT).read_bytes())
    except (OSError, ValueError):
        output = last_line(directory / "log")
        return ExportResult(failure=f"its process ended with {code}{f': {output}' if output else ''}")


def _ended(export_id: str, site: str, export: str, state: str, ended: float, result: str | None) -> ExportEvent:
    asked = Export.model_validate_json(export)
    made = ExportResult() if result is None else ExportResult.model_validate_json(result)
    first = made.files[0] if made.files else None
    data = asked.model_copy(
        update={
            "state": state,
            "detail": made.failure or made.detail,
            "incidents": made.incidents,
            "file": first.name if first else None,
            "size": first.size if first else None,
            "sha256": first.sha256 if first else None,
        }
    )
    return ExportEvent(
        id=str(uuid5(_NAMESPACE, f"{export_id}/{state}")),
        source=device_source(site, HUB),
        time=moment_of_seconds(ended),
        data=data,
    )
