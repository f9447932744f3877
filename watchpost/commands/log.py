"""The commands on the journal: verify, backup, rebuild, replay, export-log and import-log."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from watchpost.cli_errors import CliError
from watchpost.commands import backups, rebuilds, tools
from watchpost.commands.hub_data import require_hub
from watchpost.commands.options import (
    DATA,
    ConfigOption,
    DataOption,
    LogFormat,
    LogOption,
    MqttPortOption,
    finite,
)
from watchpost.processes import logs
from watchpost.processes.permissions import become_the_owner, give_to_the_owner
from watchpost.processes.runtime import Runtime, configuration

FromOption = Annotated[str, typer.Option("--from", help="The moment of arrival, as 2026-01-05T10:00Z; UTC.")]
ToOption = Annotated[str, typer.Option("--to", help="The moment of arrival before which it ends.")]
SiteOption = Annotated[str | None, typer.Option("--site", help="Only this site, with the hub's ticks.")]
IntoOption = Annotated[str | None, typer.Option("--into", help="As the events of another site.")]
MqttHostOption = Annotated[
    str | None, typer.Option("--mqtt-host", help="The host of the broker; default as configured.")
]


def verify(
    names: Annotated[
        list[str] | None, typer.Argument(help="journal, speakers, media, warehouse or a view; default all of them.")
    ] = None,
    deep: Annotated[
        bool, typer.Option("--deep", help="Also read the body of every event and the bytes of every medium.")
    ] = False,
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Only with media: report lost media as deleted, so that views forget them."),
    ] = False,
    config: ConfigOption = None,
    data: DataOption = DATA,
    log_format: LogOption = LogFormat.AUTO,
) -> None:
    """Prove that nothing is missing, nothing is there twice, and every view is its fold; exit code 1 if not."""
    runtime = _of_hub(config, data, log_format)
    if repair:
        become_the_owner(data)
        tools.repair(runtime, names or [])
    if not tools.verify(runtime, names or [], deep=deep):
        raise typer.Exit(1)


def rebuild(
    name: Annotated[str, typer.Argument(help="The view.")],
    since: Annotated[
        str | None, typer.Option("--since", help="Only a part of the view: from this moment, UTC.")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", help="To this moment.")] = None,
    site: Annotated[str | None, typer.Option("--site", help="Only a part of the view: this site.")] = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Begin again, even if an interrupted rebuild could continue.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Also if rows of dropped days are lost; the old file is kept.")
    ] = False,
    config: ConfigOption = None,
    data: DataOption = DATA,
    log_format: LogOption = LogFormat.AUTO,
) -> None:
    """Fold a view again from the beginning; the old one serves until the new one takes its place."""
    runtime = _of_hub(config, data, log_format)
    become_the_owner(data)
    if site or since or until:
        rebuilds.rebuild_part(runtime, name, tools.part(site, since, until))
    else:
        rebuilds.rebuild(runtime, name, restart=restart, force=force)


def replay(
    start: FromOption,
    end: ToOption,
    site: SiteOption = None,
    into: IntoOption = None,
    speed: Annotated[str, typer.Option("--speed", help="1 to 100 times the original speed, or max.")] = "1",
    mqtt_host: MqttHostOption = None,
    config: ConfigOption = None,
    data: DataOption = DATA,
    mqtt_port: MqttPortOption = None,
    log_format: LogOption = LogFormat.AUTO,
) -> None:
    """Publish a time range of the log again, events and media, to a broker of your choice or into another site."""
    if into is None and mqtt_host is None and mqtt_port is None:
        raise CliError("this hub has all of these events; use --into SITE, or name another broker with --mqtt-port")
    wanted = tools.time_range(start, end, site)
    require_hub(configuration(config), data)
    runtime = to_broker(_runtime(config, data, log_format, mqtt_port), mqtt_host)
    if not tools.replay(runtime, wanted, into=tools.site_id(into), speed=tools.speed(speed)):
        raise typer.Exit(1)


def export_log(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not exist yet.")],
    start: FromOption,
    end: ToOption,
    site: SiteOption = None,
    media: Annotated[bool, typer.Option("--media", help="Include the bytes of the media.")] = False,
    config: ConfigOption = None,
    data: DataOption = DATA,
    log_format: LogOption = LogFormat.AUTO,
) -> None:
    """Write a time range of the log into one file, such as for a bug report."""
    tools.export(_of_hub(config, data, log_format), file, tools.time_range(start, end, site), media=media)


def import_log(
    file: Annotated[Path, typer.Argument(help="What `watchpost export-log` wrote.")],
    into: IntoOption = None,
    mqtt_host: MqttHostOption = None,
    config: ConfigOption = None,
    data: DataOption = DATA,
    mqtt_port: MqttPortOption = None,
    log_format: LogOption = LogFormat.AUTO,
) -> None:
    """Make a data directory from an exported log; with --into, send it to a site of a running hub instead."""
    runtime = to_broker(_runtime(config, data, log_format, mqtt_port), mqtt_host)
    has_arrived = tools.import_log(runtime, file, tools.site_id(into))
    if into is None:
        give_to_the_owner(runtime.data)
    if not has_arrived:
        raise typer.Exit(1)


def simulate(
    devices: Annotated[int, typer.Option("--devices", min=1, max=10_000, help="The number of devices.")],
    rate: Annotated[
        float,
        typer.Option("--rate", min=0.1, max=1e6, callback=finite, help="Events per second, of all devices together."),
    ],
    seconds: Annotated[
        float | None, typer.Option("--for", min=0.1, callback=finite, help="Seconds; default until stopped.")
    ] = None,
    site: Annotated[str, typer.Option("--site", help="The site of the devices.")] = "SIMULATED",
    mqtt_host: MqttHostOption = None,
    config: ConfigOption = None,
    mqtt_port: MqttPortOption = None,
    log_format: LogOption = LogFormat.AUTO,
) -> None:
    """Run virtual devices for a load test: a realistic mix of events and pictures, with the rates that were reached."""
    runtime = to_broker(_runtime(config, DATA, log_format, mqtt_port), mqtt_host)
    if not tools.simulate(runtime, str(tools.site_id(site)), (devices, rate, seconds)):
        raise typer.Exit(1)


def to_broker(runtime: Runtime, host: str | None) -> Runtime:
    return runtime if host is None else replace(runtime, broker=replace(runtime.broker, host=host))


def _of_hub(config: Path | None, data: Path, log_format: LogFormat) -> Runtime:
    """For a command that reads what a hub has written. Raises `CliError` where there is nothing."""
    require_hub(configuration(config), data)
    return _runtime(config, data, log_format, on_the_bus=False)


def _runtime(
    config: Path | None, data: Path, log_format: LogFormat, mqtt_port: int | None = None, *, on_the_bus: bool = True
) -> Runtime:
    logs.configure(log_format.value, sys.stderr)
    return Runtime.start(config, data, mqtt_port, on_the_bus=on_the_bus)


COMMANDS: dict[str, Callable[..., Any]] = {
    "verify": verify,
    "backup": backups.backup,
    "restore": backups.restore,
    "rebuild": rebuild,
    "replay": replay,
    "export-log": export_log,
    "import-log": import_log,
    "simulate": simulate,
}
