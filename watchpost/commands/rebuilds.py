"""Runs `watchpost rebuild`: folds a view again, whole or in part, and reports the outcome."""

import sys
from collections.abc import Sequence
from threading import Event
from typing import TYPE_CHECKING, Any

import typer

from consumers.credential import Credential
from watchpost.cli_errors import CliError
from watchpost.processes.runtime import Runtime, stop_event

if TYPE_CHECKING:
    from consumers.engine.rebuild.request import RebuildReport
    from consumers.engine.rebuild.time_range import TimeRange


class _Interrupted(Exception):
    """Ctrl-C, or somebody ends the process."""


def rebuild(runtime: Runtime, name: str, *, restart: bool, force: bool) -> None:
    """Ctrl-C keeps the old view, and what is folded so far for the next time."""
    stopping = stop_event()
    from consumers.engine.consumer_set import NotAView, UnknownConsumer
    from consumers.engine.rebuild.process_lock import AlreadyRebuilding
    from consumers.engine.rebuild.request import DaysWereDropped, RebuildRequest, WouldLose
    from consumers.engine.view_files import NoView
    from consumers.registry import consumer_registry
    from consumers.upkeep.maintenance import rebuild_view
    from watchpost.configuration.hubs import hub_config

    bar = _InterruptibleBar(name, stopping)
    try:
        rebuilt = rebuild_view(
            consumer_registry(hub_config(runtime.config, runtime.data, secrets=(Credential.COLD_STORAGE,))),
            name,
            bar,
            RebuildRequest(restart, force),
        )
    except _Interrupted:
        raise CliError(
            f"interrupted at position {bar.done:,} of {bar.of:,}; the view {name} is as it was, and the next"
            f" `watchpost rebuild {name}` goes on from there"
        ) from None
    except WouldLose as error:
        raise CliError(
            f"{error}. The view is as it was. --force puts the new one in its place, and keeps the old file"
        ) from error
    except (UnknownConsumer, NotAView, NoView, AlreadyRebuilding, DaysWereDropped) as error:
        raise CliError(str(error)) from error
    finally:
        bar.end()
    _report(name, rebuilt)


def rebuild_part(runtime: Runtime, name: str, wanted: "TimeRange") -> None:
    """Fold these rows again while the consumer runs."""
    stopping = stop_event()
    from consumers.engine.consumer_set import NotAView, UnknownConsumer
    from consumers.engine.rebuild.part import NotInPart
    from consumers.engine.rebuild.process_lock import AlreadyRebuilding
    from consumers.engine.rebuild.request import RebuildRequest
    from consumers.engine.view_files import NoView
    from consumers.registry import consumer_registry
    from consumers.upkeep.maintenance import fold_again
    from watchpost.configuration.hubs import hub_config

    bar = _InterruptibleBar(name, stopping)
    try:
        outcome = fold_again(
            consumer_registry(hub_config(runtime.config, runtime.data, secrets=(Credential.COLD_STORAGE,))),
            name,
            RebuildRequest(part=wanted),
            bar,
        )
    except _Interrupted:
        raise CliError(f"interrupted; the view {name} is as it was") from None
    except (UnknownConsumer, NotAView, NoView, AlreadyRebuilding, NotInPart) as error:
        raise CliError(str(error)) from error
    finally:
        bar.end()
    typer.echo(outcome)


class _InterruptibleBar:
    """A progress bar that stops the work when the process is to end."""

    def __init__(self, name: str, stopping: Event) -> None:
        from watchpost.progress import Bar

        self.done, self.of = -1, 0
        self._bar = Bar(name, sys.stderr)
        self._stopping = stopping

    def __call__(self, done: int, of: int) -> None:
        if self.done < 0:
            self._bar.begin_at(done)
        self.done, self.of = done, of
        self._bar(done, of)
        if self._stopping.is_set() and done < of:
            raise _Interrupted

    def end(self) -> None:
        self._bar.end()


def _report(name: str, rebuilt: "RebuildReport | None") -> None:
    if rebuilt is None:
        typer.echo(f"{name} has nothing to fold: its view is of a journal that is gone, and begins again by itself")
        return
    for line in _lines(rebuilt):
        typer.echo(line)
    typer.echo(f"{name} is folded again")


def _lines(rebuilt: "RebuildReport") -> Sequence[str]:
    lines = []
    if rebuilt.begun_at:
        lines.append(f"went on at position {rebuilt.begun_at:,}, where an earlier rebuild was interrupted")
    if rebuilt.discarded:
        lines.append(f"an earlier rebuild that was interrupted was of no use: {rebuilt.discarded}")
    if rebuilt.carried:
        lines.append(f"carried over from before the floor of the journal: {_counts(rebuilt.carried)}")
    if rebuilt.lost:
        lines.append(f"not in the new view: {_counts(rebuilt.lost)}; the old one is kept as {rebuilt.kept}")
    return lines


def _counts(rows: Any) -> str:
    return ", ".join(f"{count:,} rows of {table}" for table, count in rows.items())
