"""The commands `archive probe` and `archive take-over`, and `restore` from a bucket."""

import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from producer.os_errors import describe_os_error
from watchpost.cli_errors import CliError
from watchpost.commands.hub_data import in_one_sentence, require_hub
from watchpost.commands.options import DATA, ConfigOption, DataOption, LogFormat, LogOption
from watchpost.configuration.stores import ServerJournal
from watchpost.processes import logs
from watchpost.processes.runtime import Runtime, chosen_config, configuration

if TYPE_CHECKING:
    from consumers.store.cold.settings import ColdStorage
    from watchpost.progress import Bars

URL = "s3://"

app = typer.Typer(help="Check the bucket of cold storage, or take it over.", no_args_is_help=True)


@app.command()
@in_one_sentence
def probe(config: ConfigOption = None, log_format: LogOption = LogFormat.AUTO) -> None:
    """Try what the hub has to do in the bucket, with a tiny object; exit code 1 if something is not allowed."""
    logs.configure(log_format.value, sys.stderr)
    storage = _configured(config)
    from consumers.store.cold.bucket import Bucket
    from consumers.upkeep.cold.probe import probe as steps

    lacking = []
    with closing(Bucket(storage)) as bucket:
        for step in steps(bucket):
            typer.echo(f"{step.what}: {'yes' if step.lacks is None else f'NO: {step.lacks}'}")
            if step.lacks is not None:
                lacking.append(step.what)
    if lacking:
        typer.echo(f"{storage.name} cannot be used as it is: what fails is to {', to '.join(lacking)}")
        raise typer.Exit(1)
    typer.echo(f"{storage.name} can be used")


@app.command("take-over")
@in_one_sentence
def take_over(config: ConfigOption = None, data: DataOption = DATA, log_format: LogOption = LogFormat.AUTO) -> None:
    """Give the prefix of another hub to this one; the other hub then uploads nothing more."""
    logs.configure(log_format.value, sys.stderr)
    storage = _configured(config)
    from consumers.store.archive.copies import OutOfReach
    from consumers.store.cold.bucket import Bucket
    from consumers.store.journal.configured import journal_of
    from consumers.store.journal.record import journal_id_text
    from consumers.upkeep.cold.owner import take_over as take
    from producer.ids import utc_now
    from watchpost.configuration.hubs import hub_config

    require_hub(configuration(config), data)
    runtime = Runtime.start(config, data, on_the_bus=False)
    with closing(journal_of(hub_config(runtime.config, runtime.data)).reader()) as reader:
        journal = journal_id_text(reader.journal_id())
    if journal is None:
        raise CliError(f"there is no journal in {runtime.data}: start the hub once, then it can have the bucket")
    try:
        with closing(Bucket(storage)) as bucket:
            take(bucket, journal, utc_now)
    except OutOfReach as away:
        raise CliError(away.strerror or str(away)) from away
    typer.echo(f"{storage.name} belongs to this hub now")


def _bars() -> "Bars":
    from watchpost.progress import Bars

    return Bars(sys.stderr)


def restore_from(source: str, config: Path | None, data: Path, until: date | None) -> None:
    """A hub out of a bucket, with all its days or those up to one. Raises `CliError`."""
    storage = _storage(source, config)
    from consumers.store.cold.bucket import Bucket
    from consumers.upkeep.cold.restore import restore_from_bucket
    from producer.ids import utc_now

    bars = _bars()
    try:
        with _in_restore_sentences(), closing(Bucket(storage)) as bucket:
            found = restore_from_bucket(bucket, data, utc_now, bars.update, until)
    finally:
        for what in ("days", "objects"):
            bars.end(what)
    typer.echo(
        f"{data}: {found.days:,} days of the journal until {found.until:%Y-%m-%d} UTC, up to position {found.head:,},"
        f" and {found.objects:,} objects of media, which stay in {storage.name}"
    )
    if chosen_config(config) is not None and isinstance(configuration(config).hub.journal, ServerJournal):
        typer.echo("the journal is in files now: take hub.journal out of the configuration before this hub starts")


@contextmanager
def _in_restore_sentences() -> Iterator[None]:
    """Raises `CliError`."""
    from consumers.store.archive.copies import OutOfReach
    from consumers.upkeep.backup.restore import DataThere
    from consumers.upkeep.cold.day_chain import DamagedChain
    from consumers.upkeep.cold.restore import NothingInBucket

    try:
        yield
    except OutOfReach as away:
        raise CliError(f"nothing was restored: {away.strerror or away}") from away
    except DamagedChain as damaged:
        raise CliError(f"nothing was restored: {damaged}{_rest(damaged.whole_until)}") from damaged
    except (NothingInBucket, DataThere) as error:
        raise CliError(f"nothing was restored: {error}") from error
    except OSError as error:
        raise CliError(f"nothing was restored: {describe_os_error(error)}") from error


def _rest(whole_until: date | None) -> str:
    return "" if whole_until is None else f". The days before are whole: --until {whole_until} restores them"


def _storage(source: str, config: Path | None) -> "ColdStorage":
    """The server and the keys of the configuration; without one, those that AWS_… variables name."""
    from consumers.store.cold.settings import ColdStorage

    bucket, _, prefix = source.removeprefix(URL).strip("/").partition("/")
    if not bucket:
        raise CliError(f"{source} names no bucket: write it as s3://BUCKET/PREFIX")
    if chosen_config(config) is None or configuration(config).hub.cold_storage is None:
        return ColdStorage(bucket, prefix)
    return replace(_configured(config), bucket=bucket, prefix=prefix)


def _configured(config: Path | None) -> "ColdStorage":
    from watchpost.configuration.hubs import cold_storage

    storage = cold_storage(configuration(config), os.environ)
    if storage is None:
        raise CliError("the configuration names no bucket: hub.cold_storage is missing")
    return storage
