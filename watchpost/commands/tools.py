"""Runs the commands on the journal. It imports the hub only when one of them runs."""

import os
import re
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bus_schemas.event import AFTER_LATEST, EARLIEST, NAME, RESERVED
from consumers.credential import Credential
from watchpost.cli_errors import CliError
from watchpost.processes.runtime import Runtime, stop_event

if TYPE_CHECKING:
    from consumers.engine.findings import Findings
    from consumers.engine.rebuild.time_range import TimeRange
    from consumers.upkeep.log_transfer.log_slice import LogEntry, LogRange
    from consumers.upkeep.log_transfer.resend import ResendReport

REPORT_EVERY_S = 5.0


def verify(runtime: Runtime, names: Sequence[str], *, deep: bool) -> bool:
    """Whether everything was compared and is equal."""
    from consumers.engine.consumer_set import NotAView, UnknownConsumer
    from consumers.engine.view_files import NoView
    from consumers.store.journal.store import JournalAway
    from consumers.upkeep.verify.parallel import CheckDied
    from consumers.upkeep.verify.run import NothingThere, check
    from watchpost.configuration.hubs import hub_config
    from watchpost.progress import Bars

    bars = Bars(sys.stderr)
    parts: list[Findings] = []
    try:
        checked = hub_config(runtime.config, runtime.data, secrets=(Credential.COLD_STORAGE, Credential.WAREHOUSE))
        for found in check(names, checked, bars.update, deep=deep, at_once=os.cpu_count() or 1):
            bars.end(found.part)
            for line in _lines(found):
                typer.echo(f"{found.part}: {line}")
            parts.append(found)
    except (NothingThere, UnknownConsumer, NotAView, NoView, JournalAway, CheckDied) as error:
        raise CliError(str(error)) from error
    typer.echo(_verdict(parts))
    return not any(found.count or found.uncompared for found in parts)


def repair(runtime: Runtime, names: Sequence[str]) -> None:
    from consumers.engine.view_files import NoView
    from consumers.store.archive.copies import OutOfReach
    from consumers.store.journal.store import JournalAway
    from consumers.upkeep.verify.repair import repair_media
    from producer.ids import utc_now
    from watchpost.configuration.hubs import hub_config

    if list(names) != ["media"]:
        raise CliError("--repair is of media alone: watchpost verify media --repair")
    try:
        done = repair_media(hub_config(runtime.config, runtime.data, secrets=(Credential.COLD_STORAGE,)), utc_now())
    except (NoView, JournalAway, OutOfReach) as error:
        raise CliError(str(error)) from error
    if done.sent_again:
        typer.echo(f"media: {done.sent_again:,} objects that the bucket lacks are copied again")
    typer.echo(f"media: {done.repaired:,} lost media are reported as deleted, with the next tick of a running hub")
    if done.left:
        typer.echo(f"media: {done.left:,} are missing in packs that hold others still; nothing is done about them")


def _lines(found: "Findings") -> Iterator[str]:
    yield from found.notes
    yield from (f"left out: {what}" for what in found.left_out)
    yield from (f"NOT COMPARED: {reason}" for reason in found.uncompared)
    yield from (f"DIFFERS: {fault}" for fault in found.faults)
    if found.unlisted:
        yield f"DIFFERS: and {found.unlisted:,} more"


def _verdict(parts: "Sequence[Findings]") -> str:
    """Parts that were not compared are not called correct."""
    if any(found.count for found in parts):
        return "something differs"
    if uncompared := [found.part for found in parts if found.uncompared]:
        return f"nothing differs of what was compared; not compared: {', '.join(uncompared)}"
    if left_out := [found.part for found in parts if found.left_out]:
        return f"everything that can be compared is as it should be; left out is something of: {', '.join(left_out)}"
    return "everything is as it should be"


def moment(text: str) -> datetime:
    """Parse a moment; UTC where no zone is given. Raises `CliError`."""
    try:
        given = datetime.fromisoformat(text)
        found = given.astimezone(UTC) if given.tzinfo else given.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise CliError(f"{text!r} is no moment: write it as 2026-01-05T10:00Z") from error
    if not EARLIEST <= found < AFTER_LATEST:
        raise CliError(f"{text!r}: a moment between 1970 and 2200 is needed")
    return found


def speed(text: str) -> float | None:
    """`None` means as fast as possible."""
    if text == "max":
        return None
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 1 <= found <= 100:
        raise CliError(f"a speed of {text!r}: give a number from 1 to 100, or max")
    return found


def site_id(text: str | None) -> str | None:
    if text is not None and re.fullmatch(NAME, text) is None:
        raise CliError(f"{text!r} is no id of a site: letters, digits, _ and -, at most 64")
    if text in RESERVED:
        raise CliError(f"{text} is the hub's own name")
    return text


def time_range(start: str, end: str, site: str | None) -> "LogRange":
    from consumers.upkeep.log_transfer.log_slice import LogRange

    wanted = LogRange(moment(start), moment(end), site_id(site))
    if wanted.end <= wanted.start:
        raise CliError(f"the time range ends ({end}) before it begins ({start})")
    return wanted


def part(site: str | None, since: str | None, until: str | None) -> "TimeRange":
    from consumers.engine.rebuild.time_range import TimeRange

    if site is None or since is None or until is None:
        raise CliError("a part of a view is given by --site, --since and --until, all three")
    wanted = TimeRange(str(site_id(site)), moment(since), moment(until))
    if wanted.until <= wanted.since:
        raise CliError(f"the time range ends ({until}) before it begins ({since})")
    return wanted


def replay(runtime: Runtime, wanted: "LogRange", *, into: str | None, speed: float | None) -> bool:
    """Whether everything was sent and is confirmed."""
    from consumers.store.journal.configured import journal_of
    from consumers.store.journal.store import JournalAway
    from consumers.upkeep.log_transfer.log_slice import read
    from watchpost.configuration.hubs import hub_config

    hub = hub_config(runtime.config, runtime.data, secrets=(Credential.COLD_STORAGE,))
    try:
        return _resend(runtime, read(hub, journal_of(hub), wanted), into=into, speed=speed)
    except JournalAway as away:
        raise CliError(str(away)) from away


def _resend(runtime: Runtime, entries: Iterable[list["LogEntry"]], *, into: str | None, speed: float | None) -> bool:
    from consumers.upkeep.log_transfer.resend import ResendOptions, resend

    stopping = stop_event()
    reported_at = began = time.monotonic()

    def report(sent: "ResendReport", waiting: int) -> None:
        nonlocal reported_at
        if time.monotonic() - reported_at >= REPORT_EVERY_S:
            reported_at = time.monotonic()
            typer.echo(f"{sent.events:,} events sent, {waiting:,} not confirmed yet", err=True)

    sent = resend(entries, ResendOptions(runtime.broker, speed, into), stopping, report)
    seconds = time.monotonic() - began
    rate = sent.events / seconds
    typer.echo(f"{sent.events:,} events, {sent.media:,} of them media, in {seconds:.1f} s: {rate:,.0f} a second")
    if sent.left_out:
        typer.echo(f"left out: {sent.left_out:,} events of the hub, which makes its own of these")
    if sent.lost:
        typer.echo(f"not kept any more: {sent.lost:,} media; gaps are recorded for them")
    if sent.unconfirmed:
        typer.echo(f"not confirmed: {sent.unconfirmed:,} events", err=True)
    return not stopping.is_set() and not sent.unconfirmed


def export(runtime: Runtime, file: Path, wanted: "LogRange", *, media: bool) -> None:
    from consumers.store.journal.configured import journal_of
    from consumers.upkeep.log_transfer.export_file import AlreadyThere, write
    from consumers.upkeep.log_transfer.log_slice import read
    from watchpost.configuration.hubs import hub_config

    hub = hub_config(runtime.config, runtime.data, secrets=(Credential.COLD_STORAGE,))
    try:
        written = write(file, read(hub, journal_of(hub), wanted, media=media), wanted)
    except AlreadyThere as error:
        raise CliError(str(error)) from error
    left_out = f", {written.media_left_out:,} left out or not kept" if written.media_left_out else ""
    typer.echo(f"{file}: {written.events:,} events, {written.media:,} media{left_out}, {written.bytes:,} bytes")


def import_log(runtime: Runtime, file: Path, into: str | None) -> bool:
    """Whether all of it arrived."""
    from consumers.store.journal.configured import journal_of
    from consumers.store.journal.store import JournalAway, JournalInUse
    from consumers.upkeep.log_transfer.export_file import NotALogExport, open_export
    from consumers.upkeep.log_transfer.importer import NotFresh, import_entries
    from watchpost.configuration.hubs import hub_config

    try:
        with open_export(file) as found:
            if into is not None:
                return _resend(runtime, found.entries(), into=into, speed=None)
            arrived = import_entries(
                runtime.data, journal_of(hub_config(runtime.config, runtime.data)), found.entries()
            )
    except NotALogExport as error:
        raise CliError(str(error)) from error
    except (NotFresh, JournalInUse, JournalAway) as error:
        raise CliError(
            f"{error}; choose a fresh directory with --data, or give --into SITE for a hub that runs"
        ) from error
    typer.echo(f"{runtime.data}: {arrived.events:,} events, {arrived.media:,} media")
    if arrived.rejected:
        typer.echo(f"rejected: {arrived.rejected:,} events that their source may not send")
    if arrived.gaps:
        typer.echo(f"{arrived.gaps:,} gap events say what was before")
    if arrived.media_missing:
        typer.echo(f"{arrived.media_missing:,} media are not in the file; retention events say so")
    return True


def simulate(runtime: Runtime, site: str, wanted: tuple[int, float, float | None]) -> bool:
    """Whether everything is confirmed."""
    from edge.simulation.virtual_devices import Achieved, LoadProfile, simulate

    def progress(so_far: Achieved) -> str:
        each = f"{so_far.made / so_far.seconds:,.0f} a second made, {so_far.confirmed / so_far.seconds:,.0f} confirmed"
        return f"{so_far.seconds:.1f} s: {so_far.made:,} events, {each}, {so_far.waiting:,} waiting"

    devices, rate, seconds = wanted
    stopping = stop_event()
    achieved = simulate(
        LoadProfile(site, devices, rate, seconds),
        runtime.broker,
        stopping,
        lambda now: typer.echo(progress(now), err=True),
    )
    typer.echo(progress(achieved))
    return not achieved.waiting
