"""The sink of the media check: checks all media on a schedule, in a process of its own, and emits what was found."""

import sqlite3
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Final, NamedTuple
from uuid import NAMESPACE_URL, uuid5

import structlog

from bus_schemas.event import HUB, Event, device_source
from bus_schemas.limits import clip
from bus_schemas.node import Command, CommandEvent, HeartbeatEvent
from consumers.engine.sink import Sink
from consumers.job_process import job_command
from consumers.running_job import STALLED, RunningJob, Standstill, last_line
from consumers.store.journal.record import Recorded
from consumers.upkeep.verify.media_job import MediaCheck, MediaCheckScope
from producer.clock import Elapsed
from producer.ids import Clock, utc_now
from producer.times import moment_of_seconds

CHECK_MEDIA: Final = "check_media"
COMMAND: Final = job_command("consumers.upkeep.verify.media_job")
BY: Final = "schedule"
DETAIL_LENGTH: Final = 500
_NAMESPACE = uuid5(NAMESPACE_URL, "watchpost:media-check")

log = structlog.get_logger()


class MediaCheckSink(Sink):
    """The first check is due when the sink has been there for the time between two."""

    name: ClassVar[str] = "media_check"
    models: ClassVar[tuple[type[Event], ...]] = (HeartbeatEvent,)
    emits: ClassVar[tuple[type[Event], ...]] = (CommandEvent,)
    schema: ClassVar[str] = """
    create table if not exists checks (
        begun real primary key, ended real, result text, is_emitted integer not null default 0
    ) strict;
    create table if not exists schedule (only_one integer primary key check (only_one = 1), last real not null) strict;
    """

    def __init__(
        self,
        scope: MediaCheckScope,
        clock: Clock = utc_now,
        command: Sequence[str] = COMMAND,
        elapsed: Elapsed = time.monotonic,
    ) -> None:
        self._scope = scope
        self._clock = clock
        self._command = tuple(command)
        self._job: RunningJob | None = None
        self._elapsed = elapsed
        self._standstill = Standstill(elapsed)

    def deliver(self, state: sqlite3.Connection, batch: Sequence[Recorded]) -> Sequence[Event]:
        rows = state.execute("select begun, ended, result from checks where is_emitted = 0 and ended is not null")
        return [_ended(*row) for row in rows]

    def settle(self, state: sqlite3.Connection) -> None:
        state.execute("update checks set is_emitted = 1 where ended is not null")
        state.execute(
            "delete from checks where is_emitted and begun < (select max(begun) from checks where is_emitted)"
        )

    def idle(self, state: sqlite3.Connection) -> None:
        if self._job is not None:
            self._follow(state, self._job)
        elif self._is_due(state):
            self._start(state)

    def halt(self) -> None:
        """Called from another thread: the process goes, and begins anew after the next start."""
        self._kill()

    def close(self) -> None:
        self._kill()
        self._job = None

    def _is_due(self, state: sqlite3.Connection) -> bool:
        every, cold, now = self._scope.every, self._scope.cold, self._clock()
        hours = None if cold is None else cold.hours
        if every is None:
            return False
        found = state.execute("select last from schedule").fetchone()
        if found is None or found[0] > now.timestamp():
            state.execute("insert or replace into schedule values (1, ?)", (now.timestamp(),))
            return False
        return now.timestamp() - found[0] >= every.total_seconds() and (hours is None or now in hours)

    def _start(self, state: sqlite3.Connection) -> None:
        order = self._scope.order(self._result)
        self._result.parent.mkdir(parents=True, exist_ok=True)
        self._result.unlink(missing_ok=True)
        # A check that had begun when the process ended begins again.
        state.execute("delete from checks where ended is null")
        state.execute("insert into checks (begun) values (?)", (self._clock().timestamp(),))
        self._job, self._standstill = RunningJob(self._command, order, self._log), Standstill(self._elapsed)

    def _follow(self, state: sqlite3.Connection, job: RunningJob) -> None:
        code = job.exit_code()
        if code is not None:
            self._end(state, self._read(code))
        elif self._standstill.is_too_long(job.computed_s()):
            job.kill()
            self._end(state, MediaCheck(failure=f"the process that checks media was ended: {STALLED}"))

    def _end(self, state: sqlite3.Connection, result: MediaCheck) -> None:
        self._job = None
        log.info("media checked", result=result.sentence())
        now = self._clock().timestamp()
        state.execute("update checks set ended = ?, result = ? where ended is null", (now, result.model_dump_json()))
        state.execute("insert or replace into schedule values (1, ?)", (now,))

    def _read(self, code: int) -> MediaCheck:
        try:
            return MediaCheck.model_validate_json(self._result.read_bytes())
        except (OSError, ValueError):
            said = f"the process that checks media ended with {code}: {last_line(self._log)}"
            return MediaCheck(failure=clip(said, DETAIL_LENGTH))

    @property
    def _result(self) -> Path:
        return self._scope.data / "run" / "media_check.json"

    @property
    def _log(self) -> Path:
        return self._scope.data / "run" / "media_check.log"

    def _kill(self) -> None:
        job = self._job
        if job is not None:
            job.kill()


def _ended(begun: float, ended: float, result: str) -> CommandEvent:
    found = MediaCheck.model_validate_json(result)
    request_id = str(uuid5(_NAMESPACE, f"{begun}"))
    return CommandEvent(
        id=str(uuid5(_NAMESPACE, f"{begun}/ended")),
        source=device_source(HUB, HUB),
        time=moment_of_seconds(ended),
        data=Command(
            request_id=request_id,
            name=CHECK_MEDIA,
            state="done" if found.failure is None else "failed",
            by=BY,
            detail=clip(found.sentence(), DETAIL_LENGTH),
            arguments={"repaired": found.repaired, "left": found.left, "faults": found.count},
        ),
    )


class LastMediaCheck(NamedTuple):
    """The last check that ended."""

    ended: datetime
    is_clean: bool
    sentence: str


def last_media_check(view: sqlite3.Connection) -> LastMediaCheck | None:
    """The view is that of `media_check`."""
    found = view.execute("select ended, result from checks where ended is not null order by begun desc").fetchone()
    if found is None:
        return None
    result = MediaCheck.model_validate_json(found[1])
    return LastMediaCheck(moment_of_seconds(found[0]), result.is_clean, result.sentence())
