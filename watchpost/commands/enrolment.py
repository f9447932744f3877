"""The part of `watchpost edge` that enrols this machine at a hub."""

import os
from pathlib import Path
from typing import NamedTuple

import typer

from watchpost.cli_errors import CliError
from watchpost.processes.permissions import give_to_the_owner, keep_to_the_owner
from watchpost.processes.runtime import require_directory


class EnrolmentTarget(NamedTuple):
    """`CODE@HUB`, and how the hub may be asked."""

    text: str
    ca_file: Path | None
    allows_plain_http: bool


def is_enrolled(data: Path) -> bool:
    """Also where only another account may look: reading it says so."""
    try:
        return (data / "enrolment" / "identity.json").exists()
    except PermissionError:
        return True


def prepared(data: Path) -> Path:
    """The data directory, for its owner alone. Raises `CliError`."""
    require_directory(data)
    keep_to_the_owner(data)
    return data.resolve()


def enrol(target: EnrolmentTarget, data: Path, *, start: bool) -> None:
    """Ends the process, or returns where the agent is to start. Raises `CliError`."""
    from edge.agent.enrolment.client import NotEnrolled, broker_trouble, read_target
    from edge.agent.enrolment.client import enrol as ask
    from edge.agent.enrolment.identity import IdentityUnreadable
    from edge.agent.enrolment.signatures import NotFromTheHub

    where = prepared(data)
    try:
        code, hub = read_target(target.text, allows_plain_http=target.allows_plain_http, ca_file=target.ca_file)
        identity = ask(code, hub, where)
        give_to_the_owner(where)
    except (NotEnrolled, NotFromTheHub, IdentityUnreadable) as error:
        raise CliError(str(error)) from error
    except OSError as error:
        raise CliError(f"the identity cannot be kept in {where}: {error.strerror}") from error
    typer.echo(
        f"This machine is the agent {identity.node} of {identity.hub}. Its identity is in {where / 'enrolment'}."
    )
    for sentence in _missing(where):
        typer.echo(f"It still needs: {sentence}")
    if (trouble := broker_trouble(where, identity)) is not None:
        raise CliError(f"it is enrolled, but {trouble}")
    if not start:
        raise typer.Exit


def _missing(data: Path) -> list[str]:
    """Variables, files and drivers that its configuration names and this machine does not have."""
    from edge.agent.enrolment.configurations import ConfigurationStore
    from watchpost.configuration.agents import read_agent_configuration
    from watchpost.configuration.preflight import troubles

    configuration = read_agent_configuration(ConfigurationStore.load(data).in_force.configuration)
    return [one.sentence for one in troubles(configuration, os.environ)]
