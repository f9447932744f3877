"""Keeps the identity that the hub gave this machine, in files for its owner alone."""

import ssl
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge.agent.enrolment.kept_twice import read_twice, write_twice
from producer.broker import BrokerAddress, Tls
from producer.os_errors import is_of_disk

FOLDER: Final = "enrolment"
CA: Final = "ca.crt"


class Identity(BaseModel):
    """The identity of this agent at its hub. `hub_key` verifies the signatures of its configurations."""

    model_config = ConfigDict(frozen=True)

    hub: str
    node: str
    user: str
    password: str = Field(repr=False)
    broker_host: str
    broker_port: int
    has_own_authority: bool
    hub_key: str


class IdentityUnreadable(ValueError):
    """The file of the identity is damaged; the message says how to get a new one."""


def save(data: Path, identity: Identity, ca: str | None) -> None:
    """Raises `OSError`. Then nothing of it is in force."""
    folder = data / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if ca is not None:
        write_twice(folder / CA, ca.encode())
    write_twice(folder / "identity.json", identity.model_dump_json(indent=1).encode())


def load(data: Path) -> Identity | None:
    """`None` where this machine was never enrolled. Raises `IdentityUnreadable`."""
    path = data / FOLDER / "identity.json"
    try:
        identity = read_twice(path, Identity.model_validate_json)
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise IdentityUnreadable(why_unreadable(path, error)) from error
    if identity.has_own_authority:
        _require_authority(data / FOLDER / CA)
    return identity


def _require_authority(path: Path) -> None:
    """Raises `IdentityUnreadable` where no connection could be made with it."""
    try:
        read_twice(path, _load_authority)
    except (OSError, ValueError) as error:
        raise IdentityUnreadable(why_unreadable(path, error)) from error


def _load_authority(content: bytes) -> None:
    """Raises `OSError` or `ValueError`."""
    ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=content.decode("ascii"))


class IdentityWatch:
    """Finds out whether this machine was enrolled again since the agent began. Make it before the identity is read."""

    def __init__(self, data: Path) -> None:
        self._path = data / FOLDER / "identity.json"
        self._began_with = self._stamp()

    def is_replaced(self) -> bool:
        now = self._stamp()
        return now is not None and now != self._began_with

    def _stamp(self) -> tuple[int, int] | None:
        """Each identity is a new file in the place of the one before; `None` where it cannot be looked at."""
        try:
            state = self._path.stat()
        except OSError:
            return None
        return state.st_ino, state.st_mtime_ns


def why_unreadable(path: Path, error: OSError | ValueError) -> str:
    """A file of the enrolment, and what to do."""
    if isinstance(error, PermissionError):
        return (
            f"{path}: Permission denied; the machine was enrolled by another account than that of the agent: give that"
            f" one the directory with chown -R ACCOUNT: {path.parent.parent}"
        )
    if isinstance(error, OSError) and is_of_disk(error):
        return f"{path}: {error.strerror}; the disk cannot be read: on another one, enrol this machine with a new code"
    why = "it is damaged"
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError):
        why = error.strerror or why
    return f"{path}: {why}; enrol this machine again with a new code"


def broker_of(data: Path, identity: Identity) -> BrokerAddress:
    return BrokerAddress(
        host=identity.broker_host,
        port=identity.broker_port,
        username=identity.user,
        password=identity.password,
        tls=Tls(data / FOLDER / CA if identity.has_own_authority else None),
    )
