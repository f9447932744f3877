"""Prints the result of a trial."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import typer

from bus_schemas.event import iso
from consumers.alerting.what_if import files
from consumers.alerting.what_if.trial import Found, RaisedAlert, Trial
from gateway.routes.trials.answers import Detailed
from watchpost.commands.hub_data import plain

FIRST = 10
_TITLES: dict[Found, str] = {
    "both": "both",
    "only_trial": "only in the trial",
    "only_live": "only live",
}


def report(data: Path, trial_id: str, *, as_json: bool) -> bool:
    """Whether the trial is done."""
    trial, found = files.trial(data, trial_id)
    if as_json:
        typer.echo(Detailed.of_trial(trial, found).model_dump_json(indent=2))
    else:
        for line in lines(trial, found):
            typer.echo(line)
    return trial.state == "done"


def lines(trial: Trial, found: list[tuple[Found, RaisedAlert]]) -> Iterator[str]:
    asked, outcome = trial.asked, trial.outcome
    where = "all sites" if asked.site is None else asked.site
    rules = ", ".join(f"{name} {value:g}" for name, value in asked.rules.items()) or "the rules in force"
    yield f"{iso(asked.since)} to {iso(asked.until)}, {where}: {rules}"
    yield f"{outcome.events:,} events folded"
    if outcome.analysis_version is not None:
        yield (
            f"analysed again ({outcome.analysis_version}): {outcome.analysed:,};"
            f" medium not kept, taken as they were: {outcome.media_gone:,}"
        )
    if trial.state != "done":
        yield f"{trial.state}{': ' + outcome.error if outcome.error else ''}"
        return
    yield ""
    yield f"{'raised':<12}{outcome.counts.raised:>8,}"
    yield f"{'both':<12}{outcome.counts.both:>8,}"
    yield f"{'only trial':<12}{outcome.counts.only_trial:>8,}"
    yield f"{'only live':<12}{outcome.counts.only_live:>8,}"
    for kind in _TITLES:
        yield from _listed(kind, [alert for of, alert in found if of == kind], getattr(outcome.counts, kind))


def _listed(kind: Found, alerts: list[RaisedAlert], count: int) -> Iterator[str]:
    if not alerts:
        return
    yield ""
    yield f"{_TITLES[kind]}:"
    for alert in alerts[:FIRST]:
        place = f"{alert.site}/{alert.device}"
        yield f"  {iso(alert.opened)}  {_end(alert.closed):<30}  {alert.type:<16}  {place:<24}  {plain(alert.message)}"
    if count > FIRST:
        yield f"  and {count - FIRST:,} more"


def _end(closed: datetime | None) -> str:
    return "not over" if closed is None else f"to {iso(closed)}"
