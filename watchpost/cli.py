"""The `watchpost` command: parses arguments and calls the process or command that they name."""

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from consumers.engine.process_group import ProcessGroup
from mosquitto.launcher import BrokerMissing
from watchpost import VERSION
from watchpost.cli_errors import CliError
from watchpost.commands import agents as agent_commands
from watchpost.commands import archive as archive_commands
from watchpost.commands import devices as device_commands
from watchpost.commands import enrolment as enrolment_commands
from watchpost.commands import log as log_commands
from watchpost.commands import sizing as sizing_commands
from watchpost.commands import trials as trial_commands
from watchpost.commands.enrolment import EnrolmentTarget
from watchpost.commands.hub_data import in_one_sentence
from watchpost.commands.options import DATA, ConfigOption, DataOption, LogFormat, LogOption, MqttPortOption, PortOption
from watchpost.commands.selection import chosen_node
from watchpost.configuration.secrets import check as check_secrets
from watchpost.configuration.yaml_loader import ConfigError
from watchpost.processes import entry_points, logs, up
from watchpost.processes.data_directory_lock import DataInUse
from watchpost.processes.held_configuration import held_configuration
from watchpost.processes.log_output import open_standard_streams
from watchpost.processes.permissions import PRIVATE_UMASK
from watchpost.processes.runtime import (
    Runtime,
    configuration,
    configuration_and_text,
    raise_descriptor_limit,
)
from watchpost.processes.stop_signals import take_interrupts


class Schema(StrEnum):
    JSON = "json"
    ASYNCAPI = "asyncapi"
    OPENAPI = "openapi"
    CONFIG = "config"
    TYPESCRIPT = "typescript"
    LIMITS = "limits"
    REFERENCE = "reference"
    SIZING = "sizing"


app = typer.Typer(
    help="An event-sourced message bus over MQTT for cameras and thermal sensors.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
config_app = typer.Typer(help="Check the configuration.", no_args_is_help=True)
app.add_typer(config_app, name="config")
app.add_typer(device_commands.app, name="devices")
app.add_typer(agent_commands.app, name="agents")
app.add_typer(archive_commands.app, name="archive")
for name, work in log_commands.COMMANDS.items():
    app.command(name)(in_one_sentence(work))
app.command("size")(in_one_sentence(sizing_commands.size))
app.command("what-if")(in_one_sentence(trial_commands.what_if))
app.command("run-trial", hidden=True)(trial_commands.run_trial)


def _say_version(asked: bool) -> None:
    if asked:
        typer.echo(f"watchpost {VERSION}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command("up")
def up_command(
    config: ConfigOption = None,
    data: DataOption = DATA,
    port: PortOption = None,
    mqtt_port: MqttPortOption = None,
    log_format: LogOption = LogFormat.AUTO,
    open_browser: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """Run everything: broker, ingest, consumers, gateway and agents; without a configuration a demo site."""
    settings, text = configuration_and_text(config)
    check_secrets(settings, os.environ)
    with held_configuration(text) as held:
        options = up.UpOptions(
            config_path=held,
            data=data,
            gateway_port=settings.gateway.port if port is None else port,
            mqtt_port=settings.broker.port if mqtt_port is None else mqtt_port,
            log_format=log_format.value,
            open_browser=open_browser,
        )
        up.run(options, settings, typer.echo)


@app.command()
def edge(
    node: Annotated[
        str | None, typer.Option("--node", help="The agent to run; may be left out if there is only one.")
    ] = None,
    config: ConfigOption = None,
    data: DataOption = DATA,
    mqtt_port: MqttPortOption = None,
    log_format: LogOption = LogFormat.AUTO,
    enrol: Annotated[
        str | None,
        typer.Option("--enrol", metavar="CODE@HUB", help="First become an agent of a hub, with a code of its page."),
    ] = None,
    start: Annotated[bool, typer.Option(help="Whether the agent starts once it is enrolled.")] = True,
    ca_file: Annotated[
        Path | None, typer.Option("--ca-file", help="The authority of the hub's certificate, to enrol over HTTPS.")
    ] = None,
    allow_plain_http: Annotated[
        bool, typer.Option("--allow-plain-http", help="Send the code unencrypted, on a network that you trust.")
    ] = False,
) -> None:
    """Run one agent: the pictures and temperatures of its devices become events on the bus."""
    if enrol is not None:
        enrolment_commands.enrol(EnrolmentTarget(enrol, ca_file, allow_plain_http), data, start=start)
    if config is None and enrolment_commands.is_enrolled(data):
        logs.configure(log_format.value, sys.stderr)
        entry_points.enrolled_edge(enrolment_commands.prepared(data), log_format.value)
    runtime = _runtime(config, data, mqtt_port, log_format)
    entry_points.edge(runtime, chosen_node(node, runtime.config))


@app.command()
def ingest(
    config: ConfigOption = None,
    data: DataOption = DATA,
    mqtt_port: MqttPortOption = None,
    log_format: LogOption = LogFormat.AUTO,
) -> None:
    """Run ingest: it moves the bus into the journal and the archive."""
    entry_points.ingest(_runtime(config, data, mqtt_port, log_format))


@app.command()
def consume(
    names: Annotated[
        list[str] | None, typer.Argument(help="The consumers; default all but `warehouse`, which runs by itself.")
    ] = None,
    left_out: Annotated[
        list[str] | None, typer.Option("--except", help="All but this consumer; may be repeated.")
    ] = None,
    group: Annotated[
        ProcessGroup | None, typer.Option(help="The consumers that share a process under `watchpost up`.")
    ] = None,
    config: ConfigOption = None,
    data: DataOption = DATA,
    mqtt_port: MqttPortOption = None,
    log_format: LogOption = LogFormat.AUTO,
) -> None:
    """Run consumers in a process of their own."""
    runtime = _runtime(config, data, mqtt_port, log_format)
    entry_points.consume(runtime, names or [], left_out or [], group)


@app.command()
def gateway(
    config: ConfigOption = None,
    data: DataOption = DATA,
    port: PortOption = None,
    mqtt_port: MqttPortOption = None,
    log_format: LogOption = LogFormat.AUTO,
) -> None:
    """Run the gateway: HTTP and the page."""
    entry_points.gateway(_runtime(config, data, mqtt_port, log_format, is_gateway=True), port)


@app.command()
def schema(kind: Annotated[Schema, typer.Argument(help="The document.")] = Schema.JSON) -> None:
    """Print the contract: events, bus, HTTP or configuration as a document, or TypeScript types."""
    typer.echo(entry_points.schema(kind.value))


@config_app.command("check")
def check(file: Annotated[Path, typer.Argument(help="The configuration file.")] = Path("watchpost.yaml")) -> None:
    """Check a configuration: exit code 2 for errors, with line and key; 1 for missing variables and files.

    A video device that is not plugged in is a warning.
    """
    settings = configuration(file)
    missing = entry_points.missing(settings)
    for trouble in missing:
        typer.echo(f"{file}: {'' if trouble.is_error else 'warning: '}{trouble.sentence}", err=True)
    if any(trouble.is_error for trouble in missing):
        raise typer.Exit(1)
    check_secrets(settings, os.environ)
    devices = sum(len(site.devices) for site in settings.sites)
    agents = len(settings.devices_by_node())
    typer.echo(f"{file} is fine: sites {len(settings.sites)}, devices {devices}, agents {agents}.")


def _runtime(
    config: Path | None, data: Path, mqtt_port: int | None, log_format: LogFormat, *, is_gateway: bool = False
) -> Runtime:
    logs.configure(log_format.value, sys.stderr)
    return Runtime.start(config, data, mqtt_port, is_gateway=is_gateway)


def main() -> None:
    open_standard_streams()
    os.umask(PRIVATE_UMASK)
    raise_descriptor_limit()
    take_interrupts()
    try:
        app(prog_name="watchpost")
    except (ConfigError, DataInUse, up.CannotStart, BrokerMissing, CliError) as error:
        typer.echo(str(error), err=True)
        sys.exit(error.code if isinstance(error, CliError) else 2)
