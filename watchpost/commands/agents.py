"""The commands `agents list`, `configure`, `code`, `versions`, `bring-back` and `revoke`."""

import re
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from bus_schemas.event import NAME
from watchpost.cli_errors import CliError
from watchpost.commands.agent_versions import version_lines
from watchpost.commands.gateway_client import ask
from watchpost.commands.hub_data import in_one_sentence, plain, user_name
from watchpost.commands.options import ConfigOption, PortOption
from watchpost.configuration.yaml_loader import read_text
from watchpost.processes.runtime import configuration

PATH: Final = "/api/v1/enrolments"

app = typer.Typer(help="Enrol, configure and revoke agents of other machines.", no_args_is_help=True)

NodeArgument = Annotated[str, typer.Argument(help="The name of the agent.")]
WhyOption = Annotated[str | None, typer.Option("--why", help="Why, for those who ask later.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@app.command("list")
@in_one_sentence
def list_agents(config: ConfigOption = None, port: PortOption = None) -> None:
    """Every agent that was enrolled or is to be, and the configurations that it has."""
    found = ask(configuration(config), port, "GET", PATH)
    rows = [("AGENT", "STATE", "RUNS", "WANTED", "DEVICES"), *(_row(one) for one in found["agents"])]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        typer.echo("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())
    for one in found["agents"]:
        if (refused := one["refused"]) is not None:
            typer.echo(f"{one['node']} refused version {refused['version']}: {plain(refused['reason'])}")


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
    why: WhyOption = None,
    config: ConfigOption = None,
    port: PortOption = None,
) -> None:
    """Set what an agent runs, also one that is not enrolled yet."""
    body = {"by": user_name(), "configuration": read_text(file), "reason": why}
    found = ask(configuration(config), port, "PUT", f"{_path(node)}/configuration", body)
    typer.echo(f"{node} is to run version {found['wanted']['version']}: {', '.join(found['wanted']['devices'])}.")


@app.command()
@in_one_sentence
def code(node: NodeArgument, config: ConfigOption = None, port: PortOption = None) -> None:
    """Print a one-time code with which a machine becomes this agent."""
    found = ask(configuration(config), port, "POST", f"{_path(node)}/code", {"by": user_name()})
    typer.echo(f"{found['code']}  (for {node}, until {found['expires']}, works once)")
    typer.echo(f"On the machine: watchpost edge --enrol {found['code']}@ADDRESS_OF_THIS_HUB")


@app.command()
@in_one_sentence
def revoke(node: NodeArgument, yes: YesOption = False, config: ConfigOption = None, port: PortOption = None) -> None:
    """Take the identity of an agent away: the broker lets it in no more."""
    if not yes and not typer.confirm(f"Take the identity of {node} away?"):
        raise typer.Exit(1)
    ask(configuration(config), port, "POST", f"{_path(node)}/revoke", {"by": user_name()})
    typer.echo(f"{node} is revoked.")


@app.command()
@in_one_sentence
def versions(
    node: NodeArgument,
    most: Annotated[int, typer.Option("--most", min=1, max=100, help="How many, the newest first.")] = 20,
    before: Annotated[int | None, typer.Option("--before", min=1, help="Only versions below this one.")] = None,
    config: ConfigOption = None,
    port: PortOption = None,
) -> None:
    """The configurations that an agent had: who wanted each, when and why, what changed, and what became of it."""
    settings, below = configuration(config), "" if before is None else f"&before={before}"
    agent = ask(settings, port, "GET", _path(node))
    found = ask(settings, port, "GET", f"{_path(node)}/versions?limit={most}{below}")
    for one in found["versions"]:
        for line in version_lines(one, agent):
            typer.echo(line)
    if found["left_out"]:
        typer.echo(f"{found['left_out']} older: --before {found['versions'][-1]['version']}")


@app.command("bring-back")
@in_one_sentence
def bring_back(
    node: NodeArgument,
    version: Annotated[int, typer.Argument(min=1, help="The version, as `agents versions` lists it.")],
    why: Annotated[str, typer.Option("--why", help="Why, for those who ask later.")],
    config: ConfigOption = None,
    port: PortOption = None,
) -> None:
    """Make an older configuration the newest again. The agent tries it like any other."""
    body = {"by": user_name(), "reason": why}
    found = ask(configuration(config), port, "POST", f"{_path(node)}/versions/{version}/bring-back", body)
    typer.echo(f"{node} is to run version {found['wanted']['version']}, which says the same as version {version}.")


def _path(node: str) -> str:
    """The address of an agent. Raises `CliError` for what is no name: within an address it would ask for something
    else.
    """
    if re.fullmatch(NAME, node) is None:
        raise CliError(f"{plain(node)!r} is no name of an agent: it has letters, digits, _ and -, 1 to 64 of them")
    return f"{PATH}/{node}"
