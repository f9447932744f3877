"""Runs trials in a process of their own, for the gateway or at a terminal."""

import os
import select
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog

from consumers.alerting import terms
from consumers.alerting.rules import RULE_VERSION, BadRule
from consumers.alerting.what_if import files
from consumers.alerting.what_if.run import Progress, TrialAnalysis, TrialContext, TrialInterrupted, run
from consumers.alerting.what_if.trial import TrialRequest
from consumers.engine.view_files import NoView
from consumers.hub_config import HubConfig
from consumers.store.archive.reader import ArchiveReader
from consumers.store.cold.access import media_of
from consumers.store.journal.configured import journal_of
from consumers.store.journal.store import JournalAway
from consumers.views.registry import registered
from producer.ids import Ids, utc_now
from watchpost import VERSION
from watchpost.cli_errors import CliError
from watchpost.progress import Bar

NICER = 10
"""Live processes have priority."""
BY = "command line"


@dataclass(frozen=True, slots=True)
class TrialOptions:
    """A trial that is requested at a terminal."""

    since: datetime
    until: datetime
    site: str | None = None
    rules: Mapping[str, float] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    analysis: bool = False


def what_if(hub: HubConfig, wanted: TrialOptions) -> str:
    """Run a trial here. Returns its id. Raises `CliError`; Ctrl-C cancels it."""
    asked = _asked(hub, wanted)
    bar = Bar("what if", sys.stderr)
    try:
        with closing(files.TrialLock(hub.data, asked.id)), _bench(hub, asked, threading.Event(), bar) as bench:
            run(files.create(hub.data, asked), bench)
    except (files.TrialRunning, JournalAway) as error:
        raise CliError(str(error)) from error
    except KeyboardInterrupt:
        raise CliError("interrupted; the trial is kept as such") from None
    finally:
        bar.end()
    return asked.id


def run_asked(hub: HubConfig, trial_id: str, *, until: int, lock: int) -> None:
    """Until it is done or cancelled, or the file that is open as `until` ends: then it is interrupted.

    The lock of trials that is open as `lock` is let go of at once then: to end a process takes a while on a busy
    machine, and whoever sees that this trial is done may ask for the next. Raises `NoTrial`.
    """
    stopping = threading.Event()
    if _has_ended(until):
        stopping.set()
    threading.Thread(target=_stop_at_the_end, args=(until, stopping), name="end of the gateway", daemon=True).start()
    file = files.find(hub.data, trial_id)
    with closing(files.connect(file)) as view:
        asked = files.begun(view)
    log = structlog.get_logger()
    with _bench(hub, asked, stopping) as bench:
        try:
            run(file, bench)
        except TrialInterrupted:
            log.info("trial interrupted", trial=trial_id)
            return
        finally:
            os.close(lock)
    with suppress(files.NoTrial):
        ended, _ = files.trial(hub.data, trial_id)
        log.info("trial ended", trial=trial_id, state=ended.state, error=ended.outcome.error)


def _asked(hub: HubConfig, wanted: TrialOptions) -> TrialRequest:
    if wanted.settings and not wanted.analysis:
        raise CliError("settings are those of an analysis: give --analysis as well")
    try:
        made = terms.registered(registered(hub.data)).rules.changed(wanted.rules)
    except NoView as missing:
        raise CliError(f"{missing} in {hub.data}: the rules in force are not known before the hub has run") from missing
    except BadRule as bad:
        raise CliError(str(bad)) from bad
    return TrialRequest(
        id=Ids(utc_now)(),
        created=utc_now(),
        by=BY,
        since=wanted.since,
        until=wanted.until,
        site=wanted.site,
        rules=dict(wanted.rules),
        rule_set=made.values(),
        settings=dict(wanted.settings),
        analysis=wanted.analysis,
        rule_version=RULE_VERSION,
        product=VERSION,
    )


@contextmanager
def _bench(
    hub: HubConfig, asked: TrialRequest, stopping: threading.Event, progress: Progress = lambda done, of: None
) -> Iterator[TrialContext]:
    os.nice(NICER)
    with closing(journal_of(hub).reader()) as journal, media_of(hub) as archive:
        analysis = _analysis(archive, asked) if asked.analysis else None
        yield TrialContext(hub, journal, utc_now, stopping, progress, analysis)


def _analysis(archive: ArchiveReader, asked: TrialRequest) -> TrialAnalysis:
    # Its libraries take a while to load, and most trials do without.
    from watchpost.trials.backfill import Backfill

    return Backfill(archive, asked.rule_set["hot_spot_c"], asked.settings)


def _has_ended(until: int) -> bool:
    """Whether it is over already: a thread may find out when a short trial is done."""
    is_readable = bool(select.select([until], [], [], 0)[0])
    return is_readable and not os.read(until, 1)


def _stop_at_the_end(until: int, stopping: threading.Event) -> None:
    # Not through a buffer: its lock would be held when the process ends.
    while os.read(until, 1):
        pass
    stopping.set()
