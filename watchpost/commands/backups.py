"""The commands `backup` and `restore`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from producer.os_errors import describe_os_error
from watchpost import VERSION
from watchpost.cli_errors import CliError
from watchpost.commands.archive import URL, restore_from
from watchpost.commands.hub_data import require_hub
from watchpost.commands.options import DATA, ConfigOption, DataOption, LogFormat, LogOption
from watchpost.commands.tools import verify
from watchpost.processes import logs
from watchpost.processes.permissions import give_to_the_owner, keep_to_the_owner
from watchpost.processes.runtime import Runtime, configuration

if TYPE_CHECKING:
    from watchpost.progress import Bar

CHECKED = ("journal", "media")


def backup(
    target: Annotated[Path, typer.Argument(help="A directory; if it holds a backup, only what is new is copied.")],
    config: ConfigOption = None,
    data: DataOption = DATA,
    log_format: LogOption = LogFormat.AUTO,
) -> None:
    """Copy journal, media and settings of agents while the hub runs, and verify the copy; exit code 1 if it differs."""
    from consumers.upkeep.backup.lineage import OfAnotherHub
    from consumers.upkeep.backup.take import NothingToBackUp, take
    from producer.ids import utc_now
    from watchpost.configuration.hubs import hub_config

    logs.configure(log_format.value, sys.stderr)
    require_hub(configuration(config), data)
    runtime = Runtime.start(config, data, on_the_bus=False)
    if target.resolve().is_relative_to(runtime.data):
        raise CliError(f"{target} lies in the data directory that is to be copied; choose another disk")
    with _bar("media") as bar:
        try:
            taken = take(hub_config(runtime.config, runtime.data, secrets=()), target, VERSION, utc_now, bar)
        except (NothingToBackUp, OfAnotherHub) as error:
            raise CliError(f"no backup was made: {error}") from error
        except OSError as error:
            raise CliError(f"no backup was made: {describe_os_error(error)}") from error
    # Not before it: a directory that was named by mistake stays as it is.
    keep_to_the_owner(target)
    typer.echo(f"{target}: {taken.files:,} files, {taken.bytes:,} bytes, journal up to position {taken.head}")
    if taken.head is None:
        typer.echo("the journal is on a ClickHouse server and is not in this backup; back that up with its own tools")
        return
    if not verify(Runtime(runtime.config, target.resolve(), runtime.broker), CHECKED, deep=False):
        raise typer.Exit(1)


def restore(
    source: Annotated[str, typer.Argument(help="What `watchpost backup` wrote, or s3://BUCKET/PREFIX.")],
    until: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="The last day that is restored, where a later one in the bucket is lost."
        ),
    ] = None,
    config: ConfigOption = None,
    data: DataOption = DATA,
    log_format: LogOption = LogFormat.AUTO,
) -> None:
    """Make a data directory from a backup or from cold storage; the next start folds views, tiles and rows again."""
    from consumers.upkeep.backup.manifest import NoBackup
    from consumers.upkeep.backup.restore import DataThere
    from consumers.upkeep.backup.restore import restore as put_back

    logs.configure(log_format.value, sys.stderr)
    if source.startswith(URL):
        restore_from(source, config, data, None if until is None else until.date())
        _hand_over(data)
        return
    if until is not None:
        raise CliError("--until is for a bucket: a backup is restored as it was taken")
    with _bar("files") as bar:
        try:
            manifest = put_back(Path(source), data, bar)
        except (NoBackup, DataThere) as error:
            raise CliError(f"nothing was restored: {error}") from error
        except OSError as error:
            raise CliError(f"nothing was restored: {describe_os_error(error)}") from error
    _hand_over(data)
    typer.echo(f"{data}: as of {manifest.taken:%Y-%m-%d %H:%M:%S} UTC, journal up to position {manifest.head}")


def _hand_over(data: Path) -> None:
    keep_to_the_owner(data)
    give_to_the_owner(data)


@contextmanager
def _bar(what: str) -> "Iterator[Bar]":
    from watchpost.progress import Bar

    bar = Bar(what, sys.stderr)
    try:
        yield bar
    finally:
        bar.end()
