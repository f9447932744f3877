"""The files of trials: one database each under `trials/`, and a lock that says which of them is running.

A trial is `running` as long as a process holds the lock for it. A trial that is marked as running and held by nobody
was interrupted: its process died, or was stopped with the product.
"""

import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

from pydantic_core import from_json, to_json

from consumers.alerting.what_if.trial import Found, RaisedAlert, State, Trial, TrialOutcome, TrialRequest
from consumers.engine import view_files
from producer.locks import FileLock, LockHeld, holder_of

KEPT = 20
KEPT_BYTES = 1_000_000_000
SHOWN = 1000
CHECK_S = 0.06
"""A check whether a trial is running holds the lock for a moment."""
ENDS_WITHIN_S = 3.0

SCHEMA = """
create table if not exists trial (
    only integer primary key check (only = 1), state text not null, progress real not null, asked text not null,
    outcome text not null
) strict;
create table if not exists raised (
    number integer primary key, found text not null, alert text not null
) strict;
create table if not exists findings (
    position integer primary key, original text not null, media text not null, analysis_version text not null,
    body blob not null
) strict;
"""
"""`findings` are events that an analysis made of archived media, each beside the event that it stands for."""


class TrialRunning(RuntimeError):
    """There is one already, and they run one at a time."""


class NoTrial(LookupError):
    """There is no trial with this id."""


def directory_of(data: Path) -> Path:
    return data / "trials"


class TrialLock:
    """Held while a trial runs. A child that is given its descriptor holds it as well."""

    def __init__(self, data: Path, trial_id: str) -> None:
        """Raises `TrialRunning`."""
        self._file = _locked(data)
        self._file.write(trial_id)

    def fileno(self) -> int:
        return self._file.fileno()

    def close(self) -> None:
        """Let go of it, in this process."""
        self._file.close()


def _locked(data: Path) -> FileLock:
    """A trial that has just ended holds the lock for a moment longer. Raises `TrialRunning`."""
    until = time.monotonic() + ENDS_WITHIN_S
    while True:
        try:
            return FileLock(_lock_file(data), wait_s=CHECK_S)
        except LockHeld as held:
            if time.monotonic() >= until or _goes_on(data):
                raise TrialRunning(f"the trial {held.holder} is running; they run one at a time") from held


def _lock_file(data: Path) -> Path:
    return directory_of(data) / "running"


def running(data: Path) -> str | None:
    """The id of the trial that runs now."""
    return holder_of(_lock_file(data))


def _goes_on(data: Path) -> bool:
    """Whether the trial that holds the lock will go on."""
    return any(trial.state == "running" for trial in trials(data))


def create(data: Path, asked: TrialRequest) -> Path:
    """The file of a new trial; the oldest ones beyond the bound go. The caller holds the lock."""
    _drop_oldest(data)
    file = directory_of(data) / f"{asked.id}.sqlite"
    with closing(connect(file)) as view:
        values = (asked.model_dump_json(), TrialOutcome().model_dump_json())
        view.execute("insert into trial values (1, 'running', 0, ?, ?)", values)
    return file


def connect(file: Path) -> sqlite3.Connection:
    """A connection that writes, for the one who runs the trial or ends it."""
    view = view_files.connect(file)
    view.executescript(SCHEMA)
    return view


def find(data: Path, trial_id: str) -> Path:
    """Raises `NoTrial`. The file is looked for among those that are there."""
    for file in _files(data):
        if file.stem == trial_id:
            return file
    raise NoTrial(f"there is no trial {trial_id[:64]!r}")


def trials(data: Path) -> list[Trial]:
    """Newest first."""
    now_running = running(data)
    found = [trial for file in _files(data) if (trial := _read(file, now_running)) is not None]
    return sorted(found, key=lambda trial: (trial.asked.created, trial.asked.id), reverse=True)


def trial(data: Path, trial_id: str) -> tuple[Trial, list[tuple[Found, RaisedAlert]]]:
    """A trial with the first of what it raised, and of what it did not. Raises `NoTrial`."""
    file = find(data, trial_id)
    found = _read(file, running(data))
    if found is None:
        raise NoTrial(f"there is no trial {trial_id!r}")
    with closing(view_files.open_file(file)) as view:
        return found, _raised(view)


def _read(file: Path, now_running: str | None) -> Trial | None:
    """`None` where it is being made, was removed a moment ago, or cannot be read."""
    try:
        with closing(view_files.open_file(file)) as view:
            row = view.execute("select state, progress, asked, outcome from trial").fetchone()
    except sqlite3.DatabaseError:
        return None
    if row is None:
        return None
    state, progress, asked, outcome = row
    if state == "running" and file.stem != now_running:
        state = "interrupted"
    return Trial(
        asked=TrialRequest.model_validate_json(asked),
        state=state,
        progress=progress,
        outcome=TrialOutcome.model_validate_json(outcome),
    )


def _raised(view: sqlite3.Connection) -> list[tuple[Found, RaisedAlert]]:
    """The first of each kind, in the order in which they were raised."""
    found = view.execute(
        "select found, alert from (select *, row_number() over (partition by found order by number) as place"
        " from raised) where place <= ? order by number",
        (SHOWN,),
    )
    return [(kind, RaisedAlert.model_validate(from_json(alert))) for kind, alert in found]


def still_wanted(view: sqlite3.Connection) -> bool:
    return bool(view.execute("select state = 'running' from trial").fetchone()[0])


def save_progress(view: sqlite3.Connection, progress: float) -> None:
    view.execute("update trial set progress = ?", (progress,))


def end(
    view: sqlite3.Connection, state: State, outcome: TrialOutcome, raised: Sequence[tuple[Found, RaisedAlert]] = ()
) -> None:
    """Unless somebody ended it before."""
    if still_wanted(view):
        view.execute("update trial set state = ?, outcome = ?", (state, outcome.model_dump_json()))
        rows = [(found, to_json(alert).decode()) for found, alert in raised]
        view.executemany("insert into raised (found, alert) values (?, ?)", rows)


def cancel_or_remove(data: Path, trial_id: str) -> State | None:
    """A running one is cancelled and stays to be seen; any other is removed, which is `None`. Raises `NoTrial`."""
    file = find(data, trial_id)
    if running(data) == trial_id:
        with closing(connect(file)) as view:
            if view.execute("update trial set state = 'cancelled' where state = 'running'").rowcount:
                return "cancelled"
    view_files.remove(file)
    return None


def _files(data: Path) -> list[Path]:
    """Oldest first: ids sort by the time at which they were made."""
    return sorted(directory_of(data).glob("*.sqlite"))


def _drop_oldest(data: Path) -> None:
    """Remove the oldest trials, so that the bounds hold with the new one."""
    kept = size = 0
    for file in reversed(_files(data)):
        kept, size = kept + 1, size + file.stat().st_size
        if kept >= KEPT or size > KEPT_BYTES:
            view_files.remove(file)


def begun(view: sqlite3.Connection) -> TrialRequest:
    return TrialRequest.model_validate_json(view.execute("select asked from trial").fetchone()[0])


def ended_at(outcome: TrialOutcome, now: datetime, error: str | None = None) -> TrialOutcome:
    return outcome.model_copy(update={"ended": now, "error": error})
