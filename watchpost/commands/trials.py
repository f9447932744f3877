"""The commands `what-if` and `run-trial`: alerts that other rules or the current analysis would have raised."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from consumers.credential import Credential
from watchpost.cli_errors import CliError
from watchpost.commands import tools
from watchpost.commands.hub_data import require_hub
from watchpost.commands.options import DATA, ConfigOption, DataOption, LogFormat, LogOption
from watchpost.processes import logs
from watchpost.processes.permissions import become_the_owner
from watchpost.processes.runtime import Runtime, configuration


def what_if(
    since: Annotated[str, typer.Option("--since", help="From this moment, as 2026-01-05T10:00Z; UTC.")],
    until: Annotated[str, typer.Option("--until", help="Up to this moment.")],
    site: Annotated[str | None, typer.Option("--site", help="Only this site.")] = None,
    rules: Annotated[Path | None, typer.Option("--rules", help="A file of rules to try, as in alerts.rules.")] = None,
    given: Annotated[
        list[str] | None, typer.Option("--set", help="A rule, such as hot_spot_c=75; may be repeated.")
    ] = None,
    analysis: Annotated[
        bool, typer.Option("--analysis", help="Analyse the archived media again, and judge by that.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Everything, as GET /api/v1/trials/ID has it.")] = False,
    config: ConfigOption = None,
    data: DataOption = DATA,
    log_format: LogOption = LogFormat.AUTO,
) -> None:
    """Try other rules on past events: which alerts they would have raised. Nothing live changes."""
    from watchpost.configuration.hubs import hub_config
    from watchpost.trials.report import report
    from watchpost.trials.rule_file import read
    from watchpost.trials.run import TrialOptions, what_if

    logs.configure(log_format.value, sys.stderr)
    period = tools.time_range(since, until, site)
    named, settings = read(rules) if rules is not None else ({}, {})
    wanted = TrialOptions(period.start, period.end, period.site, {**named, **_set(given or [])}, settings, analysis)
    require_hub(configuration(config), data)
    become_the_owner(data)
    runtime = Runtime.start(config, data, on_the_bus=False)
    trial_id = what_if(hub_config(runtime.config, runtime.data), wanted)
    if not report(runtime.data, trial_id, as_json=as_json):
        raise typer.Exit(1)


def _set(given: list[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for text in given:
        name, _, value = text.partition("=")
        try:
            found[name.strip()] = float(value)
        except ValueError as error:
            raise CliError(f"--set {text}: write it as NAME=NUMBER, such as hot_spot_c=75") from error
    return found


def run_trial(
    trial: Annotated[str, typer.Argument(help="The id of a trial that was asked for.")],
    lock: Annotated[int, typer.Option("--lock", help="The descriptor of the lock of trials, closed at its end.")],
    config: ConfigOption = None,
    data: DataOption = DATA,
    log_format: LogOption = LogFormat.AUTO,
) -> None:
    """Run a trial for the gateway, which holds the other end of the input; it ends when that does."""
    from watchpost.configuration.hubs import hub_config
    from watchpost.trials.run import run_asked

    logs.configure(log_format.value, sys.stderr)
    runtime = Runtime.start(config, data, on_the_bus=False)
    run_asked(
        hub_config(runtime.config, runtime.data, secrets=(Credential.COLD_STORAGE,)),
        trial,
        until=sys.stdin.fileno(),
        lock=lock,
    )
