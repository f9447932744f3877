"""The commands of trials: what other rules, or the analysis of today, would have raised."""

import sys
from typing import Annotated

import typer

from watchpost import logs
from watchpost.options import DATA, DataOption, LogFormat, LogOption


def run_trial(
    trial: Annotated[str, typer.Argument(help="The id of a trial that was asked for.")],
    data: DataOption = DATA,
    log_format: LogOption = LogFormat.AUTO,
) -> None:
    """Run a trial for the gateway, which holds the other end of the input; it ends when that does."""
    from watchpost.trials import run_asked

    logs.configure(log_format.value, sys.stderr)
    run_asked(data.resolve(), trial, sys.stdin.fileno())
