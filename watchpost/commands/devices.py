"""The commands `devices list`, `add`, `rename`, `expect`, `retire` and `restore`."""

import sys
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import uuid4

import typer

from bus_schemas.codec import to_bytes
from bus_schemas.complaints import summary
from bus_schemas.event import HUB, RESERVED, device_source
from bus_schemas.registry import DisplayName, RegistryChange, RegistryEvent
from bus_schemas.topics import event_topic
from producer.os_errors import describe_network_error
from watchpost.cli_errors import CliError
from watchpost.commands.hub_data import in_one_sentence, plain, require_hub, user_name
from watchpost.commands.options import DATA, ConfigOption, DataOption, MqttPortOption, finite
from watchpost.processes import logs
from watchpost.processes.runtime import Runtime, configuration

if TYPE_CHECKING:
    from consumers.site_registry import DeviceEntry, Registered

WITHIN_S: Final = 10.0
PAUSE_S: Final = 0.1

app = typer.Typer(help="List, add, rename, retire and restore devices.", no_args_is_help=True)

SiteArgument = Annotated[str, typer.Argument(help="The id of the site.")]
DeviceArgument = Annotated[str, typer.Argument(help="The id of the device.")]
ExpectsOption = Annotated[
    str | None, typer.Option("--expects", help="What it sends all the time: frames, readings, heartbeat or nothing.")
]
SilentOption = Annotated[
    float | None,
    typer.Option(
        "--silent-after",
        min=0,
        callback=finite,
        help="Seconds of silence that are an incident; 0 for the value of the rules.",
    ),
]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@app.command("list")
@in_one_sentence
def list_devices(config: ConfigOption = None, data: DataOption = DATA) -> None:
    """Every device that is registered, with its name and what it is expected to send."""
    registered = _registered(_runtime(config, data, on_the_bus=False))
    rows = [("SITE", "DEVICE", "NAME", "EXPECTED", ""), *(_row(one) for one in registered.devices())]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        typer.echo("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


def _row(one: "DeviceEntry") -> tuple[str, ...]:
    silence = f", silent after {one.silent_after_s:g} s" if one.silent_after_s else ""
    return (
        one.site, one.device, plain(one.name), (one.expects or "as it says itself") + silence,
        "retired" if one.is_retired else "",
    )  # fmt: skip


@app.command()
@in_one_sentence
def add(
    site: SiteArgument,
    device: DeviceArgument,
    name: Annotated[str | None, typer.Option("--name", help="The name that people read; default the id.")] = None,
    expects: ExpectsOption = "nothing",
    config: ConfigOption = None,
    data: DataOption = DATA,
    mqtt_port: MqttPortOption = None,
) -> None:
    """Register a foreign device, also one that has already sent something."""
    runtime = _runtime(config, data, mqtt_port)
    _require(runtime, site)
    registered = _registered(runtime)
    _require_watched(registered, site)
    known = registered.device(site, device)
    if known is not None:
        hint = (
            "it is retired: `watchpost devices restore` brings it back" if known.is_retired else "rename or retire it"
        )
        raise CliError(f"there is a device {device} in site {site} already; {hint}")
    title = _readable(name) if name else device
    _change(runtime, site, device, {"name": title, "expects": expects, "retired": False})
    typer.echo(f"{site}/{device} is added as {title}.")


@app.command()
@in_one_sentence
def rename(
    site: SiteArgument,
    device: DeviceArgument,
    name: Annotated[str, typer.Argument(help="The new name.")],
    config: ConfigOption = None,
    data: DataOption = DATA,
    mqtt_port: MqttPortOption = None,
) -> None:
    """Rename a device; its id stays."""
    runtime = _runtime(config, data, mqtt_port)
    _require(runtime, site, device)
    title = _readable(name)
    _change(runtime, site, device, {"name": title})
    typer.echo(f"{site}/{device} is called {title}.")


@app.command("expect")
@in_one_sentence
def expect(
    site: SiteArgument,
    device: DeviceArgument,
    expects: ExpectsOption = None,
    silent_after: SilentOption = None,
    config: ConfigOption = None,
    data: DataOption = DATA,
    mqtt_port: MqttPortOption = None,
) -> None:
    """Set what a device sends all the time, or after how much silence it is offline."""
    if expects is None and silent_after is None:
        raise CliError("give --expects, --silent-after, or both")
    runtime = _runtime(config, data, mqtt_port)
    _require(runtime, site, device)
    _change(runtime, site, device, {"expects": expects, "silent_after_s": silent_after})
    typer.echo(f"{site}/{device} is set.")


@app.command()
@in_one_sentence
def retire(
    site: SiteArgument,
    device: Annotated[str | None, typer.Argument(help="Its id; without one the whole site.")] = None,
    yes: YesOption = False,
    config: ConfigOption = None,
    data: DataOption = DATA,
    mqtt_port: MqttPortOption = None,
) -> None:
    """Stop watching a device, or a whole site. Its incidents are closed, and its history is kept."""
    runtime = _runtime(config, data, mqtt_port)
    _require(runtime, site, device)
    what = site if device is None else f"{site}/{device}"
    if not yes and not typer.confirm(f"Watch {what} no more? Its history is kept."):
        raise typer.Exit(1)
    _change(runtime, site, device, {"retired": True})
    typer.echo(f"{what} is retired.")


@app.command()
@in_one_sentence
def restore(
    site: SiteArgument,
    device: Annotated[str | None, typer.Argument(help="Its id; without one the whole site.")] = None,
    config: ConfigOption = None,
    data: DataOption = DATA,
    mqtt_port: MqttPortOption = None,
) -> None:
    """Watch a retired device, or a whole site, again."""
    runtime = _runtime(config, data, mqtt_port)
    _require(runtime, site, device)
    if device is not None:
        _require_watched(_registered(runtime), site)
    _change(runtime, site, device, {"retired": False})
    typer.echo(f"{site if device is None else f'{site}/{device}'} is watched again.")


def _require_watched(registered: "Registered", site: str) -> None:
    """Raises `CliError`: a device of a site that is watched no more is not watched either."""
    if registered.is_site_retired(site):
        raise CliError(
            f"the site {site} is retired, with its devices: `watchpost devices restore {site}` brings it back first"
        )


def _readable(name: str) -> str:
    """As the configuration and the page take it. Raises `CliError`."""
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(DisplayName).validate_python(name)
    except ValidationError as error:
        raise CliError(f"name: {summary(error)}") from error


def _runtime(config: Path | None, data: Path, mqtt_port: int | None = None, *, on_the_bus: bool = True) -> Runtime:
    logs.configure("auto", sys.stderr)
    require_hub(configuration(config), data)
    return Runtime.start(config, data, mqtt_port, on_the_bus=on_the_bus)


def _registered(runtime: Runtime) -> "Registered":
    from consumers.engine.view_files import NoView
    from consumers.views.registry import registered

    try:
        return registered(runtime.data)
    except NoView as missing:
        raise CliError(f"{missing} in {runtime.data}; start the hub, or name its directory with --data") from missing


def _require(runtime: Runtime, site: str, device: str | None = None) -> None:
    """Raises `CliError` where no such site or device is registered or known by its events: the name is misspelt."""
    from consumers.engine.view_files import NoView, open_view
    from consumers.views.health.projection import HealthProjection
    from consumers.views.health.questions import devices

    registered, active = _registered(runtime), set[tuple[str, str]]()
    with suppress(NoView), closing(open_view(runtime.data, HealthProjection.name)) as view:
        active = {(one.site, one.device) for one in devices(view, site)}
    if registered.site(site) is None and not registered.devices(site) and not active:
        raise CliError(f"there is no site {site!r}")
    if device is not None and registered.device(site, device) is None and (site, device) not in active:
        raise CliError(f"there is no device {device!r} in site {site!r}")


def _change(runtime: Runtime, site: str, device: str | None, fields: Mapping[str, Any]) -> None:
    """Publish it as the hub, and wait until it is in the journal. Raises `CliError`."""
    event = _event(site, device, {name: value for name, value in fields.items() if value is not None})
    _publish(runtime, event)
    deadline = time.monotonic() + WITHIN_S
    while not _is_in_the_journal(runtime, event.id):
        if time.monotonic() >= deadline:
            raise CliError(f"sent, but not in the journal after {WITHIN_S:g} s: does ingest run on {runtime.data}?")
        time.sleep(PAUSE_S)


def _event(site: str, device: str | None, fields: Mapping[str, Any]) -> RegistryEvent:
    """Raises `CliError`."""
    from pydantic import ValidationError

    if site == HUB or device in RESERVED:
        raise CliError(f"{HUB} is the hub's own name")
    common = {"site": site, "device": device, "origin": "command_line", "by": user_name()}
    event_id = str(uuid4())
    try:
        data = RegistryChange.model_validate({**common, **fields, "request_id": event_id})
    except ValidationError as error:
        raise CliError(summary(error)) from error
    return RegistryEvent(id=event_id, source=device_source(site, HUB), time=datetime.now(UTC), data=data)


def _publish(runtime: Runtime, event: RegistryEvent) -> None:
    from paho.mqtt.client import MQTTMessageInfo

    from producer.mqtt import MqttClient

    client = MqttClient(runtime.broker, "devices")
    try:
        client.connect(runtime.broker.target, runtime.broker.port)
        client.loop_start()
        sent: MQTTMessageInfo = client.publish(event_topic(event.source, "registry"), to_bytes(event), qos=1)
        sent.wait_for_publish(WITHIN_S)
        is_taken = sent.is_published()
    except OSError as error:
        raise CliError(f"the broker at {runtime.broker} cannot be reached: {describe_network_error(error)}") from error
    except (RuntimeError, ValueError) as error:
        raise CliError(f"the broker at {runtime.broker} did not take it: {error}") from error
    finally:
        client.disconnect()
        client.loop_stop()
    if not is_taken:
        raise CliError(f"the broker at {runtime.broker} did not take it")


def _is_in_the_journal(runtime: Runtime, event_id: str) -> bool:
    from consumers.store.journal.configured import journal_of
    from watchpost.configuration.hubs import hub_config

    with closing(journal_of(hub_config(runtime.config, runtime.data)).questions()) as journal:
        return journal.find(event_id) is not None
