"""The commands that work on the log: prove it, fold it again, send it again, take it along."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from watchpost import logs, tools
from watchpost.options import DATA, ConfigOption, DataOption, LogFormat, LogOption
from watchpost.runtime import Runtime


def verify(
    names: Annotated[
        list[str] | None, typer.Argument(help="journal, media, warehouse or a view; default all that there are.")
    ] = None,
    deep: Annotated[
        bool, typer.Option("--deep", help="Read the body of every event and the bytes of every medium too.")
    ] = False,
    config: ConfigOption = None,
    data: DataOption = DATA,
    log_format: LogOption = LogFormat.AUTO,
) -> None:
    """Prove that nothing is missing, nothing is there twice, and every view is its fold; exit 1 with what differs."""
    if not tools.verify(_runtime(config, data, log_format), names or [], deep=deep):
        raise typer.Exit(1)


def rebuild(
    name: Annotated[str, typer.Argument(help="Which view.")],
    since: Annotated[str | None, typer.Option("--since", help="Where a view can be folded in part: from here.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="And to here.")] = None,
    site: Annotated[str | None, typer.Option("--site", help="And of this site alone.")] = None,
    config: ConfigOption = None,
    data: DataOption = DATA,
    log_format: LogOption = LogFormat.AUTO,
) -> None:
    """Fold a view again from the beginning; the old one serves until the new one takes its place."""
    given = [option for option, value in (("--since", since), ("--until", until), ("--site", site)) if value]
    tools.rebuild(_runtime(config, data, log_format), name, given)


def _runtime(config: Path | None, data: Path, log_format: LogFormat, mqtt_port: int | None = None) -> Runtime:
    logs.configure(log_format.value, sys.stderr)
    return Runtime.start(config, data, mqtt_port)


COMMANDS: dict[str, Callable[..., Any]] = {"verify": verify, "rebuild": rebuild}
