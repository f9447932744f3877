"""The commands `agents list`, `configure`, `code` and `revoke`, which ask the gateway of this machine."""

import json
import os
import urllib.error
import urllib.request
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import quote

import typer

from producer.os_errors import describe_network_error
from watchpost.cli_errors import CliError
from watchpost.commands.hub_data import in_one_sentence, plain, user_name
from watchpost.commands.options import ConfigOption, PortOption
from watchpost.configuration.config import WatchpostConfig
from watchpost.configuration.secrets import gateway_token
from watchpost.configuration.yaml_loader import read_text
from watchpost.processes.runtime import configuration

PATH: Final = "/api/v1/enrolments"
ANSWERS_WITHIN_S: Final = 20.0
EVERYWHERE: Final = ("0.0.0.0", "::", "")  # noqa: S104 - compared, not bound

app = typer.Typer(help="Enrol, configure and revoke agents of other machines.", no_args_is_help=True)

NodeArgument = Annotated[str, typer.Argument(help="The name of the agent.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@app.command("list")
@in_one_sentence
def list_agents(config: ConfigOption = None, port: PortOption = None) -> None:
    """Every agent that was enrolled or is to be, and the configurations that it has."""
    found = _ask(configuration(config), port, "GET", PATH)
    rows = [("AGENT", "STATE", "RUNS", "WANTED", "DEVICES"), *(_row(one) for one in found["agents"])]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        typer.echo("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())
    for one in found["agents"]:
        if one["refused"] is not None:
            typer.echo(f"{one['node']} refused version {one['refused']['version']}: {plain(one['refused']['reason'])}")


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    running, wanted = (str((one[name] or {}).get("version", "none")) for name in ("in_force", "wanted"))
    if one["forgotten"] is not None:
        running = f"{one['forgotten']}, unknown here"
    return one["node"], one["state"], running, wanted, ", ".join(one["devices"])


@app.command()
@in_one_sentence
def configure(
    node: NodeArgument,
    file: Annotated[Path, typer.Argument(help="`sites` with their devices, as in watchpost.yaml.")],
    config: ConfigOption = None,
    port: PortOption = None,
) -> None:
    """Set what an agent runs, also one that is not enrolled yet."""
    body = {"by": user_name(), "configuration": read_text(file)}
    found = _ask(configuration(config), port, "PUT", f"{_path_of(node)}/configuration", body)
    typer.echo(f"{node} is to run version {found['wanted']['version']}: {', '.join(found['wanted']['devices'])}.")


@app.command()
@in_one_sentence
def code(node: NodeArgument, config: ConfigOption = None, port: PortOption = None) -> None:
    """Print a one-time code with which a machine becomes this agent."""
    found = _ask(configuration(config), port, "POST", f"{_path_of(node)}/code", {"by": user_name()})
    typer.echo(f"{found['code']}  (for {node}, until {found['expires']}, works once)")
    typer.echo(f"On the machine: watchpost edge --enrol {found['code']}@ADDRESS_OF_THIS_HUB")


@app.command()
@in_one_sentence
def revoke(node: NodeArgument, yes: YesOption = False, config: ConfigOption = None, port: PortOption = None) -> None:
    """Take the identity of an agent away: the broker lets it in no more."""
    if not yes and not typer.confirm(f"Take the identity of {node} away?"):
        raise typer.Exit(1)
    _ask(configuration(config), port, "POST", f"{_path_of(node)}/revoke", {"by": user_name()})
    typer.echo(f"{node} is revoked.")


def _path_of(node: str) -> str:
    """The address of an agent, whatever name was typed: the gateway says what is wrong with it."""
    return f"{PATH}/{quote(node, safe='', errors='replace')}"


def _ask(
    config: WatchpostConfig, port: int | None, method: str, path: str, body: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Raises `CliError` with the sentence of the gateway."""
    gateway = config.gateway
    host = "127.0.0.1" if gateway.host in EVERYWHERE else gateway.host
    url = f"http://{f'[{host}]' if ':' in host else host}:{gateway.port if port is None else port}"
    headers = {"Content-Type": "application/json"}
    if (token := gateway_token(config, os.environ)) is not None:
        headers["Authorization"] = f"Bearer {token}"
    content = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(f"{url}{path}", content, headers, method=method)  # noqa: S310 - http, see above
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(asked, timeout=ANSWERS_WITHIN_S) as answer:
            found: dict[str, Any] = json.loads(answer.read())
            return found
    except urllib.error.HTTPError as refusal:
        with refusal:
            raise CliError(_reason(refusal)) from refusal
    except (OSError, ValueError, HTTPException) as error:
        raise CliError(f"the gateway at {url} cannot be asked: {_why(error)}; does the hub run?") from error


def _why(error: Exception) -> str:
    """Also in words of TLS or of HTTP, where something else than a gateway answers."""
    if isinstance(error, urllib.error.URLError) and isinstance(error.reason, BaseException):
        return describe_network_error(error.reason)
    if isinstance(error, OSError):
        return describe_network_error(error)
    return "what answers there is no gateway of Watchpost"


def _reason(refusal: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(refusal.read())["detail"])
    except (ValueError, KeyError, TypeError):
        return f"the gateway answers {refusal.code} {HTTPStatus(refusal.code).phrase}"
